// The spikes of one core in one tick, in order. i_start empties the list. It never overflows:
// a core has no more spikes in a tick than the list has places.
`default_nettype none
module spikelist (
    input  wire       i_clk,
    input  wire       i_start,
    input  wire       i_valid,
    input  wire [7:0] i_spike,
    output wire       o_valid,
    output wire [7:0] o_spike,
    input  wire       i_ready,
    output wire       o_empty  // nothing is left to come of what was put in
);
  reg [8:0] put_q, got_q;
  reg       valid_q;

  wire left = put_q != got_q;
  wire get = left && (!valid_q || i_ready);

  ram #(
      .WIDTH(8),
      .DEPTH(256)
  ) u_ram (
      .i_clk  (i_clk),
      .i_we   (i_valid),
      .i_waddr(put_q[7:0]),
      .i_wdata(i_spike),
      .i_re   (get),
      .i_raddr(got_q[7:0]),
      .o_rdata(o_spike)
  );

  assign o_valid = valid_q;
  assign o_empty = !valid_q && !left;

  always @(posedge i_clk) begin
    if (i_valid) put_q <= put_q + 9'd1;
    if (get) got_q <= got_q + 9'd1;
    valid_q <= get || valid_q && !i_ready;
    if (i_start) begin
      put_q   <= 9'd0;
      got_q   <= 9'd0;
      valid_q <= 1'b0;
    end
  end
endmodule
`default_nettype wire
