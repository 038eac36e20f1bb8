// One tick of a neuron, as snn/fixed defines it:
//
//   u' = wrap(tz(u·uKeep) + (shift(sum, exp) << 6))
//   v' = sat(tz(v·vKeep) + u' + bias)
//   spike = v' > vth·64; v' = 0 on a spike and for i_rest ticks after it
//
// u is in (−2^23, 2^23]; as 24 bits, 2^23 is the pattern 0x800000. v is in ±(2^23 − 1).
// A sum of SUM bits is exact: see core.v. The parameters must stay while a neuron is inside.
//
// SERIAL = 0 takes a neuron in every clock. SERIAL = 1 takes one when o_busy is 0.
// Nothing moves while i_ce is 0. i_tag comes out beside the result.
`default_nettype none
module neuron #(
    parameter [0:0] SERIAL = 0,
    parameter       SUM    = 18,
    parameter       TAG    = 10
) (
    input wire i_clk,
    input wire i_rst,
    input wire i_ce,

    input wire [12:0] i_ukeep,  // 4096 − decay
    input wire [12:0] i_vkeep,
    input wire [3:0]  i_exp,    // two's complement
    input wire [17:0] i_vth,    // 131072: never
    input wire [5:0]  i_rest,
    input wire        i_zero,   // results are u = v = 0 without a spike, at rest

    input wire           i_valid,
    input wire [23:0]    i_u,
    input wire [23:0]    i_v,
    input wire [5:0]     i_ref,   // ticks for which v still rests
    input wire [SUM-1:0] i_sum,
    input wire [19:0]    i_bias,
    input wire [TAG-1:0] i_tag,

    output wire           o_valid,
    output wire [23:0]    o_u,
    output wire [23:0]    o_v,
    output wire [5:0]     o_ref,
    output wire           o_spike,  // 0 where o_valid is 0
    output wire [TAG-1:0] o_tag,
    output wire           o_busy
);
  // Stages, one clock each but for the decay: x operands, y products, z decayed, q current,
  // r potential, t result.
  reg           x_valid, z_valid, q_valid, r_valid, t_valid;
  reg [24:0]    x_u, x_v;
  reg [SUM-1:0] x_sum;
  reg [19:0]    x_bias, y_bias, z_bias;
  reg [17:0]    y_sum, z_sum;
  reg [5:0]     x_ref, y_ref, z_ref, q_ref, r_ref, t_ref;
  reg [TAG-1:0] x_tag, y_tag, z_tag, q_tag, r_tag, t_tag;
  reg [23:0]    q_u, r_u, t_u, t_v;
  reg [24:0]    q_v;
  reg [25:0]    r_v;
  reg           t_spike, t_rest;

  wire          y_last;
  wire [23:0]   z_tzu, z_tzv;

  decay #(
      .SERIAL(SERIAL)
  ) u_decay_u (
      .i_clk  (i_clk),
      .i_rst  (i_rst),
      .i_ce   (i_ce),
      .i_valid(x_valid),
      .i_x    (x_u),
      .i_k    (i_ukeep),
      .o_last (y_last),
      .o_tz   (z_tzu)
  );
  wire unused_last;
  decay #(
      .SERIAL(SERIAL)
  ) u_decay_v (
      .i_clk  (i_clk),
      .i_rst  (i_rst),
      .i_ce   (i_ce),
      .i_valid(x_valid),
      .i_x    (x_v),
      .i_k    (i_vkeep),
      .o_last (unused_last),
      .o_tz   (z_tzv)
  );

  // Shift by exp − (−8) to the left, then by 8 to the right: a negative exponent floors. Only
  // the low 18 bits of the result reach u.
  wire [25:0] wide = {{(26 - SUM) {x_sum[SUM-1]}}, x_sum};
  wire [25:0] shifted = wide << (i_exp ^ 4'd8);

  wire [24:0] q_wide_u = {q_u[23] && |q_u[22:0], q_u};
  wire        low = r_v[25] && (!(&r_v[24:23]) || !(|r_v[22:0]));
  wire        high = !r_v[25] && |r_v[24:23];
  wire        resting = |r_ref;

  wire unused = &{1'b0, shifted[7:0]};

  // The comparison takes a clock; what depends on it follows after the register.
  assign o_valid = t_valid;
  assign o_u     = t_u;
  assign o_v     = t_spike || t_rest ? 24'd0 : t_v;
  assign o_ref   = t_spike ? i_rest : t_ref;
  assign o_spike = t_spike;
  assign o_tag   = t_tag;

  generate
    if (SERIAL) begin : g_serial
      reg busy_q;
      always @(posedge i_clk)
        if (i_rst) busy_q <= 1'b0;
        else if (i_ce) busy_q <= i_valid || busy_q && !t_valid;
      assign o_busy = busy_q;
    end else begin : g_parallel
      assign o_busy = x_valid || y_last || z_valid || q_valid || r_valid || t_valid;
    end
  endgenerate

  always @(posedge i_clk)
    if (i_rst) {x_valid, z_valid, q_valid, r_valid, t_valid, t_spike} <= 6'd0;
    else if (i_ce) begin
      x_valid <= i_valid;
      z_valid <= y_last;
      q_valid <= z_valid;
      r_valid <= q_valid;
      t_valid <= r_valid;

      if (i_valid || !SERIAL) begin
        x_u    <= {i_u[23] && |i_u[22:0], i_u};
        x_v    <= {i_v[23], i_v};
        x_sum  <= i_sum;
        x_bias <= i_bias;
        x_ref  <= i_ref;
        x_tag  <= i_tag;
      end
      if (x_valid || !SERIAL) begin
        y_sum  <= shifted[25:8];
        y_bias <= x_bias;
        y_ref  <= x_ref;
        y_tag  <= x_tag;
      end
      z_sum  <= y_sum;
      z_bias <= y_bias;
      z_ref  <= y_ref;
      z_tag  <= y_tag;

      q_u   <= z_tzu + {z_sum, 6'd0};
      q_v   <= {z_tzv[23], z_tzv} + {{5{z_bias[19]}}, z_bias};
      q_ref <= z_ref;
      q_tag <= z_tag;

      r_u   <= q_u;
      r_v   <= {q_v[24], q_v} + {q_wide_u[24], q_wide_u};
      r_ref <= q_ref;
      r_tag <= q_tag;

      t_u     <= i_zero ? 24'd0 : r_u;
      t_v     <= low ? 24'h800001 : high ? 24'h7FFFFF : r_v[23:0];
      t_ref   <= i_zero || !resting ? 6'd0 : r_ref - 6'd1;
      t_spike <= r_valid && !resting && !i_zero && !i_vth[17] && $signed(r_v) > $signed({3'd0, i_vth[16:0], 6'd0});
      t_rest  <= i_zero || resting;
      t_tag   <= r_tag;
    end

`ifdef FORMAL
  // With formal/decay_any.v for decay.v: every result is that of snn/fixed for what went in and
  // what the decays gave. A pipeline beside this one carries what went in. Stalls are proved
  // apart: nothing changes in them, so i_ce is 1 here.
  localparam W = 34;
  (* anyconst *) wire [12:0] f_ukeep;
  (* anyconst *) wire [12:0] f_vkeep;
  (* anyconst *) wire [3:0] f_exp;
  (* anyconst *) wire [17:0] f_vth;
  (* anyconst *) wire [5:0] f_rest;
  (* anyconst *) wire f_zero;
  reg [6:0] f_flushed = 0;  // both pipelines hold only what came in since
  always @(posedge i_clk) begin
    f_flushed <= {f_flushed[5:0], 1'b1};
    assume (i_ce && !i_rst);
    assume ({i_ukeep, i_vkeep, i_exp, i_vth, i_rest, i_zero} == {f_ukeep, f_vkeep, f_exp, f_vth, f_rest, f_zero});
    assume (f_vth <= 18'd131072);
    assume (i_v != 24'h800000);
  end

  reg                  f1_valid = 0, f2_valid = 0, f3_valid = 0, f4_valid = 0, f5_valid = 0, f6_valid = 0;
  reg [23:0]           f1_u, f1_v;
  reg signed [SUM-1:0] f1_sum, f2_sum, f3_sum;
  reg signed [19:0]    f1_bias, f2_bias, f3_bias;
  reg [5:0]            f1_ref, f2_ref, f3_ref, f4_ref, f5_ref, f6_ref;
  reg [TAG-1:0]        f1_tag, f2_tag, f3_tag, f4_tag, f5_tag, f6_tag;
  // shift(sum, exp), in W bits so that nothing is lost
  wire signed [W-1:0] f_sum = {{(W - SUM) {f3_sum[SUM-1]}}, f3_sum};
  wire signed [3:0]   f_e = f_exp;
  wire signed [W-1:0] f_a = f_exp[3] ? f_sum >>> (5'd16 - {1'b0, f_exp}) : f_sum <<< f_exp;
  // wrap: into (−2^23, 2^23], by the definition's remainder
  wire signed [W-1:0] f_tzu = {{(W - 24) {z_tzu[23]}}, z_tzu};
  wire signed [W-1:0] f_raw = f_tzu + (f_a <<< 6);
  wire [23:0]         f_mod = f_raw[23:0];
  wire signed [W-1:0] f_u = f_mod > 24'h800000 ? $signed({{(W - 24) {1'b0}}, f_mod}) - 34'sd16777216 : $signed({{(W - 24) {1'b0}}, f_mod});
  wire signed [W-1:0] f_tzv = {{(W - 24) {z_tzv[23]}}, z_tzv};
  wire signed [W-1:0] f_bias = {{(W - 20) {f3_bias[19]}}, f3_bias};
  wire signed [W-1:0] f_vraw = f_tzv + f_bias + f_u;
  wire signed [W-1:0] f_v = f_vraw > 34'sd8388607 ? 34'sd8388607 : f_vraw < -34'sd8388607 ? -34'sd8388607 : f_vraw;
  wire                f_over = f_v > $signed({{(W - 24) {1'b0}}, f_vth, 6'd0});
  reg signed [W-1:0]  f4_u, f5_u, f6_u, f4_v, f5_v, f6_v;
  reg                 f4_over, f5_over, f6_over;
  always @(posedge i_clk) begin
    {f1_valid, f2_valid, f3_valid, f4_valid, f5_valid, f6_valid} <= {i_valid, f1_valid, f2_valid, f3_valid, f4_valid, f5_valid};
    {f1_u, f1_v} <= {i_u, i_v};
    {f1_sum, f2_sum, f3_sum}    <= {i_sum, f1_sum, f2_sum};
    {f1_bias, f2_bias, f3_bias} <= {i_bias, f1_bias, f2_bias};
    {f1_ref, f2_ref, f3_ref, f4_ref, f5_ref, f6_ref} <= {i_ref, f1_ref, f2_ref, f3_ref, f4_ref, f5_ref};
    {f1_tag, f2_tag, f3_tag, f4_tag, f5_tag, f6_tag} <= {i_tag, f1_tag, f2_tag, f3_tag, f4_tag, f5_tag};
    {f4_u, f5_u, f6_u} <= {f_u, f4_u, f5_u};
    {f4_v, f5_v, f6_v} <= {f_v, f4_v, f5_v};
    {f4_over, f5_over, f6_over} <= {f_over, f4_over, f5_over};
    if (f_flushed[6]) begin
      assert (o_valid == f6_valid);
      assert (o_valid || !o_spike);
      // what the decays are given: u in (−2^23, 2^23], v as it is
      if (f1_valid) assert ($signed(x_u) == (f1_u > 24'h800000 ? $signed({1'b0, f1_u}) - 26'sd16777216 : $signed({1'b0, f1_u})));
      if (f1_valid) assert ($signed(x_v) == $signed(f1_v));
      assert (o_busy == (f1_valid || f2_valid || f3_valid || f4_valid || f5_valid || f6_valid));
      if (f6_valid) begin
        assert (o_tag == f6_tag);
        assert (o_u == (f_zero ? 24'd0 : f6_u[23:0]));
        assert (o_spike == (!f_zero && f6_ref == 0 && f6_over));
        assert (o_v == (f_zero || f6_ref != 0 || f6_over ? 24'd0 : f6_v[23:0]));
        assert (o_v != 24'h800000);
        assert (o_ref == (f_zero ? 6'd0 : f6_ref != 0 ? f6_ref - 6'd1 : f6_over ? f_rest : 6'd0));
      end
    end
  end
`endif
endmodule
`default_nettype wire
