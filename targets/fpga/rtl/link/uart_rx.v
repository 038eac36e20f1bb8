// The receiving end of the serial line: 8 data bits, no parity, 1 stop bit, least
// significant bit first.
//
// A start bit is looked at again in its middle, so a glitch shorter than half a bit is
// ignored. A byte without a stop bit is discarded, and the line must be high again before
// the next start bit: a break gives nothing, however long it is.
//
// o_valid is high for one clock with each byte in o_byte.

`default_nettype none

module uart_rx #(
    parameter DIVIDER = 12 // clocks a bit, at least 4
) (
    input wire i_clk,
    input wire i_rst,

    input wire i_rx, // asynchronous

    output reg        o_valid,
    output wire [7:0] o_byte,
    output wire       o_busy
);

    parameter COUNT_BITS = $clog2(DIVIDER); // derived

    // With the two clocks of the synchroniser this is the middle of the start bit.
    localparam [31:0] HALF = DIVIDER / 2 - 1;
    localparam [31:0] FULL = DIVIDER - 1;

    localparam [3:0] IDLE = 4'd0, STOP = 4'd1, START = 4'd10, BREAK = 4'd15;

    // Bits still to come, the stop bit included: 10 is the start bit.
    reg [3:0] bits;
    reg [COUNT_BITS-1:0] count;
    reg [7:0] shift;
    reg meta, line;

    assign o_byte = shift;
    assign o_busy = bits != IDLE || !line || !meta;

    always @(posedge i_clk) begin
        meta <= i_rx;
        line <= meta;
        if (count != 0) count <= count - 1'b1;
        else count <= FULL[COUNT_BITS-1:0];
        o_valid <= 1'b0;
        case (bits)
            IDLE: begin
                count <= HALF[COUNT_BITS-1:0];
                if (!line) bits <= START;
            end
            BREAK: if (line) bits <= IDLE;
            STOP: if (count == 0) begin
                bits <= line ? IDLE : BREAK;
                o_valid <= line;
            end
            default: if (count == 0) begin
                bits <= bits - 1'b1;
                shift <= {line, shift[7:1]};
                if (bits == START && line) bits <= IDLE;
            end
        endcase
        if (i_rst) begin
            meta <= 1'b1;
            line <= 1'b1;
            bits <= IDLE;
            o_valid <= 1'b0;
        end
    end

endmodule

`default_nettype wire
