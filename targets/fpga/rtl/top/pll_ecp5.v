// The PLL of an ECP5: o_clk = i_clk · MULTIPLY / DIVIDE. The oscillator, o_clk · OUT, must lie
// between 400 and 800 MHz.

`default_nettype none

module pll #(
    parameter MULTIPLY = 12,
    parameter DIVIDE = 5,
    parameter OUT = 10
) (
    input wire  i_clk,
    output wire o_clk,
    output wire o_locked
);

    EHXPLLL #(
        .CLKI_DIV(DIVIDE), .CLKFB_DIV(MULTIPLY), .CLKOP_DIV(OUT), .CLKOP_ENABLE("ENABLED"), .CLKOP_CPHASE(OUT - 1),
        .CLKOP_FPHASE(0), .FEEDBK_PATH("CLKOP"), .OUTDIVIDER_MUXA("DIVA"), .STDBY_ENABLE("DISABLED"), .PLLRST_ENA("DISABLED")
    ) u_pll (
        .CLKI(i_clk), .CLKFB(o_clk), .CLKOP(o_clk), .LOCK(o_locked),
        .RST(1'b0), .STDBY(1'b0), .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b0), .PHASESTEP(1'b0), .PHASELOADREG(1'b0),
        .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0)
    );

endmodule

`default_nettype wire
