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
    output wire           o_spike,
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
  reg           t_spike;

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
  wire        spike = !resting && !i_vth[17] && $signed(r_v) > $signed({3'd0, i_vth[16:0], 6'd0});

  assign o_valid = t_valid;
  assign o_u     = t_u;
  assign o_v     = t_v;
  assign o_ref   = t_ref;
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
    if (i_rst) {x_valid, z_valid, q_valid, r_valid, t_valid} <= 5'd0;
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
      t_v     <= i_zero || resting || spike ? 24'd0 : low ? 24'h800001 : high ? 24'h7FFFFF : r_v[23:0];
      t_ref   <= i_zero ? 6'd0 : resting ? r_ref - 6'd1 : spike ? i_rest : 6'd0;
      t_spike <= spike && !i_zero;
      t_tag   <= r_tag;
    end
endmodule
`default_nettype wire
