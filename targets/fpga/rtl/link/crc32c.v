// CRC-32C (Castagnoli, reflected), one bit a clock: a byte takes eight clocks.
//
// i_init sets the register to all ones, i_start takes i_byte in; neither may come while
// o_busy. With i_plain the byte is shifted through without feedback, which brings the next
// byte of the register to the bottom. i_spin lets the register run by itself: as a
// sequence of period 2^32 - 1, it is a clock counter that costs nothing.
// Over a frame with its own CRC the register ends as 0xB798B438.

`default_nettype none

module crc32c (
    input wire i_clk,
    input wire i_rst,

    input wire       i_init,
    input wire       i_start,
    input wire       i_plain,
    input wire [7:0] i_byte,
    input wire       i_spin,

`ifdef FORMAL
    output wire [3:0]  f_left,
`endif
    output wire        o_busy,
    output wire [31:0] o_crc
);

    reg [31:0] crc;
    reg [7:0] data;
    reg [3:0] left;
    reg busy; // left is not 0
    reg plain;

    wire feedback = (crc[0] ^ (data[0] & !i_spin)) & !plain;

    assign o_busy = busy;
    assign o_crc = crc;

    always @(posedge i_clk) begin
        if (i_start) begin
            data <= i_byte;
            plain <= i_plain;
            left <= 4'd8;
            busy <= 1'b1;
        end else if (o_busy) begin
            data <= {1'b0, data[7:1]};
            left <= left - 1'b1;
            busy <= left != 4'd1;
        end else begin
            plain <= 1'b0;
        end
        if (o_busy || i_spin) crc <= {1'b0, crc[31:1]} ^ (feedback ? 32'h82F63B78 : 32'd0);
        if (i_init) crc <= 32'hFFFFFFFF;
        if (i_rst) begin
            crc <= 32'hFFFFFFFF;
            left <= 4'd0;
            busy <= 1'b0;
            plain <= 1'b0;
        end
    end

`ifdef FORMAL
    assign f_left = left;
`endif

`ifdef PROVE_CRC32C
    // What the register must be: the CRC's definition, a byte at a time.
    function [31:0] f_byte(input [31:0] c, input [7:0] b);
        reg [31:0] r;
        integer k;
        begin
            r = c;
            for (k = 0; k < 8; k = k + 1) r = {1'b0, r[31:1]} ^ (r[0] ^ b[k] ? 32'h82F63B78 : 32'd0);
            f_byte = r;
        end
    endfunction

    reg f_past;
    reg [31:0] f_crc;
    initial f_past = 1'b0;
    always @* if (!f_past) assume (i_rst);
    always @* assume (!(o_busy && (i_init || i_start || i_spin)));
    always @* assume (!(i_init && (i_start || i_spin)) && !(i_start && i_spin));
    always @(posedge i_clk) begin
        f_past <= 1'b1;
        if (i_init || i_rst) f_crc <= 32'hFFFFFFFF;
        else if (i_start) f_crc <= i_plain ? crc >> 8 : f_byte(crc, i_byte);
        if (f_past && !i_rst) begin
            f_short: assert (left <= 8 && busy == (left != 0));
            if ($past(o_busy && !i_rst) && !o_busy) f_done: assert (crc == f_crc);
        end
    end
`endif

endmodule

`default_nettype wire
