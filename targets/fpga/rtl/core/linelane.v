// One of the four 16-bit lanes of the synapse memory: a single-port memory, which the
// large RAMs of an iCE40 UP5K are (SPRAM = 1), or block RAM. Reads hold as in ram.v.
`default_nettype none
module linelane #(
    parameter       LINES = 16384,
    parameter [0:0] SPRAM = 1,
    parameter       ADDR  = $clog2(LINES) // derived
) (
    input  wire            i_clk,
    input  wire            i_re,
    input  wire            i_we,
    input  wire [ADDR-1:0] i_addr,
    input  wire [15:0]     i_wdata,
    output wire [15:0]     o_rdata
);
  generate
    if (SPRAM) begin : g_spram
      (* ram_style = "huge" *) reg [15:0] mem[0:LINES-1];
      reg [15:0] rdata_q;
      always @(posedge i_clk)
        if (i_we) mem[i_addr] <= i_wdata;
        else if (i_re) rdata_q <= mem[i_addr];
      assign o_rdata = rdata_q;
    end else begin : g_bram
      ram #(
          .WIDTH(16),
          .DEPTH(LINES)
      ) u_ram (
          .i_clk  (i_clk),
          .i_we   (i_we),
          .i_waddr(i_addr),
          .i_wdata(i_wdata),
          .i_re   (i_re),
          .i_raddr(i_addr),
          .o_rdata(o_rdata)
      );
    end
  endgenerate
endmodule
`default_nettype wire
