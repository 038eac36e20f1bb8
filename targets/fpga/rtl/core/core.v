// One core: tables, state and delay ring of up to 256 neurons. docs/memorymap.md gives the
// regions bit by bit; this is where they lie:
//
//   config       registers here
//   profiles     banks 0 and 1, row 128 + profile; with SRM neurons, banks 0 to 2
//   neurons      bank n mod 4, row 64 + n / 4
//   axons        rows.v
//   synapses     accumulate.v
//   route index  update.v
//   routes       routes.v
//   state        update.v, read only
//
// Sums. A neuron gets at most one weight from an axon in a tick, from −256 to 255, so 9 bits
// more than number the axons hold every sum exactly; nothing can wrap.
//
// A tick: i_step, with the tick's slot of the ring on i_slot until o_busy is 0 again. The
// axons of the slot are drained into the sums, then the neurons are updated. Bits may be set
// in other slots all the while, from outside at i_set_* (taken where i_set_valid and
// o_set_ready are 1) and by the core's own routes, which come second. Routes to other cores
// leave at o_out_*. Neither waits for the other, so no circle of cores can block itself.
`default_nettype none
module core #(
    parameter       NEURONS  = 256,
    parameter       AXONS    = 512,
    parameter       SYNAPSES = 65536,
    parameter       ROUTES   = 512,
    parameter       CORES    = 1,
    parameter       NUMBER   = 0,     // of this core
    parameter [0:0] SPRAM    = 1,     // the synapses lie in the single-port RAMs of a UP5K
    parameter [0:0] SERIAL   = 0,     // decay.v without multipliers
    parameter [0:0] SRM      = 0,     // neurons of the SLAYER paper
    parameter       VERSION  = SRM ? 3 : 2, // derived, of the memory map
    parameter       AW       = $clog2(AXONS),                 // derived
    parameter       CW       = CORES == 1 ? 1 : $clog2(CORES) // derived
) (
    input wire i_clk,
    input wire i_rst,

    input  wire       i_clear,
    input  wire       i_step,
    input  wire [5:0] i_slot,
    output wire       o_busy,
    output wire       o_tables_ok,

    input  wire          i_set_valid,
    input  wire [5:0]    i_set_slot,
    input  wire [AW-1:0] i_set_axon,
    output wire          o_set_ready,

    output wire          o_out_valid,
    output wire [CW-1:0] o_out_core,
    output wire [5:0]    o_out_slot,
    output wire [AW-1:0] o_out_axon,
    input  wire          i_out_ready,

    output wire       o_spike_valid,
    output wire [7:0] o_spike,
    input  wire       i_spike_ready,
    output wire [2:0] o_synops,

    // The bus, while o_busy is 0: one access a clock, the word read is there in the next.
    input  wire        i_bus_re,
    input  wire        i_bus_we,
    input  wire [2:0]  i_bus_region,
    input  wire [14:0] i_bus_addr,   // of 32-bit words
    input  wire [31:0] i_bus_wdata,
    output reg  [31:0] o_bus_rdata
);
  localparam [31:0] COUNT = NEURONS;
  localparam SUM = AW + 9;
  localparam LINES = SYNAPSES / 4;
  localparam LW = $clog2(LINES);
  localparam RW = $clog2(ROUTES);
  localparam INDEX = 10;

  localparam [2:0] CONFIG = 0, PROFILES = 1, NEURON = 2, AXON = 3, SYNAPSE = 4, ROUTE_INDEX = 5, ROUTE = 6, STATE = 7;

  reg  [8:0] neurons_q;
  reg  [7:0] version_q;
  reg        draining_q, started_q, updating_q, clearing_q, high_q;
  reg  [2:0] region_q;

  wire       ring_clearing, ring_draining, axon_valid, axon_ready;
  wire [AW-1:0] axon;
  wire       line_valid, line_ready, dense, first, rows_busy, accumulate_busy;
  wire [LW-1:0] line;
  wire [1:0] mode;
  wire [7:0] target;
  wire [3:0] bank_re, bank_we;
  wire [31:0] bank_raddr, bank_waddr, bank_wdata;
  wire [127:0] bank_rdata;
  wire       update_busy, spike_valid, spike_ready;
  wire [INDEX-1:0] spike_index;
  wire       routes_busy, route_valid;
  wire [CW-1:0] route_core;
  wire [AW-1:0] route_axon;
  wire [5:0] route_slot;
  wire       ring_ready;

  wire       local_route = CORES == 1 || route_core == NUMBER;
  wire       summed = draining_q && !started_q && !ring_draining && !rows_busy && !accumulate_busy;
  wire       empty = neurons_q == 9'd0;

  assign o_busy        = draining_q || updating_q || clearing_q;
  assign o_tables_ok   = version_q == VERSION && neurons_q <= COUNT[8:0] && !(empty && NUMBER == 0);
  assign o_set_ready   = ring_ready;
  assign o_out_valid   = route_valid && !local_route;
  assign o_out_core    = route_core;
  assign o_out_slot    = route_slot;
  assign o_out_axon    = route_axon;
  assign o_spike_valid = spike_valid && !routes_busy;
  assign spike_ready   = i_spike_ready && !routes_busy;

  ring #(
      .AXONS(AXONS)
  ) u_ring (
      .i_clk       (i_clk),
      .i_rst       (i_rst),
      .i_clear     (i_clear),
      .o_clearing  (ring_clearing),
      .i_set_valid (i_set_valid || route_valid && local_route),
      .i_set_slot  (i_set_valid ? i_set_slot : route_slot),
      .i_set_axon  (i_set_valid ? i_set_axon : route_axon),
      .o_set_ready (ring_ready),
      .i_drain     (i_step),
      .i_slot      (i_slot),
      .o_draining  (ring_draining),
      .o_axon_valid(axon_valid),
      .o_axon      (axon),
      .i_axon_ready(axon_ready)
  );

  wire [31:0] bus_axon;
  rows #(
      .AXONS(AXONS),
      .LINES(LINES)
  ) u_rows (
      .i_clk       (i_clk),
      .i_rst       (i_rst),
      .i_axon_valid(axon_valid),
      .i_axon      (axon),
      .o_axon_ready(axon_ready),
      .o_line_valid(line_valid),
      .o_line      (line),
      .o_mode      (mode),
      .o_dense     (dense),
      .o_target    (target),
      .o_first     (first),
      .i_line_ready(line_ready),
      .o_busy      (rows_busy),
      .i_bus_re    (i_bus_re && i_bus_region == AXON),
      .i_bus_we    (i_bus_we && i_bus_region == AXON),
      .i_bus_addr  (i_bus_addr[AW-1:0]),
      .i_bus_wdata (i_bus_wdata),
      .o_bus_rdata (bus_axon)
  );

  wire [63:0] bus_line;
  accumulate #(
      .LINES(LINES),
      .SPRAM(SPRAM),
      .SUM  (SUM)
  ) u_accumulate (
      .i_clk       (i_clk),
      .i_rst       (i_rst),
      .i_line_valid(line_valid),
      .i_line      (line),
      .i_mode      (mode),
      .i_dense     (dense),
      .i_target    (target),
      .i_first     (first),
      .o_line_ready(line_ready),
      .o_busy      (accumulate_busy),
      .o_synops    (o_synops),
      .i_bus_re    (i_bus_re && i_bus_region == SYNAPSE),
      .i_bus_we    (i_bus_we && i_bus_region == SYNAPSE),
      .i_bus_addr  (i_bus_addr[LW:0]),
      .i_bus_wdata (i_bus_wdata),
      .o_bus_rdata (bus_line),
      .i_update    (!draining_q),
      .i_re        (bank_re),
      .i_we        (bank_we),
      .i_raddr     (bank_raddr),
      .i_waddr     (bank_waddr),
      .i_wdata     (bank_wdata),
      .o_rdata     (bank_rdata)
  );

  wire        bus_bank = i_bus_region == PROFILES || i_bus_region == NEURON;
  wire        bus_profile = i_bus_region == PROFILES;
  wire        bus_state = i_bus_region == STATE;
  wire [31:0] bus_word;
  wire [47:0] bus_uv;
  wire [5:0]  bus_ref;
  wire [INDEX-1:0] bus_index;
  localparam [31:0] ALL = NEURONS - 1;
  reg  [7:0]  last_q;  // number of the last neuron of a pass

  update #(
      .SERIAL(SERIAL),
      .SRM   (SRM),
      .SUM   (SUM),
      .INDEX (INDEX)
  ) u_update (
      .i_clk         (i_clk),
      .i_rst         (i_rst),
      .i_start       (i_clear || summed && !empty),
      .i_zero        (i_clear),
      .i_last        (last_q),
      .o_busy        (update_busy),
      .o_spike_valid (spike_valid),
      .o_spike       (o_spike),
      .o_spike_index (spike_index),
      .i_spike_ready (spike_ready),
      .o_bank_re     (bank_re),
      .o_bank_we     (bank_we),
      .o_bank_raddr  (bank_raddr),
      .o_bank_waddr  (bank_waddr),
      .o_bank_wdata  (bank_wdata),
      .i_bank_rdata  (bank_rdata),
      .i_bus_re      (i_bus_re && bus_bank),
      .i_bus_we      (i_bus_we && bus_bank),
      .i_bus_row     (bus_profile ? {5'b10000, SRM ? i_bus_addr[4:2] : i_bus_addr[3:1]} : {2'b01, i_bus_addr[7:2]}),
      .i_bus_bank    (bus_profile && !SRM ? {1'b0, i_bus_addr[0]} : i_bus_addr[1:0]),
      .i_bus_wdata   (i_bus_wdata),
      .o_bus_bank    (bus_word),
      .i_bus_state_re(i_bus_re && (i_bus_region == ROUTE_INDEX || bus_state)),
      .i_bus_index_we(i_bus_we && i_bus_region == ROUTE_INDEX),
      .i_bus_neuron  (bus_state ? i_bus_addr[8:1] : i_bus_addr[7:0]),
      .o_bus_uv      (bus_uv),
      .o_bus_ref     (bus_ref),
      .o_bus_index   (bus_index)
  );

  wire [31:0] bus_route;
  routes #(
      .ROUTES(ROUTES),
      .AW    (AW),
      .CW    (CW),
      .CORES (CORES)
  ) u_routes (
      .i_clk      (i_clk),
      .i_rst      (i_rst),
      .i_start    (spike_valid && spike_ready && spike_index[INDEX-1]),
      .i_base     (spike_index[RW-1:0]),
      .o_busy     (routes_busy),
      .i_slot     (i_slot),
      .o_valid    (route_valid),
      .o_core     (route_core),
      .o_axon     (route_axon),
      .o_slot     (route_slot),
      .i_ready    (local_route ? ring_ready && !i_set_valid : i_out_ready),
      .i_bus_re   (i_bus_re && i_bus_region == ROUTE),
      .i_bus_we   (i_bus_we && i_bus_region == ROUTE),
      .i_bus_addr (i_bus_addr[RW-1:0]),
      .i_bus_wdata(i_bus_wdata),
      .o_bus_rdata(bus_route)
  );

  wire unused = &{1'b0, i_bus_addr};

  always @* begin
    case (region_q)
      CONFIG:         o_bus_rdata = {version_q, 7'd0, SRM, 7'd0, neurons_q};
      PROFILES, NEURON: o_bus_rdata = bus_word;
      AXON:           o_bus_rdata = bus_axon;
      SYNAPSE:        o_bus_rdata = high_q ? bus_line[63:32] : bus_line[31:0];
      ROUTE_INDEX:    o_bus_rdata = {{(32 - INDEX) {1'b0}}, bus_index};
      ROUTE:          o_bus_rdata = bus_route;
      STATE:          o_bus_rdata = high_q ? {2'd0, bus_ref, bus_uv[47:24]} : {8'd0, bus_uv[23:0]};
    endcase
  end

  always @(posedge i_clk) begin
    last_q    <= clearing_q || i_clear ? ALL[7:0] : neurons_q[7:0] - 8'd1;
    region_q  <= i_bus_region;
    high_q    <= i_bus_addr[0];
    started_q <= i_step;
    if (i_bus_we && i_bus_region == CONFIG) begin
      neurons_q <= i_bus_wdata[8:0];
      version_q <= i_bus_wdata[31:24];
    end
    if (i_step) draining_q <= 1'b1;
    if (summed) begin
      draining_q <= 1'b0;
      updating_q <= 1'b1;
    end else if (updating_q && !update_busy && !routes_busy) updating_q <= 1'b0;
    if (i_clear) clearing_q <= 1'b1;
    else if (clearing_q && !update_busy && !ring_clearing) clearing_q <= 1'b0;
    if (i_rst) begin
      {draining_q, updating_q, clearing_q} <= 3'd0;
      neurons_q <= 9'd0;
      version_q <= 8'd0;
    end
  end
endmodule
`default_nettype wire
