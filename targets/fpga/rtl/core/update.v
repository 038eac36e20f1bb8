// The second half of a tick: takes the neurons 0 to i_neurons − 1 through neuron.v, in order,
// and holds their states. Its accumulators and parameters lie in the banks: core.v has the map.
//
// i_start begins a pass, o_busy ends it. With i_zero the pass brings the neurons to rest and
// the sums to zero. A spike is handed over in a clock in which o_spike_valid and i_spike_ready
// are 1, with the neuron's number and the word that the route index has for it.
//
// The parameters that neurons share are kept for the profile of the last neuron. A neuron of
// another one waits until the neurons before it have left, and its profile is read.
//
// With SRM = 1 it takes halves of neurons through srm.v: the stages' numbers count these.
`default_nettype none
module update #(
    parameter [0:0] SERIAL  = 0,
    parameter [0:0] SRM     = 0,
    parameter       SUM     = 18,
    parameter       INDEX   = 10 // bits of a route index word
) (
    input wire i_clk,
    input wire i_rst,

    input  wire       i_start,
    input  wire       i_zero,     // with i_start
    input  wire [7:0] i_last,     // number of the last neuron; stays during the pass
    output wire       o_busy,

    output wire             o_spike_valid,
    output wire [7:0]       o_spike,
    output wire [INDEX-1:0] o_spike_index,
    input  wire             i_spike_ready,

    output wire [3:0]   o_bank_re,
    output wire [3:0]   o_bank_we,
    output wire [31:0]  o_bank_raddr,
    output wire [31:0]  o_bank_waddr,
    output wire [31:0]  o_bank_wdata,
    input  wire [127:0] i_bank_rdata,

    // The bus, while o_busy is 0: i_bus_re and i_bus_we for the banks (row and bank),
    // i_bus_state_re and i_bus_index_we for neuron i_bus_neuron.
    input  wire             i_bus_re,
    input  wire             i_bus_we,
    input  wire [7:0]       i_bus_row,
    input  wire [1:0]       i_bus_bank,
    input  wire [31:0]      i_bus_wdata,
    output wire [31:0]      o_bus_bank,
    input  wire             i_bus_state_re,
    input  wire             i_bus_index_we,
    input  wire [7:0]       i_bus_neuron,
    output wire [47:0]      o_bus_uv,
    output wire [5:0]       o_bus_ref,
    output wire [INDEX-1:0] o_bus_index
);
  // Stages: a asks for the neuron's parameters, b gets them, c has them and asks for the
  // state and the sum, d gets these and gives everything to neuron.v.
  reg         a_valid_q, b_valid_q, c_valid_q, d_valid_q;
  reg  [7:0]  a_q, b_q, c_q, d_q, t_q;
  reg  [22:0] c_word_q;
  reg  [19:0] d_bias_q;
  reg         miss_q, load_q, zero_q;
  reg         idle_q;  // d and neuron.v were empty a clock ago; while miss_q they stay so
  reg  [2:0]  profile_q;
  reg         known_q;  // the registers below hold profile_q
  reg         hit_q;    // c's profile is known, or need not be
  reg  [12:0] ukeep_q, vkeep_q;
  reg  [3:0]  exp_q;
  reg  [17:0] vth_q;
  reg  [5:0]  rest_q;

  wire        t_valid, t_spike, busy;
  wire [23:0] t_u, t_v;
  wire [5:0]  t_ref;
  wire [47:0] uv;
  wire [5:0]  rest;
  wire [INDEX-1:0] index, t_index;

  assign o_spike_valid = t_spike;
  assign o_spike       = t_n;
  assign o_spike_index = t_index;
  assign o_busy        = a_valid_q || b_valid_q || c_valid_q || d_valid_q || miss_q || load_q || busy;

  // The neurons of the stages.
  wire [7:0] a_n = SRM ? {1'b0, a_q[7:1]} : a_q;
  wire [1:0] b_n = SRM ? b_q[2:1] : b_q[1:0];
  wire [7:0] c_n = SRM ? {1'b0, c_q[7:1]} : c_q;
  wire [7:0] d_n = SRM ? {1'b0, d_q[7:1]} : d_q;
  wire [7:0] t_n = SRM ? {1'b0, t_q[7:1]} : t_q;

  wire ce = !(o_spike_valid && !i_spike_ready);
  wire a_go = a_valid_q && ce && !(SERIAL && (b_valid_q || c_valid_q || d_valid_q || busy));
  wire c_go = c_valid_q && hit_q && ce;
  wire miss = c_valid_q && !hit_q && ce;
  wire ask = miss_q && idle_q;  // for the profile

  wire [31:0] b_word;
  wire [SUM-1:0] d_sum;

  genvar b;
  generate
    for (b = 0; b < 4; b = b + 1) begin : g
      localparam [1:0] B = b;
      wire sum = c_valid_q && hit_q && c_n[1:0] == B;
      assign o_bank_re[b] = sum && ce || a_go && a_n[1:0] == B || ask || i_bus_re;
      assign o_bank_raddr[8*b+:8] = sum ? {2'd0, c_n[7:2]} : ask ? {5'b10000, profile_q} :
          a_valid_q ? {2'b01, a_n[7:2]} : i_bus_row;
      assign o_bank_we[b] = d_valid_q ? d_n[1:0] == B : i_bus_we && i_bus_bank == B;
      assign o_bank_waddr[8*b+:8] = d_valid_q ? {2'd0, d_n[7:2]} : i_bus_row;
    end
  endgenerate
  assign o_bank_wdata = d_valid_q ? 32'd0 : i_bus_wdata;
  assign b_word       = i_bank_rdata[32*b_n+:32];
  assign d_sum        = i_bank_rdata[32*d_n[1:0]+:SUM];
  assign o_bus_bank   = b_word;

  ram #(
      .WIDTH(48),
      .DEPTH(256)
  ) u_state (
      .i_clk  (i_clk),
      .i_we   (t_valid),
      .i_waddr(t_q),
      .i_wdata({t_v, t_u}),
      .i_re   (c_go || i_bus_state_re),
      .i_raddr(c_valid_q ? c_q : i_bus_neuron),
      .o_rdata(uv)
  );
  // The route index shares a block RAM with the refractory counters, which a write zeroes. SRM
  // neurons have none: the index is read between their halves, when they leave.
  wire [7:0] index_at = SRM ? t_n : c_q;
  wire       index_re = SRM ? t_valid && !t_q[0] && ce : c_go;
  wire       index_pass = SRM ? t_valid : c_valid_q;
  ram #(
      .WIDTH(6 + INDEX),
      .DEPTH(256)
  ) u_rest (
      .i_clk  (i_clk),
      .i_we   (t_valid && !SRM || i_bus_index_we),
      .i_waddr(t_valid && !SRM ? t_q : i_bus_neuron),
      .i_wdata(t_valid && !SRM ? {t_index, t_ref} : {i_bus_wdata[INDEX-1:0], 6'd0}),
      .i_re   (index_re || i_bus_state_re),
      .i_raddr(index_pass ? index_at : i_bus_neuron),
      .o_rdata({index, rest})
  );
  assign o_bus_uv    = uv;
  assign o_bus_ref   = SRM ? 6'd0 : rest;
  assign o_bus_index = index;

  generate
    if (SRM) begin : g_srm
      reg [7:0]  shifts_q;
      reg [12:0] rkeep_q;
      reg [16:0] kick_q;
      always @(posedge i_clk)
        if (ce && load_q) begin
          shifts_q          <= i_bank_rdata[57:50];
          {kick_q, rkeep_q} <= i_bank_rdata[93:64];
        end
      srm #(
          .SERIAL(SERIAL),
          .SUM   (SUM)
      ) u_srm (
          .i_clk   (i_clk),
          .i_rst   (i_rst),
          .i_ce    (ce),
          .i_skeep (ukeep_q),
          .i_xkeep (vkeep_q),
          .i_rkeep (rkeep_q),
          .i_sshift(shifts_q[3:0]),
          .i_rshift(shifts_q[7:4]),
          .i_exp   (exp_q),
          .i_vth   (vth_q),
          .i_kick  (kick_q),
          .i_zero  (zero_q),
          .i_valid (d_valid_q),
          .i_half  (d_q[0]),
          .i_p     (uv[23:0]),
          .i_q     (uv[47:24]),
          .i_sum   (d_sum),
          .i_bias  (d_bias_q),
          .o_valid (t_valid),
          .o_p     (t_u),
          .o_q     (t_v),
          .o_spike (t_spike),
          .o_busy  (busy)
      );
      assign t_index = index;
      assign t_ref   = 6'd0;
      wire unused = &{1'b0, rest_q, rest, i_last[7]};
    end else begin : g_cuba
      neuron #(
          .SERIAL(SERIAL),
          .SUM   (SUM),
          .TAG   (INDEX)
      ) u_neuron (
          .i_clk  (i_clk),
          .i_rst  (i_rst),
          .i_ce   (ce),
          .i_ukeep(ukeep_q),
          .i_vkeep(vkeep_q),
          .i_exp  (exp_q),
          .i_vth  (vth_q),
          .i_rest (rest_q),
          .i_zero (zero_q),
          .i_valid(d_valid_q),
          .i_u    (uv[23:0]),
          .i_v    (uv[47:24]),
          .i_ref  (rest),
          .i_sum  (d_sum),
          .i_bias (d_bias_q),
          .i_tag  (index),
          .o_valid(t_valid),
          .o_u    (t_u),
          .o_v    (t_v),
          .o_ref  (t_ref),
          .o_spike(t_spike),
          .o_tag  (t_index),
          .o_busy (busy)
      );
    end
  endgenerate

  always @(posedge i_clk) begin
    if (i_bus_re) b_q <= SRM ? {5'd0, i_bus_bank, 1'b0} : {6'd0, i_bus_bank};
    if (i_bus_we) known_q <= 1'b0;
    idle_q <= !d_valid_q && !busy;
    if (ce) begin
      b_valid_q <= a_go && !miss;
      c_valid_q <= b_valid_q && !miss;
      d_valid_q <= c_go;
      if (a_valid_q) b_q <= a_q;
      c_q      <= b_q;
      c_word_q <= b_word[22:0];
      hit_q      <= zero_q || known_q && b_word[22:20] == profile_q;
      d_q      <= c_q;
      d_bias_q <= c_word_q[19:0];
      if (a_go) begin
        a_q <= a_q + 8'd1;
        if (a_q == (SRM ? {i_last[6:0], 1'b1} : i_last)) a_valid_q <= 1'b0;
      end
      if (t_valid) t_q <= t_q + 8'd1;
      load_q <= ask;
      if (miss) begin
        miss_q    <= 1'b1;
        profile_q <= c_word_q[22:20];
        a_q       <= c_q;
        a_valid_q <= 1'b0;
      end
      if (ask) miss_q <= 1'b0;
      if (load_q) begin
        {exp_q, vkeep_q, ukeep_q} <= i_bank_rdata[29:0];
        {rest_q, vth_q}           <= i_bank_rdata[55:32];
        known_q                   <= 1'b1;
        a_valid_q                 <= 1'b1;
      end
    end
    if (i_start) begin
      a_valid_q <= 1'b1;
      a_q       <= 8'd0;
      t_q       <= 8'd0;
      zero_q    <= i_zero;
    end
    if (i_rst) begin
      {a_valid_q, b_valid_q, c_valid_q, d_valid_q} <= 4'd0;
      {miss_q, load_q, known_q}                    <= 3'd0;
    end
  end
endmodule
`default_nettype wire
