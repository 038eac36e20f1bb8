// The PLL of a 7-series FPGA: o_clk = i_clk · MULTIPLY / OUT. The oscillator, i_clk · MULTIPLY,
// must lie between 800 and 1600 MHz.

`default_nettype none

module pll_xilinx #(
    parameter PERIOD_NS = 10.0,
    parameter MULTIPLY = 9,
    parameter OUT = 15
) (
    input wire  i_clk,
    output wire o_clk,
    output wire o_locked
);

    wire feedback, out;

    PLLE2_BASE #(.CLKIN1_PERIOD(PERIOD_NS), .CLKFBOUT_MULT(MULTIPLY), .CLKOUT0_DIVIDE(OUT)) u_pll (
        .CLKIN1(i_clk), .CLKFBIN(feedback), .CLKFBOUT(feedback), .CLKOUT0(out), .LOCKED(o_locked), .PWRDWN(1'b0), .RST(1'b0)
    );
    BUFG u_buffer (.I(out), .O(o_clk));

endmodule

`default_nettype wire
