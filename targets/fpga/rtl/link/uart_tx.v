// The sending end of the serial line: 8 data bits, no parity, 1 stop bit, least
// significant bit first. A byte is taken in a clock with i_valid and o_ready.

`default_nettype none

module uart_tx #(
    parameter DIVIDER = 12 // clocks a bit after a reset, 2 to 4096
) (
    input wire i_clk,
    input wire i_rst,

    input wire        i_valid,
    input wire [7:0]  i_byte,
    output wire       o_ready,
    input wire [11:0] i_full, // clocks a bit less 1, for the bytes that begin from the next clock on

    output wire o_tx
);

    localparam [31:0] FULL = DIVIDER - 1;

    // What is still to be sent, lowest bit first, the line's level now included. A single
    // 1 is the end of the stop bit and the idle line.
    reg [9:0] shift;
    reg [11:0] count, full; // full stays for a byte, up to its stop bit

    assign o_tx = shift[0];
    assign o_ready = shift == 10'd1 && count == 0;

    always @(posedge i_clk) begin
        if (i_valid && o_ready) begin
            shift <= {1'b1, i_byte, 1'b0};
            count <= full;
        end else begin
            if (shift == 10'd1) full <= i_full;
            if (count != 0) count <= count - 1'b1;
            else if (shift != 10'd1) begin
                shift <= {1'b0, shift[9:1]};
                count <= full;
            end
        end
        if (i_rst) begin
            shift <= 10'd1;
            count <= 0;
            full <= FULL[11:0];
        end
    end

`ifdef FORMAL
    reg f_past;
    initial f_past = 1'b0;
    always @(posedge i_clk) f_past <= 1'b1;
    always @* if (!f_past) assume (i_rst);
    always @(posedge i_clk) if (f_past && !i_rst) begin
        f_stop: assert (shift != 10'd0); // so that it ends
        f_count: assert (count <= full || shift == 10'd1);
        f_rate: assert (full == $past(full) || $past(i_rst) || (shift == 10'd1 && $past(shift) == 10'd1));
        f_idle: assert (!o_ready || o_tx);
    end
`endif

endmodule

`default_nettype wire
