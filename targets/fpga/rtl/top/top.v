// A board with the clock generator of its FPGA: module pll is that of one of the files pll_*.v.
// The parameters come from the board file.

`default_nettype none

module top #(
    parameter DIVIDER = 12, // clocks a bit of the line
    parameter MAX_BAUD = 3000000,
    parameter OUT_BITS = 9,
    parameter [0:0] SPRAM = 0,
    parameter [0:0] SERIAL = 0,
    parameter [0:0] SRM = 0,
    parameter NEURONS = 256, // a core, and so are the next three
    parameter AXONS = 512,
    parameter SYNAPSES = 65536,
    parameter ROUTES = 512,
    parameter CORES = 1,
    parameter [0:0] LED_LOW = 0, // the lamp shines when its pin is low
    parameter [255:0] REGION_BYTES = 256'd0,
    parameter [63:0] BUILD = 64'd0
) (
    input wire  clk,
    input wire  rx,
    output wire tx,
    output wire led
);

    wire clock, locked, beat, idle;
    pll u_pll (.i_clk(clk), .o_clk(clock), .o_locked(locked));

    board #(
        .DIVIDER(DIVIDER), .MAX_BAUD(MAX_BAUD), .OUT_BITS(OUT_BITS), .NEURONS(NEURONS), .AXONS(AXONS), .SYNAPSES(SYNAPSES), .ROUTES(ROUTES),
        .CORES(CORES), .SPRAM(SPRAM), .SERIAL(SERIAL), .SRM(SRM), .REGION_BYTES(REGION_BYTES), .BUILD(BUILD)
    ) u_board (
        .i_clk(clock), .i_ready(locked), .i_rx(rx), .o_tx(tx), .o_led(beat), .o_idle(idle)
    );

    assign led = beat ^ LED_LOW;

    wire unused = &{1'b0, idle};

endmodule

`default_nettype wire
