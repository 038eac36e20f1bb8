// Memory with one write and one read port. The word that was read appears after the
// clock edge and stays until the next read. It is not reset and has no initial value.
//
// A read of the word that is written at the same edge gives anything: block RAMs differ
// there, and no user of this module consumes such a word. Simulation returns the wrong
// bits on purpose, so that the co-simulation would notice.
`default_nettype none
module ram #(
    parameter WIDTH = 16,
    parameter DEPTH = 256,
    parameter ADDR  = $clog2(DEPTH) // derived
) (
    input  wire             i_clk,
    input  wire             i_we,
    input  wire [ADDR-1:0]  i_waddr,
    input  wire [WIDTH-1:0] i_wdata,
    input  wire             i_re,
    input  wire [ADDR-1:0]  i_raddr,
`ifdef FORMAL
    input  wire [ADDR-1:0]  f_addr, // lets a proof look at one word
    output wire [WIDTH-1:0] f_data,
`endif
    output reg  [WIDTH-1:0] o_rdata
);
  (* no_rw_check *) reg [WIDTH-1:0] mem[0:DEPTH-1];

  always @(posedge i_clk) begin
    if (i_we) mem[i_waddr] <= i_wdata;
`ifdef SYNTHESIS
    if (i_re) o_rdata <= mem[i_raddr];
`else
    if (i_re) o_rdata <= i_we && i_waddr == i_raddr ? ~i_wdata : mem[i_raddr];
`endif
  end
`ifdef FORMAL
  assign f_data = mem[f_addr];
`endif
endmodule
`default_nettype wire
