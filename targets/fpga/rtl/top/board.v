// A board without its clock generator: the link and the chip behind it, a reset of 1024
// clocks after i_ready, and a lamp that beats once in 512 ticks: at 36 MHz, once a second.
//
// The block RAMs of an iCE40 read as zero for some 3 µs after configuration, whatever is in them, and the
// PLL may be ready before that is over. The program of the link is in one.

`default_nettype none

module board #(
    parameter DIVIDER = 12,   // clocks a bit of the line
    parameter TICK_BITS = 16, // the time base of timeouts and lamp: 2^TICK_BITS clocks
    parameter NEURONS = 256,  // a core, and so are the next three
    parameter AXONS = 512,
    parameter SYNAPSES = 65536,
    parameter ROUTES = 512,
    parameter SLOTS = 64,
    parameter CORES = 1,
    parameter [0:0] SPRAM = 0,  // the device has large single-port RAMs, the chip's synapses are there
    parameter [0:0] SERIAL = 0, // the device has few multipliers or none
    parameter [0:0] SRM = 0,    // neurons of the SLAYER paper
    parameter OUT_BITS = 9,
    parameter MAX_BAUD = 3000000,
    parameter [63:0] BUILD = 64'd0,
    parameter [255:0] REGION_BYTES = 256'd0
) (
    input wire i_clk,
    input wire i_ready, // the clock is good

    input wire  i_rx,
    output wire o_tx,
    output wire o_led,  // the heartbeat
    output wire o_idle  // for simulations: the clock may stop
);

    reg [10:0] wake = 11'd0;
    wire rst = !wake[10];
    always @(posedge i_clk) begin
        if (!i_ready) wake <= 11'd0;
        else if (rst) wake <= wake + 1'b1;
    end

    wire tick;
    reg [8:0] beat;
    assign o_led = beat[8] && beat[7]; // a quarter of the time
    always @(posedge i_clk) begin
        if (tick) beat <= beat + 1'b1;
        if (rst) beat <= 9'd0;
    end

    wire core_rst, mem_valid, mem_write, mem_ready, clear, event_valid, event_ready, step, busy, done;
    wire spike_valid, spike_ready, tables_ok, link_idle;
    wire [31:0] mem_addr, mem_wdata, mem_rdata, ticks;
    wire [15:0] event_axon, spike_id;
    wire [47:0] synops, spikes, cycles;

    link #(
        .DIVIDER(DIVIDER), .TICK_BITS(TICK_BITS), .NEURONS(CORES * NEURONS), .AXONS(CORES * AXONS), .SYNAPSES(CORES * SYNAPSES),
        .SLOTS(SLOTS), .CORES(CORES), .OUT_BITS(OUT_BITS), .MAX_BAUD(MAX_BAUD), .BUILD(BUILD), .REGION_BYTES(REGION_BYTES)
    ) u_link (
        .i_clk(i_clk), .i_rst(rst), .i_rx(i_rx), .o_tx(o_tx), .o_tick(tick), .o_idle(link_idle),
        .o_core_rst(core_rst),
        .o_mem_valid(mem_valid), .o_mem_write(mem_write), .o_mem_addr(mem_addr), .o_mem_wdata(mem_wdata),
        .i_mem_ready(mem_ready), .i_mem_rdata(mem_rdata),
        .o_clear(clear), .o_event_valid(event_valid), .o_event_axon(event_axon), .i_event_ready(event_ready),
        .o_step(step), .i_busy(busy), .i_done(done),
        .i_spike_valid(spike_valid), .i_spike_id(spike_id), .o_spike_ready(spike_ready),
        .i_tables_ok(tables_ok), .i_synops(synops), .i_spikes(spikes), .i_cycles(cycles)
    );

    chip #(
        .CORES(CORES), .NEURONS(NEURONS), .AXONS(AXONS), .SYNAPSES(SYNAPSES), .ROUTES(ROUTES), .SPRAM(SPRAM), .SERIAL(SERIAL), .SRM(SRM)
    ) u_chip (
        .i_clk(i_clk), .i_rst(core_rst),
        .i_mem_valid(mem_valid), .i_mem_write(mem_write), .i_mem_addr(mem_addr), .i_mem_wdata(mem_wdata),
        .o_mem_ready(mem_ready), .o_mem_rdata(mem_rdata),
        .i_clear(clear), .i_event_valid(event_valid), .i_event_axon(event_axon), .o_event_ready(event_ready),
        .i_step(step), .o_busy(busy), .o_done(done),
        .o_spike_valid(spike_valid), .o_spike_id(spike_id), .i_spike_ready(spike_ready),
        .o_tables_ok(tables_ok), .o_ticks(ticks), .o_synops(synops), .o_spikes(spikes), .o_cycles(cycles)
    );

    assign o_idle = link_idle && !busy && !rst;

    wire unused = &{1'b0, ticks};

endmodule

`default_nettype wire
