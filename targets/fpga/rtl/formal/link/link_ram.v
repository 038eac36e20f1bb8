// A memory that may give anything, for proofs that do not depend on what it holds.

`default_nettype none

module link_ram #(
    parameter WIDTH = 8,
    parameter ADDR_BITS = 9
) (
    input wire                 i_clk,
    input wire                 i_write,
    input wire [ADDR_BITS-1:0] i_waddr,
    input wire [WIDTH-1:0]     i_wdata,
    input wire [ADDR_BITS-1:0] i_raddr,
    output wire [WIDTH-1:0]    o_rdata
);

    (* anyseq *) wire [WIDTH-1:0] any;
    assign o_rdata = any;

endmodule

`default_nettype wire
