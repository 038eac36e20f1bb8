// tz(x·k): x·k / 4096, rounded toward zero, for x of 25 bits signed, |x| ≤ 2^23, and k from 0
// to 4096. Modulo 2^24.
//
// The floor of the product is taken and one is added where x is negative and bits other than
// 0 were dropped; this needs no magnitudes.
//
// i_valid marks a new x and k, which must stay until o_last. The result is there in the clock
// after o_last.
//   SERIAL = 0: o_last is one clock after i_valid, in every clock if need be; two products,
//               which are DSP blocks where there are some.
//   SERIAL = 1: o_last is 13 clocks after i_valid; one adder.
// Nothing moves while i_ce is 0.
`default_nettype none
module decay #(
    parameter [0:0] SERIAL = 0
) (
    input  wire        i_clk,
    input  wire        i_rst,
    input  wire        i_ce,
    input  wire        i_valid,
    input  wire [24:0] i_x,
    input  wire [12:0] i_k,
    output wire        o_last,
    output wire [23:0] o_tz
);
  generate
    if (SERIAL) begin : g_serial
      // Bit by bit from the lowest: after i steps sum_q is the floor of x·(k mod 2^i) / 2^i.
      reg [24:0] sum_q;
      reg        dropped_q;  // a 1 was shifted out
      reg [12:0] k_q;
      reg [12:0] step_q;     // one-hot

      wire        last = step_q[12];
      wire [25:0] sum = {sum_q[24], sum_q} + ({26{k_q[0]}} & {i_x[24], i_x}) + {25'd0, last && i_x[24] && dropped_q};

      assign o_last = last;
      assign o_tz   = sum_q[23:0];

`ifdef FORMAL
      // A ghost works out x·k = Σ k[j]·x·2^j exactly by Horner's rule, in units of 2^-12 that are
      // halved in every step but the last. No bit is ever lost: that is asserted.
      reg                f_past = 0, f_busy = 0, f_done = 0;
      reg  [3:0]         f_step;
      reg  [24:0]        f_x;
      reg  [12:0]        f_k;
      reg  [11:0]        f_dropped;  // bits shifted out, the latest on top
      reg  signed [37:0] f_product;
      wire signed [37:0] f_xs = {{1{f_x[24]}}, f_x, 12'd0};
      wire signed [37:0] f_p = f_product + (k_q[0] ? f_xs : 38'sd0);
      wire signed [37:0] f_sum = {{13{sum_q[24]}}, sum_q};
      wire signed [37:0] f_size = f_product < 0 ? -f_product : f_product;
      wire signed [37:0] f_floor = f_size >>> 12;
      wire signed [37:0] f_tz = f_product < 0 ? -f_floor : f_floor;
      wire        [24:0] f_zeros = (25'd1 << (4'd12 - f_step)) - 25'd1;  // bits of the product that are 0
      always @(posedge i_clk) begin
        f_past <= 1;
        assume (f_past || i_rst);
        assume (i_k <= 13'd4096 && (i_x[24] ? i_x >= 25'h1800000 : i_x <= 25'h0800000));
        assume (!(f_busy || f_done) || i_x == f_x && i_k == f_k);
        assume (!(i_valid && f_busy));
        if (i_rst) {f_busy, f_done} <= 0;
        else if (i_ce) begin
          f_done <= f_busy && last;
          if (i_valid) begin
            f_busy    <= 1;
            f_step    <= 0;
            f_x       <= i_x;
            f_k       <= i_k;
            f_dropped <= 0;
            f_product <= 0;
          end else if (f_busy) begin
            f_step    <= f_step + 4'd1;
            f_product <= last ? f_p : f_p >>> 1;
            if (last) f_busy <= 0;
            else f_dropped <= {sum[0], f_dropped[11:1]};
          end
        end
        if (f_busy) begin
          assert (f_k <= 13'd4096 && (f_x[24] ? f_x >= 25'h1800000 : f_x <= 25'h0800000));
          assert (f_step <= 12 && step_q == 13'd1 << f_step && k_q == f_k >> f_step);
          assert (f_product == {f_sum[25:0], f_dropped});
          assert (f_x[24] ? f_sum <= 0 && f_sum >= -38'sd8388608 : f_sum >= 0 && f_sum <= 38'sd8388608);
          assert (dropped_q == |f_dropped);
          assert ((f_product[24:0] & f_zeros) == 0);
        end else if (f_past) assert (step_q == 0);
        if (!f_past) assert (!f_busy && !f_done);
        if (f_busy || f_done) begin
          assert (f_x[24] ? f_product <= 0 : f_product >= 0);
        end
        assert (!(f_busy && f_done));
        if (f_done) assert (sum_q[23:0] == f_product[35:12] + {23'd0, f_x[24] && |f_product[11:0]});
        if (f_done) assert (sum_q[23:0] == f_tz[23:0]);
      end
`endif
      always @(posedge i_clk)
        if (i_rst) step_q <= 13'd0;
        else if (i_ce) begin
          step_q <= {step_q[11:0], i_valid};
          k_q    <= {1'b0, k_q[12:1]};
          if (i_valid) begin
            sum_q     <= 25'd0;
            dropped_q <= 1'b0;
            k_q       <= i_k;
          end else if (last) sum_q <= sum[24:0];
          else if (|step_q) begin
            sum_q     <= sum[25:1];
            dropped_q <= dropped_q || sum[0];
          end
        end
    end else begin : g_parallel
      // x = high·2^16 + low, so the floor is 16·high·k + floor(low·k / 4096).
      reg [28:0]        low_q;
      reg signed [22:0] high_q;
      reg               negative_q, valid_q;
      reg [23:0]        tz_q;

      wire unused = &{1'b0, high_q[22:20]};
      assign o_last = valid_q;
      assign o_tz   = tz_q;

`ifdef FORMAL
      // The two products may be anything of the right signs. That they add up to x·k,
      // high·k·2^16 + low·k = (high·2^16 + low)·k, needs no proof.
      (* anyseq *) wire signed [22:0] f_any_high;
      (* anyseq *) wire [28:0] f_any_low;
      wire signed [37:0] f_product = $signed({{15{high_q[22]}}, high_q}) * 38'sd65536 + $signed({9'd0, low_q});
      wire signed [37:0] f_size = f_product < 0 ? -f_product : f_product;
      wire signed [37:0] f_floor = f_size >>> 12;
      wire signed [37:0] f_tz = f_product < 0 ? -f_floor : f_floor;
      reg [23:0] f_want;
      reg        f_known = 0;
      always @(posedge i_clk) begin
        assume (negative_q ? f_product <= 0 : f_product >= 0);
        assume (f_size <= 38'sd8388608 * 38'sd4096);
        if (i_rst) f_known <= 0;
        else if (i_ce) begin
          f_want  <= f_tz[23:0];
          f_known <= 1;
        end
        if (f_known) assert (tz_q == f_want);
      end
`endif
      always @(posedge i_clk)
        if (i_rst) valid_q <= 1'b0;
        else if (i_ce) begin
          valid_q    <= i_valid;
`ifdef FORMAL
          low_q      <= f_any_low;
          high_q     <= f_any_high;
`else
          low_q      <= i_x[15:0] * i_k;
          high_q     <= $signed(i_x[24:16]) * $signed({1'b0, i_k});
`endif
          negative_q <= i_x[24];
          tz_q       <= {high_q[19:0], 4'd0} + {7'd0, low_q[28:12]} + {23'd0, negative_q && |low_q[11:0]};
        end
    end
  endgenerate
endmodule
`default_nettype wire
