// The receiving end of the serial line: 8 data bits, no parity, 1 stop bit, least
// significant bit first.
//
// A start bit is looked at again in its middle, so a glitch shorter than half a bit is
// ignored. A byte without a stop bit is discarded, and the line must be high again before
// the next start bit: a break gives no bytes, however long it is.
//
// A break of some 2^16 clocks brings the rate of the reset back, and has the next low pulse measured: it
// is the host's byte 0x80, whose start bit and zeros are low for 8 bits. An eighth of it is the new rate.
// A pulse that is too short or too long leaves the rate as it was after the break. The byte
// itself is not received.
//
// o_valid is high for one clock with each byte in o_byte.

`default_nettype none

module uart_rx #(
    parameter DIVIDER = 12 // clocks a bit after a reset, 4 to 4096
) (
    input wire i_clk,
    input wire i_rst,

    input wire i_rx, // asynchronous

    output reg        o_valid,
    output wire [7:0] o_byte,
    output wire       o_busy,
    output reg [11:0] o_full // clocks a bit less 1
);

    localparam [31:0] FULL = DIVIDER - 1;

    localparam [3:0] IDLE = 4'd0, STOP = 4'd1, START = 4'd10, PULSE = 4'd12, ARMED = 4'd13, AFTER = 4'd14, BREAK = 4'd15;

    // Bits still to come, the stop bit included: 10 is the start bit.
    reg [3:0] bits;
    reg [15:0] count;
    reg [7:0] shift;
    reg meta, line;

    assign o_byte = shift;
    assign o_busy = (bits != IDLE && bits != ARMED) || !line || !meta;

    // With the two clocks of the synchroniser, half of the count is the middle of the start bit where bits have an
    // even number of clocks; else it is a clock too much.
    wire done = count[15:1] == 15'd0 && (!count[0] || (bits == START && !o_full[0])) && bits != PULSE;

    // Of a pulse of n clocks count is 3 - n when it ends, so ~count is n - 4, and an eighth of it the rounded rate less 1.
    wire long = count[15:14] == 2'b01;
    wire fits = count[15] && !(&count[14:5] && count[4:3] != 2'd0);

    always @(posedge i_clk) begin
        meta <= i_rx;
        line <= meta;
        count <= done ? {4'd0, o_full} : count - 1'b1;
        o_valid <= 1'b0;
        case (bits)
            IDLE: begin
                count <= {5'd0, o_full[11:1]};
                if (!line) bits <= START;
            end
            STOP: if (done) begin
                bits <= line ? IDLE : BREAK;
                o_valid <= line;
                if (!line) count[15:12] <= 4'hF;
            end
            BREAK: if (line) bits <= IDLE;
            else if (done) begin
                bits <= AFTER;
                o_full <= FULL[11:0];
            end
            AFTER: if (line) bits <= ARMED;
            ARMED: begin
                count <= 16'd2;
                if (!line) bits <= PULSE;
            end
            PULSE: if (line) begin
                bits <= IDLE;
                if (fits) o_full <= ~count[14:3];
            end else if (long) bits <= BREAK;
            default: if (done) begin
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
            o_full <= FULL[11:0];
        end
    end

`ifdef PROVE_UART_RX
    reg f_past;
    initial f_past = 1'b0;
    always @(posedge i_clk) f_past <= 1'b1;
    always @* if (!f_past) assume (i_rst);
    always @(posedge i_clk) if (f_past && !i_rst) begin
        f_bits: assert (bits != 4'd11);
        f_full: assert (o_full >= 12'd3);
        f_kept: assert (o_full == $past(o_full) || $past(i_rst) || ($past(bits) == PULSE && $past(line)) || ($past(bits) == BREAK && o_full == FULL[11:0]));
        f_pulse: assert (bits != PULSE || count <= 16'd2 || count >= 16'h7FFF);
        f_byte: assert (!o_valid || $past(bits) == STOP);
    end
`endif

endmodule

`default_nettype wire
