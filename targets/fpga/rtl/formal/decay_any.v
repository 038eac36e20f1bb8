// Stands in for decay.v in the proofs of neuron.v and srm.v: the same timing as decay.v with SERIAL = 0, and any result of
// the size that a decay can have. The proof looks at what it gave.
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
  (* anyseq *) wire [23:0] any;
  reg        valid_q;
  reg [24:0] x_q;
  reg [23:0] tz_q;
  assign o_last = valid_q;
  assign o_tz   = tz_q;
  wire [24:0] size = x_q[24] ? -x_q : x_q;
  // |tz(x·k)| ≤ |x|, with the sign of x. 2^23 is the pattern 0x800000.
  always @* if (valid_q) assume (x_q[24] ? any == 24'd0 || any[23] && -any <= size[23:0] : any <= size[23:0]);
  always @(posedge i_clk)
    if (i_rst) valid_q <= 1'b0;
    else if (i_ce) begin
      valid_q <= i_valid;
      x_q     <= i_x;
      tz_q    <= any;
    end
endmodule
`default_nettype wire
