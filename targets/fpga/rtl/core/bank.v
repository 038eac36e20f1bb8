// A quarter of a core's neurons: those whose number is BANK modulo 4. Row r holds the sum of
// neuron 4r + BANK in its low bits; behind the sums, 32 bits a row, lie the parameters that
// core.v describes. One addition a clock, while i_update is 0: read, then add and write.
//
// A row must not be added to in two clocks that follow each other.
`default_nettype none
module bank #(
    parameter SUM = 18
) (
    input wire i_clk,

    input wire       i_add,
    input wire [5:0] i_add_row,
    input wire [8:0] i_add_weight,
    input wire       i_add_carry,   // 1 is added to the weight

    input  wire        i_update,  // the port below reads
    input  wire        i_re,
    input  wire        i_we,
    input  wire [7:0]  i_raddr,
    input  wire [7:0]  i_waddr,
    input  wire [31:0] i_wdata,
    output wire [31:0] o_rdata
);
  reg        add_q, carry_q;
  reg [5:0]  row_q;
  reg [8:0]  weight_q;

  wire [SUM-1:0] weight = {{(SUM - 9) {weight_q[8]}}, weight_q};
  wire [SUM-1:0] sum = o_rdata[SUM-1:0] + weight + {{(SUM - 1) {1'b0}}, carry_q};

  ram #(
      .WIDTH(32),
      .DEPTH(256)
  ) u_ram (
      .i_clk  (i_clk),
      .i_we   (add_q || i_we),
      .i_waddr(add_q ? {2'd0, row_q} : i_waddr),
      .i_wdata(add_q ? {{(32 - SUM) {1'b0}}, sum} : i_wdata),
      .i_re   (i_update ? i_re : i_add),
      .i_raddr(i_update ? i_raddr : {2'd0, i_add_row}),
      .o_rdata(o_rdata)
  );

  always @(posedge i_clk) begin
    add_q    <= i_add && !i_update;
    row_q    <= i_add_row;
    weight_q <= i_add_weight;
    carry_q  <= i_add_carry;
  end
endmodule
`default_nettype wire
