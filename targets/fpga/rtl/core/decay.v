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

      assign o_last = valid_q;
      assign o_tz   = tz_q;

      always @(posedge i_clk)
        if (i_rst) valid_q <= 1'b0;
        else if (i_ce) begin
          valid_q    <= i_valid;
          low_q      <= i_x[15:0] * i_k;
          high_q     <= $signed(i_x[24:16]) * $signed({1'b0, i_k});
          negative_q <= i_x[24];
          tz_q       <= {high_q[19:0], 4'd0} + {7'd0, low_q[28:12]} + {23'd0, negative_q && |low_q[11:0]};
        end
    end
  endgenerate
endmodule
`default_nettype wire
