// The PLL of a Gowin GW1N: o_clk = i_clk · (FBDIV + 1) / (IDIV + 1). The oscillator, o_clk · ODIV,
// must lie between 400 and 1200 MHz.

`default_nettype none

module pll #(
    parameter IN_MHZ = "27",
    parameter IDIV = 0,
    parameter FBDIV = 1,
    parameter ODIV = 8
) (
    input wire  i_clk,
    output wire o_clk,
    output wire o_locked
);

    rPLL #(
        .DEVICE("GW1NR-9C"), .FCLKIN(IN_MHZ), .IDIV_SEL(IDIV), .FBDIV_SEL(FBDIV), .ODIV_SEL(ODIV),
        .DYN_IDIV_SEL("false"), .DYN_FBDIV_SEL("false"), .DYN_ODIV_SEL("false"), .CLKFB_SEL("internal"), .CLKOUT_BYPASS("false")
    ) u_pll (
        .CLKIN(i_clk), .CLKOUT(o_clk), .LOCK(o_locked),
        .CLKFB(1'b0), .RESET(1'b0), .RESET_P(1'b0), .FBDSEL(6'd0), .IDSEL(6'd0), .ODSEL(6'd0), .PSDA(4'd0), .DUTYDA(4'd0), .FDLY(4'd0)
    );

endmodule

`default_nettype wire
