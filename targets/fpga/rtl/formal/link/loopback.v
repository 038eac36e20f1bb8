// uart_tx into uart_rx: what comes out is what went in, in order, and nothing else.

`default_nettype none

module loopback #(
    parameter DIVIDER = 4
) (
    input wire       i_clk,
    input wire       i_rst,
    input wire       i_valid,
    input wire [7:0] i_byte
);

    wire ready, line, valid, busy;
    wire [7:0] data;
    wire [11:0] full;

    uart_tx #(.DIVIDER(DIVIDER)) u_tx (
        .i_clk(i_clk), .i_rst(i_rst), .i_valid(i_valid), .i_byte(i_byte), .o_ready(ready), .i_full(full), .o_tx(line)
    );
    uart_rx #(.DIVIDER(DIVIDER)) u_rx (
        .i_clk(i_clk), .i_rst(i_rst), .i_rx(line), .o_valid(valid), .o_byte(data), .o_busy(busy), .o_full(full)
    );

    // Bytes go out back to back from the first clock on; at most two are on their way.
    reg f_past;
    reg [1:0] count;
    reg [7:0] older, newer;
    reg [7:0] age;
    initial f_past = 1'b0;
    always @* if (!f_past) assume (i_rst); else assume (!i_rst && i_valid);

    wire take = i_valid && ready;
    always @(posedge i_clk) begin
        f_past <= 1'b1;
        age <= valid ? 8'd0 : age + 1'b1;
        count <= count + {1'b0, take} - {1'b0, valid};
        if (take) newer <= i_byte;
        if (take) older <= newer;
        if (i_rst) {count, age} <= 10'd0;
        if (f_past) begin
            if (valid) f_right: assert (count != 0 && data == (count == 2 ? older : newer));
            f_soon: assert (age <= 10 * DIVIDER + 4);
            f_two: assert (count <= 2);
        end
        f_bytes: cover (f_past && valid && data == 8'hA5);
    end

    wire unused = &{1'b0, busy};

endmodule

`default_nettype wire
