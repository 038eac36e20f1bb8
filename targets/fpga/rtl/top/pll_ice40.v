// The PLL of an iCE40: o_clk = i_clk · (DIVF + 1) / ((DIVR + 1) · 2^DIVQ).

`default_nettype none

module pll #(
    parameter [3:0] DIVR = 4'd0,
    parameter [6:0] DIVF = 7'd47,
    parameter [2:0] DIVQ = 3'd4,
    parameter [2:0] FILTER = 3'd1, // 1 for 10 to 15 MHz after DIVR
    parameter [0:0] PAD = 0        // the oscillator is at a pin that is the PLL's own
) (
    input wire  i_clk,
    output wire o_clk,
    output wire o_locked
);

    generate
        if (PAD) begin : g_pad
            SB_PLL40_PAD #(
                .FEEDBACK_PATH("SIMPLE"), .DIVR(DIVR), .DIVF(DIVF), .DIVQ(DIVQ), .FILTER_RANGE(FILTER)
            ) u_pll (
                .PACKAGEPIN(i_clk), .PLLOUTGLOBAL(o_clk), .LOCK(o_locked), .RESETB(1'b1), .BYPASS(1'b0)
            );
        end else begin : g_core
            SB_PLL40_CORE #(
                .FEEDBACK_PATH("SIMPLE"), .DIVR(DIVR), .DIVF(DIVF), .DIVQ(DIVQ), .FILTER_RANGE(FILTER)
            ) u_pll (
                .REFERENCECLK(i_clk), .PLLOUTGLOBAL(o_clk), .LOCK(o_locked), .RESETB(1'b1), .BYPASS(1'b0)
            );
        end
    endgenerate

endmodule

`default_nettype wire
