// The PLL of a 7-series FPGA: o_clk = i_clk · MULTIPLY / (DIVIDE · OUT). The oscillator,
// o_clk · OUT, must lie between 800 and 1600 MHz.

`default_nettype none

module pll #(
    parameter IN_KHZ = 100000, // of i_clk
    parameter MULTIPLY = 9,
    parameter DIVIDE = 1,
    parameter OUT = 15
) (
    input wire  i_clk,
    output wire o_clk,
    output wire o_locked
);

    wire feedback, out;

    PLLE2_BASE #(.CLKIN1_PERIOD(1.0e6 / IN_KHZ), .DIVCLK_DIVIDE(DIVIDE), .CLKFBOUT_MULT(MULTIPLY), .CLKOUT0_DIVIDE(OUT)) u_pll (
        .CLKIN1(i_clk), .CLKFBIN(feedback), .CLKFBOUT(feedback), .CLKOUT0(out), .LOCKED(o_locked), .PWRDWN(1'b0), .RST(1'b0)
    );
    BUFG u_buffer (.I(out), .O(o_clk));

endmodule

`default_nettype wire
