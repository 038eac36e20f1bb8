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

    uart_tx #(.DIVIDER(DIVIDER)) u_tx (
        .i_clk(i_clk), .i_rst(i_rst), .i_valid(i_valid), .i_byte(i_byte), .o_ready(ready), .o_tx(line)
    );
    uart_rx #(.DIVIDER(DIVIDER)) u_rx (
        .i_clk(i_clk), .i_rst(i_rst), .i_rx(line), .o_valid(valid), .o_byte(data), .o_busy(busy)
    );

    reg f_past, sent;
    reg [7:0] last;
    reg [7:0] age;
    initial f_past = 1'b0;
    always @* if (!f_past) assume (i_rst);

    always @(posedge i_clk) begin
        f_past <= 1'b1;
        age <= age + 1'b1;
        if (valid) sent <= 1'b0;
        if (i_valid && ready) begin
            sent <= 1'b1;
            last <= i_byte;
            age <= 8'd0;
        end
        if (i_rst) sent <= 1'b0;
        if (f_past && !i_rst) begin
            if (valid) f_right: assert (sent && data == last);
            if (sent) f_soon: assert (age < 10 * DIVIDER);
            if (i_valid && ready) f_taken: assert (!sent || valid);
        end
        f_bytes: cover (f_past && !i_rst && valid && data == 8'hA5);
    end

endmodule

`default_nettype wire
