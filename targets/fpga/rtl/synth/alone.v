// chip.v alone on a device that has fewer pins than it has ports: inputs come from a shift register,
// and outputs leave through another. Only for figures; it adds about 440 logic cells.
`default_nettype none
module alone #(
    parameter       CORES    = 1,
    parameter       AXONS    = 512,
    parameter       SYNAPSES = 65536,
    parameter       ROUTES   = 512,
    parameter [0:0] SPRAM    = 1,
    parameter [0:0] SERIAL   = 0,
    parameter [0:0] SRM      = 0
) (
    input  wire i_clk,
    input  wire i_in,
    input  wire i_load,
    output wire o_out
);
  localparam IN = 1 + 1 + 1 + 32 + 32 + 1 + 1 + 1 + 16 + 1;
  localparam OUT = 1 + 32 + 1 + 1 + 1 + 1 + 1 + 16 + 32 + 48 + 48 + 48;
  reg  [IN-1:0]  in_q;
  reg  [OUT-1:0] out_q;
  wire [OUT-1:0] out;
  always @(posedge i_clk) begin
    in_q  <= {in_q[IN-2:0], i_in};
    out_q <= i_load ? out : {1'b0, out_q[OUT-1:1]};
  end
  assign o_out = out_q[0];
  chip #(
      .CORES   (CORES),
      .AXONS   (AXONS),
      .SYNAPSES(SYNAPSES),
      .ROUTES  (ROUTES),
      .SPRAM   (SPRAM),
      .SERIAL  (SERIAL),
      .SRM     (SRM)
  ) u_chip (
      .i_clk        (i_clk),
      .i_rst        (in_q[0]),
      .i_mem_valid  (in_q[1]),
      .i_mem_write  (in_q[2]),
      .i_mem_addr   (in_q[34:3]),
      .i_mem_wdata  (in_q[66:35]),
      .o_mem_ready  (out[0]),
      .o_mem_rdata  (out[32:1]),
      .i_clear      (in_q[67]),
      .i_step       (in_q[68]),
      .o_busy       (out[33]),
      .o_done       (out[34]),
      .o_tables_ok  (out[35]),
      .i_event_valid(in_q[69]),
      .i_event_axon (in_q[85:70]),
      .o_event_ready(out[36]),
      .o_spike_valid(out[37]),
      .o_spike_id   (out[53:38]),
      .i_spike_ready(in_q[86]),
      .o_ticks      (out[85:54]),
      .o_synops     (out[133:86]),
      .o_spikes     (out[181:134]),
      .o_cycles     (out[229:182])
  );
endmodule
`default_nettype wire
