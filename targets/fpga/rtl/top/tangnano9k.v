// Sipeed Tang Nano 9K: Gowin GW1NR-9, 27 MHz. The clock is 54 MHz, so that 3 Mbaud are 18 clocks a bit.
// Not placed, not run.
// led is low to shine.
// The parameters come from the board file.

`default_nettype none

module tangnano9k #(
    parameter DIVIDER = 18, // clocks a bit of the line
    parameter MAX_BAUD = 3000000,
    parameter OUT_BITS = 9,
    parameter [0:0] SPRAM = 0,
    parameter [0:0] SERIAL = 1,
    parameter [0:0] SRM = 0,
    parameter NEURONS = 256, // a core
    parameter AXONS = 256,
    parameter SYNAPSES = 8192,
    parameter ROUTES = 256,
    parameter CORES = 1,
    parameter [255:0] REGION_BYTES = 256'd0,
    parameter [63:0] BUILD = 64'd0
) (
    input wire  clk,
    input wire  rx,
    output wire tx,
    output wire led
);

    wire clock, locked, beat, idle;
    pll_gowin #(.IN_MHZ("27"), .IDIV(0), .FBDIV(1), .ODIV(8)) u_pll (.i_clk(clk), .o_clk(clock), .o_locked(locked));

    board #(
        .DIVIDER(DIVIDER), .MAX_BAUD(MAX_BAUD), .OUT_BITS(OUT_BITS), .NEURONS(NEURONS), .AXONS(AXONS), .SYNAPSES(SYNAPSES), .ROUTES(ROUTES),
        .CORES(CORES), .SPRAM(SPRAM), .SERIAL(SERIAL), .SRM(SRM), .REGION_BYTES(REGION_BYTES), .BUILD(BUILD)
    ) u_board (
        .i_clk(clock), .i_ready(locked), .i_rx(rx), .o_tx(tx), .o_led(beat), .o_idle(idle)
    );

    assign led = !beat;

    wire unused = &{1'b0, idle};

endmodule

`default_nettype wire
