// CORES cores behind one host: memory bus, events, ticks, spikes, counters.
//
// All is synchronous to i_clk; i_rst is active high. The memories keep what they hold.
//
// Memory bus, while o_busy is 0: i_mem_valid, i_mem_write, i_mem_addr and i_mem_wdata stay until o_mem_ready is 1 for one
// clock; o_mem_rdata is valid then. The address is {core · 8 + region, byte offset}; the offset is a
// multiple of 4. docs/memorymap.md has the regions.
//
// i_clear (a pulse, while o_busy is 0) brings every neuron to rest and empties the ring.
// i_event_*: lets a spike arrive on axon core · AXONS + axon in the coming tick; taken where
// i_event_valid and o_event_ready are 1.
// i_step (a pulse, while o_busy is 0) runs a tick. Its spikes come out at o_spike_* as
// core · NEURONS + neuron, ascending, under valid/ready; o_done is 1 for one clock after the last.
// A tick ends when all cores are done and everything they sent has arrived.
`default_nettype none
module chip #(
    parameter       CORES    = 1,
    parameter       NEURONS  = 256,
    parameter       AXONS    = 512,
    parameter       SYNAPSES = 65536,
    parameter       ROUTES   = 512,
    parameter [0:0] SPRAM    = 1,
    parameter [0:0] SERIAL   = 0,
    parameter [0:0] SRM      = 0
) (
    input wire i_clk,
    input wire i_rst,

    input  wire        i_mem_valid,
    input  wire        i_mem_write,
    input  wire [31:0] i_mem_addr,
    input  wire [31:0] i_mem_wdata,
    output wire        o_mem_ready,
    output wire [31:0] o_mem_rdata,

    input  wire i_clear,
    input  wire i_step,
    output wire o_busy,
    output wire o_done,
    output wire o_tables_ok,

    input  wire        i_event_valid,
    input  wire [15:0] i_event_axon,
    output wire        o_event_ready,

    output wire        o_spike_valid,
    output wire [15:0] o_spike_id,
    input  wire        i_spike_ready,

    output wire [31:0] o_ticks,
    output wire [47:0] o_synops,
    output wire [47:0] o_spikes,
    output wire [47:0] o_cycles
);
  localparam AW = $clog2(AXONS);
  localparam NW = $clog2(NEURONS);
  localparam CW = CORES == 1 ? 1 : $clog2(CORES);
  localparam [31:0] LAST = CORES - 1;

  reg         stepping_q, clearing_q, done_q;
  reg         start_q;  // a clock for the last event
  reg         begun_q;  // the cores begin; none is busy yet
  reg  [31:0] ticks_q;
  reg  [47:0] synops_q, spikes_q, cycles_q;

  wire [CORES-1:0] busy, ok, set_ready, out_valid, out_ready, spike_valid, spike_ready;
  wire [CORES*CW-1:0] out_core;
  wire [CORES*6-1:0]  out_slot;
  wire [CORES*AW-1:0] out_axon;
  wire [CORES*8-1:0]  spike;
  wire [CORES*3-1:0]  synops;
  wire [CORES*32-1:0] rdata;
  wire                spikes_out;  // all spikes of the tick have left

  wire step = i_step && !o_busy;
  wire clear = i_clear && !o_busy;

  // Memory bus: ask the core, take what it read, say so.
  reg  [CORES-1:0] read_q, write_q; // by core
  reg         ask_q, asked_q, ready_q;
  reg  [31:0] rdata_q;
  reg  [31:0] addr_q;  // i_mem_addr, a clock later: decoding it takes long
  wire        ask = i_mem_valid && !o_busy && !ask_q && !asked_q && !ready_q;

  // Bits that come from outside a core: events between ticks, the exchange in them.
  wire          set_valid;
  wire [CW-1:0] set_core;
  wire [AW-1:0] set_axon;
  wire [5:0]    set_slot;
  reg           event_q;  // an event waits for its ring
  reg  [15:0]   event_axon_q;
  wire [15:0]   event_core = event_axon_q >> AW;
  wire          event_out;  // it need not wait any more

  genvar c;
  generate
    for (c = 0; c < CORES; c = c + 1) begin : g
      localparam [31:0] NUMBER = c;
      wire mine = i_mem_addr[31:27] == NUMBER[4:0];
      always @(posedge i_clk) begin
        read_q[c]  <= ask && mine && !i_mem_write && !i_rst;
        write_q[c] <= ask && mine && i_mem_write && !i_rst;
      end
      core #(
          .NEURONS (NEURONS),
          .AXONS   (AXONS),
          .SYNAPSES(SYNAPSES),
          .ROUTES  (ROUTES),
          .CORES   (CORES),
          .NUMBER  (c),
          .SPRAM   (SPRAM),
          .SERIAL  (SERIAL),
          .SRM     (SRM)
      ) u_core (
          .i_clk        (i_clk),
          .i_rst        (i_rst),
          .i_clear      (begun_q && clearing_q),
          .i_step       (begun_q && stepping_q),
          .i_slot       (ticks_q[5:0]),
          .o_busy       (busy[c]),
          .o_tables_ok  (ok[c]),
          .i_set_valid  (set_valid && set_core == c),
          .i_set_slot   (set_slot),
          .i_set_axon   (set_axon),
          .o_set_ready  (set_ready[c]),
          .o_out_valid  (out_valid[c]),
          .o_out_core   (out_core[CW*c+:CW]),
          .o_out_slot   (out_slot[6*c+:6]),
          .o_out_axon   (out_axon[AW*c+:AW]),
          .i_out_ready  (out_ready[c]),
          .o_spike_valid(spike_valid[c]),
          .o_spike      (spike[8*c+:8]),
          .i_spike_ready(spike_ready[c]),
          .o_synops     (synops[3*c+:3]),
          .i_bus_re     (read_q[c]),
          .i_bus_we     (write_q[c]),
          .i_bus_region (addr_q[26:24]),
          .i_bus_addr   (addr_q[16:2]),
          .i_bus_wdata  (i_mem_wdata),
          .o_bus_rdata  (rdata[32*c+:32])
      );
    end

    if (CORES == 1) begin : g_one
      // A spike in two clocks: what the host's side answers stays out of the core's paths.
      reg       valid_q;
      reg [7:0] spike_q;
      always @(posedge i_clk) begin
        if (spike_ready[0]) spike_q <= spike;
        valid_q <= valid_q ? !i_spike_ready : spike_valid[0];
        if (i_rst) valid_q <= 1'b0;
      end
      assign spike_ready[0] = !valid_q;
      assign o_spike_valid  = valid_q;
      assign o_spike_id     = {8'd0, spike_q};
      assign spikes_out     = !valid_q;
      assign set_valid      = event_q;
      assign set_core       = 1'b0;
      assign set_axon       = event_axon_q[AW-1:0];
      assign set_slot       = ticks_q[5:0];
      assign out_ready      = 1'b0;
      assign event_out      = set_ready[0];
      wire unused = &{1'b0, event_core, out_valid, out_core, out_slot, out_axon};
    end else begin : g_many
      // The spikes of a core wait in its list until those of the cores before have left.
      reg  [CW-1:0]     turn_q;
      reg               all_q;
      wire [CORES-1:0]  has, empty;
      wire [CORES*8-1:0] listed;
      for (c = 0; c < CORES; c = c + 1) begin : l
        spikelist u_list (
            .i_clk  (i_clk),
            .i_start(step || i_rst),
            .i_valid(spike_valid[c]),
            .i_spike(spike[8*c+:8]),
            .o_valid(has[c]),
            .o_spike(listed[8*c+:8]),
            .i_ready(i_spike_ready && turn_q == c),
            .o_empty(empty[c])
        );
      end
      wire [15:0] turn = {{(16 - CW) {1'b0}}, turn_q};
      assign spike_ready   = {CORES{1'b1}};
      assign o_spike_valid = has[turn_q] && !all_q;
      assign o_spike_id    = turn << NW | {8'd0, listed[8*turn_q+:8]};
      assign spikes_out    = all_q;
      always @(posedge i_clk)
        if (i_rst) {all_q, turn_q} <= {1'b1, {CW{1'b0}}};
        else if (step) {all_q, turn_q} <= {1'b0, {CW{1'b0}}};
        else if (!all_q && !start_q && !begun_q && empty[turn_q] && !busy[turn_q]) begin
          if (turn_q == LAST[CW-1:0]) all_q <= 1'b1;
          else turn_q <= turn_q + 1'b1;
        end

      // The exchange: one bit a clock, from the cores in turn. Whatever a core takes goes into
      // its ring, which always gets on, so every bit arrives.
      reg  [CW-1:0] from_q;
      reg  [CW-1:0] to;
      reg  [5:0]    slot;
      reg  [AW-1:0] axon;
      integer       k;
      always @* begin
        {to, slot, axon} = {CW + 6 + AW{1'b0}};
        for (k = 0; k < CORES; k = k + 1)
        if (from_q == k[CW-1:0]) {to, slot, axon} = {out_core[CW*k+:CW], out_slot[6*k+:6], out_axon[AW*k+:AW]};
      end
      wire          out = stepping_q && out_valid[from_q];
      assign set_valid = out || event_q && event_core <= LAST[15:0];
      assign set_core  = out ? to : event_core[CW-1:0];
      assign set_axon  = out ? axon : event_axon_q[AW-1:0];
      assign set_slot  = out ? slot : ticks_q[5:0];
      assign out_ready = {{(CORES - 1) {1'b0}}, out && set_ready[to]} << from_q;
      assign event_out = event_core > LAST[15:0] || set_ready[event_core[CW-1:0]];
      always @(posedge i_clk)
        if (i_rst || from_q == LAST[CW-1:0] && !(out && !set_ready[to])) from_q <= {CW{1'b0}};
        else if (!(out && !set_ready[to])) from_q <= from_q + 1'b1;
    end
  endgenerate

  integer i;
  // What the cores did one clock ago; the counters follow one clock later still.
  reg [7:0]  synops_sum, synops_new_q;
  reg [3:0]  spikes_sum, spikes_new_q;
  reg [31:0] rdata_or;
  always @* begin
    synops_sum = 8'd0;
    spikes_sum = 4'd0;
    rdata_or   = 32'd0;
    for (i = 0; i < CORES; i = i + 1) begin
      synops_sum = synops_sum + {5'd0, synops[3*i+:3]};
      spikes_sum = spikes_sum + {3'd0, spike_valid[i] && spike_ready[i]};
      if (addr_q[31:27] == i[4:0]) rdata_or = rdata_or | rdata[32*i+:32];
    end
  end

  wire unused = &{1'b0, addr_q};

  assign o_busy      = stepping_q || clearing_q;
  assign o_done      = done_q;
  assign o_tables_ok = &ok;
  assign o_event_ready = !stepping_q && !clearing_q && !event_q;
  assign o_mem_ready = ready_q;
  assign o_mem_rdata = rdata_q;
  assign o_ticks     = ticks_q;
  assign o_synops    = synops_q;
  assign o_spikes    = spikes_q;
  assign o_cycles    = cycles_q;

  always @(posedge i_clk) begin
    addr_q  <= i_mem_addr;
    ask_q   <= ask;
    asked_q <= ask_q;
    ready_q <= asked_q;
    if (asked_q) rdata_q <= rdata_or;

    start_q  <= step || clear;
    begun_q  <= start_q;
    if (!event_q) event_axon_q <= i_event_axon;
    event_q  <= event_q ? !event_out : i_event_valid && o_event_ready;
    done_q   <= 1'b0;
    synops_new_q <= synops_sum;
    spikes_new_q <= spikes_sum;
    synops_q <= synops_q + {40'd0, synops_new_q};
    spikes_q <= spikes_q + {44'd0, spikes_new_q};
    if (stepping_q) cycles_q <= cycles_q + 48'd1;
    if (!start_q && !begun_q && busy == {CORES{1'b0}}) begin
      clearing_q <= 1'b0;
      if (stepping_q && spikes_out) begin
        stepping_q <= 1'b0;
        done_q     <= 1'b1;
        ticks_q    <= ticks_q + 32'd1;
      end
    end
    if (step) stepping_q <= 1'b1;
    if (clear) clearing_q <= 1'b1;
    if (i_rst) begin
      {stepping_q, clearing_q, start_q, begun_q, event_q, ask_q, asked_q, ready_q, done_q} <= 9'd0;
      synops_new_q <= 8'd0;
      spikes_new_q <= 4'd0;
      ticks_q  <= 32'd0;
      synops_q <= 48'd0;
      spikes_q <= 48'd0;
      cycles_q <= 48'd0;
    end
  end
endmodule
`default_nettype wire
