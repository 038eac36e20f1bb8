// One tick of a neuron of the SLAYER paper, as snn/fixed defines it:
//
//   w'   = sat(tz(w·sKeep) + (shift(sum, exp) << 6))
//   u'   = sat(tz(u·sKeep) + w'/2^sShift)
//   x'   = sat(tz(x·xKeep) + ref/2^rShift)
//   spike = sat(u' + x' + bias) >= vth·64
//   ref' = sat(tz(ref·rKeep) − (kick·64 on a spike))
//
// All of them are in ±(2^23 − 1), and the shifts round toward zero. A neuron comes in two halves, w with u
// and then ref with x, because both halves are two decays and a shifted number that is added to
// the second. The potential is compared and not kept: it is the saturated sum of u', x' and bias.
// A sum of SUM bits is exact: see core.v. The parameters must stay while a neuron is inside.
//
// SERIAL = 0 takes a half in every clock; the second must follow the first in the next. SERIAL = 1
// takes one when o_busy is 0. Nothing moves while i_ce is 0.
`default_nettype none
module srm #(
    parameter [0:0] SERIAL = 0,
    parameter       SUM    = 18
) (
    input wire i_clk,
    input wire i_rst,
    input wire i_ce,

    input wire [12:0] i_skeep,   // 4096 − decay
    input wire [12:0] i_xkeep,
    input wire [12:0] i_rkeep,
    input wire [3:0]  i_sshift,
    input wire [3:0]  i_rshift,
    input wire [3:0]  i_exp,     // two's complement
    input wire [17:0] i_vth,     // 131072: never
    input wire [16:0] i_kick,
    input wire        i_zero,    // results are 0 without a spike

    input wire           i_valid,
    input wire           i_half,  // 0: w and u; 1: ref and x
    input wire [23:0]    i_p,     // w, ref
    input wire [23:0]    i_q,     // u, x
    input wire [SUM-1:0] i_sum,   // with the first half, and so is the bias
    input wire [19:0]    i_bias,

    output wire        o_valid,
    output wire [23:0] o_p,
    output wire [23:0] o_q,
    output wire        o_spike,  // with the second half; 0 where o_valid is 0
    output wire        o_busy
);
  // Stages, one clock each but for the decay: x operands, y products, z decayed, q what is shifted,
  // r shifted, t the second state, v potential, o result.
  reg           x_valid, z_valid, q_valid, r_valid, t_valid, v_valid, o_valid_q;
  reg           x_half, y_half, z_half, q_half, r_half, t_half, v_half;
  reg [23:0]    x_p, x_q;
  reg [SUM-1:0] x_sum;
  reg [24:0]    y_a, z_a;  // what arrives, of the first half; ref, of the second
  reg [23:0]    q_s, q_p, q_q, r_p, r_q, r_a, t_p, t_q, v_p, v_q, o_p_q, o_q_q;
  reg [24:0]    o_less;  // ref after a spike, before it saturates
  reg           r_up, o_spike_q;
  reg [25:0]    v_sum;
  // A bias moves on every second clock, for it comes with every second half.
  reg [19:0]    x_bias, z_bias, r_bias;

  wire          y_last;
  wire [23:0]   z_tzp, z_tzq;
  wire [12:0]   keep_p = x_half ? i_rkeep : i_skeep;
  wire [12:0]   keep_q = x_half ? i_xkeep : i_skeep;

  decay #(
      .SERIAL(SERIAL)
  ) u_decay_p (
      .i_clk  (i_clk),
      .i_rst  (i_rst),
      .i_ce   (i_ce),
      .i_valid(x_valid),
      .i_x    ({x_p[23], x_p}),
      .i_k    (keep_p),
      .o_last (y_last),
      .o_tz   (z_tzp)
  );
  wire unused_last;
  decay #(
      .SERIAL(SERIAL)
  ) u_decay_q (
      .i_clk  (i_clk),
      .i_rst  (i_rst),
      .i_ce   (i_ce),
      .i_valid(x_valid),
      .i_x    ({x_q[23], x_q}),
      .i_k    (keep_q),
      .o_last (unused_last),
      .o_tz   (z_tzq)
  );

  // Shift by exp − (−8) to the left, then by 8 to the right: a negative exponent floors.
  wire [32:0] wide = {{(33 - SUM) {x_sum[SUM-1]}}, x_sum};
  wire [32:0] shifted = wide << (i_exp ^ 4'd8);

  function [23:0] sat(input [31:0] v);
    sat = v[31] && (!(&v[30:23]) || !(|v[22:0])) ? 24'h800001 : !v[31] && |v[30:23] ? 24'h7FFFFF : v[23:0];
  endfunction

  // Toward zero: the floor, and one more where that dropped a 1 of a negative number.
  wire [3:0]  by = q_half ? i_rshift : i_sshift;
  wire [23:0] floor = $signed(q_s) >>> by;
  wire [14:0] drop = ~(15'h7FFF << by);

  wire [31:0] w = {{8{z_tzp[23]}}, z_tzp} + {z_a[24], z_a, 6'd0};
  wire [24:0] second = {r_q[23], r_q} + {r_a[23], r_a} + {24'd0, r_up};

  wire unused = &{1'b0, shifted[7:0]};

  assign o_valid = o_valid_q;
  assign o_p     = o_spike_q ? sat({{7{o_less[24]}}, o_less}) : o_p_q;
  assign o_q     = o_q_q;
  assign o_spike = o_spike_q;

  generate
    if (SERIAL) begin : g_serial
      reg busy_q;
      always @(posedge i_clk)
        if (i_rst) busy_q <= 1'b0;
        else if (i_ce) busy_q <= i_valid || busy_q && !o_valid_q;
      assign o_busy = busy_q;
    end else begin : g_parallel
      assign o_busy = x_valid || y_last || z_valid || q_valid || r_valid || t_valid || v_valid || o_valid_q;
    end
  endgenerate

  always @(posedge i_clk)
    if (i_rst) {x_valid, z_valid, q_valid, r_valid, t_valid, v_valid, o_valid_q, o_spike_q} <= 8'd0;
    else if (i_ce) begin
      x_valid   <= i_valid;
      z_valid   <= y_last;
      q_valid   <= z_valid;
      r_valid   <= q_valid;
      t_valid   <= r_valid;
      v_valid   <= t_valid;
      o_valid_q <= v_valid;

      if (i_valid || !SERIAL) begin
        x_half <= i_half;
        x_p    <= i_p;
        x_q    <= i_q;
        x_sum  <= i_sum;
      end
      if (x_valid || !SERIAL) begin
        y_half <= x_half;
        y_a    <= x_half ? {x_p[23], x_p} : shifted[32:8];
      end
      z_half <= y_half;
      z_a    <= y_a;

      if (i_valid && !i_half) x_bias <= i_bias;
      if (y_last && !y_half) z_bias <= x_bias;
      if (q_valid && !q_half) r_bias <= z_bias;

      q_half <= z_half;
      q_s    <= z_half ? z_a[23:0] : sat(w);
      q_p    <= z_tzp;
      q_q    <= z_tzq;

      r_half <= q_half;
      r_a    <= floor;
      r_up   <= q_s[23] && |(q_s[14:0] & drop);
      r_p    <= q_half ? q_p : q_s;
      r_q    <= q_q;

      t_half <= r_half;
      t_p    <= r_p;
      t_q    <= sat({{7{second[24]}}, second});

      v_half <= t_half;
      v_p    <= t_p;
      v_q    <= t_q;
      if (t_valid) v_sum <= (t_half ? v_sum : {{6{r_bias[19]}}, r_bias}) + {{2{t_q[23]}}, t_q};

      o_p_q     <= i_zero ? 24'd0 : v_p;
      o_q_q     <= i_zero ? 24'd0 : v_q;
      o_less    <= {v_p[23], v_p} - {2'd0, i_kick, 6'd0};
      o_spike_q <= v_valid && v_half && !i_zero && !i_vth[17] && $signed(v_sum) >= $signed({3'd0, i_vth[16:0], 6'd0});
    end

`ifdef FORMAL
  // As in neuron.v: with formal/decay_any.v for decay.v, every result is that of snn/fixed for what went in
  // and what the decays gave.
  localparam W = 34;
  (* anyconst *) wire [12:0] f_skeep;
  (* anyconst *) wire [12:0] f_xkeep;
  (* anyconst *) wire [12:0] f_rkeep;
  (* anyconst *) wire [3:0] f_sshift;
  (* anyconst *) wire [3:0] f_rshift;
  (* anyconst *) wire [3:0] f_exp;
  (* anyconst *) wire [17:0] f_vth;
  (* anyconst *) wire [16:0] f_kick_c;
  (* anyconst *) wire f_zero;
  reg f_past = 0, f_first = 0;  // a first half came a clock ago
  always @(posedge i_clk) begin
    f_past  <= 1;
    f_first <= i_valid && !i_half;
    assume (i_ce && i_rst == !f_past && !(i_rst && i_valid));
    assume ({i_skeep, i_xkeep, i_rkeep, i_sshift, i_rshift, i_exp, i_vth, i_kick, i_zero} ==
        {f_skeep, f_xkeep, f_rkeep, f_sshift, f_rshift, f_exp, f_vth, f_kick_c, f_zero});
    assume (f_vth <= 18'd131072);
    assume (i_p != 24'h800000 && i_q != 24'h800000);
    assume (f_first == (i_valid && i_half));
  end

  reg                  f1_valid = 0, f2_valid = 0, f3_valid = 0, f4_valid = 0, f5_valid = 0, f6_valid = 0, f7_valid = 0, f8_valid = 0;
  reg                  f1_half, f2_half, f3_half, f4_half, f5_half, f6_half, f7_half, f8_half;
  wire [7:0]           f_valid = {f1_valid, f2_valid, f3_valid, f4_valid, f5_valid, f6_valid, f7_valid, f8_valid};
  wire [7:0]           f_half = {f1_half, f2_half, f3_half, f4_half, f5_half, f6_half, f7_half, f8_half};
  reg [23:0]           f1_p, f1_q;
  reg signed [SUM-1:0] f1_sum;
  function signed [W-1:0] f_sat(input signed [W-1:0] v);
    f_sat = v > 34'sd8388607 ? 34'sd8388607 : v < -34'sd8388607 ? -34'sd8388607 : v;
  endfunction
  function f_state(input signed [W-1:0] v);
    f_state = v <= 34'sd8388607 && v >= -34'sd8388607;
  endfunction
  function signed [W-1:0] f_div(input signed [W-1:0] v, input [3:0] by);  // v / 2^by, by magnitude and sign
    reg [W-1:0] size;
    begin
      size  = (v < 0 ? -v : v) >> by;
      f_div = v < 0 ? -size : size;
    end
  endfunction
  // Stage by stage in W bits, so that nothing is lost and every step of the proof is a short one.
  wire signed [W-1:0] f_sum = {{(W - SUM) {f1_sum[SUM-1]}}, f1_sum};
  wire signed [W-1:0] f_a = f_exp[3] ? f_sum >>> (5'd16 - {1'b0, f_exp}) : f_sum <<< f_exp;  // shift(sum, exp)
  wire signed [W-1:0] f_tzp = {{(W - 24) {z_tzp[23]}}, z_tzp};
  wire signed [W-1:0] f_tzq = {{(W - 24) {z_tzq[23]}}, z_tzq};
  wire signed [W-1:0] f_p = {{(W - 24) {f1_p[23]}}, f1_p};
  reg signed [W-1:0]  f2_a, f3_a, f4_s, f4_p, f4_q, f5_s, f5_p, f5_q, f6_p, f6_q, f7_p, f7_q, f8_p, f8_q, f7_v;
  reg signed [19:0]   f1_bias, f2_bias, f3_bias, f4_bias, f5_bias, f6_bias, f7_bias;
  reg                 f8_spike;
  wire signed [W-1:0] f_bias = {{(W - 20) {f6_bias[19]}}, f6_bias};
  wire signed [W-1:0] f_kick = {{(W - 23) {1'b0}}, f_kick_c, 6'd0};
  wire                f_spike = f7_half && f_sat(f7_v) >= $signed({{(W - 24) {1'b0}}, f_vth, 6'd0});
  always @(posedge i_clk) begin
    {f1_valid, f2_valid, f3_valid, f4_valid, f5_valid, f6_valid, f7_valid, f8_valid} <= {i_valid, f_valid[7:1]};
    {f1_half, f2_half, f3_half, f4_half, f5_half, f6_half, f7_half, f8_half} <= {i_half, f_half[7:1]};
    {f1_p, f1_q, f1_sum} <= {i_p, i_q, i_sum};
    {f1_bias, f2_bias, f3_bias, f4_bias, f5_bias, f6_bias, f7_bias} <=
        {i_bias, f1_bias, f2_bias, f3_bias, f4_bias, f5_bias, f6_bias};
    f2_a <= f1_half ? f_p : f_a;
    f3_a <= f2_a;
    f4_s <= f3_half ? f3_a : f_sat(f_tzp + (f3_a <<< 6));
    f4_p <= f_tzp;
    f4_q <= f_tzq;
    f5_s <= f_div(f4_s, f4_half ? f_rshift : f_sshift);
    f5_p <= f4_half ? f4_p : f4_s;
    f5_q <= f4_q;
    f6_p <= f5_p;
    f6_q <= f_sat(f5_q + f5_s);
    f7_p <= f6_p;
    f7_q <= f6_q;
    f7_v <= f6_half ? f7_v + f6_q : f6_q + f_bias;
    f8_p <= f7_half ? f_sat(f7_p - (f_spike ? f_kick : 34'sd0)) : f7_p;
    f8_q <= f7_q;
    f8_spike <= f_spike;
    if (f_past) begin
      assert ({x_valid, y_last, z_valid, q_valid, r_valid, t_valid, v_valid, o_valid} == f_valid);
      assert (o_busy == |f_valid);
      assert (o_valid || !o_spike);
      // a second half is just behind its first
      assert (f_first == (f1_valid && !f1_half));
      assert ((f_valid[7:1] & f_half[7:1]) == (f_valid[6:0] & ~f_half[6:0]));
      if (f1_valid) begin
        assert (x_half == f1_half && x_p == f1_p && x_q == f1_q);  // what the decays are given
        assert (keep_p == (f1_half ? f_rkeep : f_skeep));
        assert (keep_q == (f1_half ? f_xkeep : f_skeep));
        assert (f1_half || x_bias == f1_bias && x_sum == f1_sum);
      end
      if (f2_valid) assert (y_half == f2_half && (f2_half || x_bias == f2_bias));
      if (f2_valid) assert ($signed(y_a) == f2_a);
      if (f3_valid) assert (z_half == f3_half && (f3_half || z_bias == f3_bias));
      if (f3_valid) assert ($signed(z_a) == f3_a);
      if (f4_valid) assert (q_half == f4_half && (f4_half || z_bias == f4_bias));
      if (f4_valid) assert ($signed(q_s) == f4_s && $signed(q_q) == f4_q && (!f4_half || $signed(q_p) == f4_p));
      if (f5_valid) assert (r_half == f5_half && (f5_half || r_bias == f5_bias));
      if (f5_valid) assert ($signed(r_a) + $signed({1'b0, r_up}) == f5_s && $signed(r_p) == f5_p && $signed(r_q) == f5_q);
      if (f6_valid) assert (t_half == f6_half && (f6_half || r_bias == f6_bias));
      if (f6_valid) assert ($signed(t_p) == f6_p && $signed(t_q) == f6_q);
      if (f7_valid) assert (v_half == f7_half);
      if (f7_valid) assert ($signed(v_p) == f7_p && $signed(v_q) == f7_q && $signed(v_sum) == f7_v);
      // ends of the states
      if (f1_valid) assert (f_state(f_p) && f1_q != 24'h800000);
      if (f2_valid && f2_half) assert (f_state(f2_a));
      if (f3_valid) assert (f_state(f_tzp) && f_state(f_tzq) && (!f3_half || f_state(f3_a)));
      if (f4_valid) assert (f_state(f4_s) && f_state(f4_q) && (!f4_half || f_state(f4_p)));
      if (f5_valid) assert (f_state(f5_s) && f_state(f5_p) && f_state(f5_q));
      if (f6_valid) assert (f_state(f6_p) && f_state(f6_q));
      if (f7_valid) assert (f_state(f7_p) && f_state(f7_q) && (f7_half || f_state(f7_v - {{(W - 20) {f7_bias[19]}}, f7_bias})));
      if (f8_valid) begin
        assert (o_spike == (f8_spike && !f_zero));
        assert ($signed(o_p) == (f_zero ? 34'sd0 : f8_p));
        assert ($signed(o_q) == (f_zero ? 34'sd0 : f8_q));
        assert (o_p != 24'h800000 && o_q != 24'h800000);
      end
    end
  end
`endif
endmodule
`default_nettype wire
