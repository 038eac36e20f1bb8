// A block RAM with one write and one read port. The read is registered, and what a read
// gives of the word that is written in the same clock is not defined: every user states
// why it never looks at such a word. Simulation gives the wrong bits on purpose, as core/ram.v does.

`default_nettype none

module link_ram #(
    parameter WIDTH = 8,
    parameter ADDR_BITS = 9
) (
    input wire i_clk,

    input wire                 i_write,
    input wire [ADDR_BITS-1:0] i_waddr,
    input wire [WIDTH-1:0]     i_wdata,

    input wire [ADDR_BITS-1:0] i_raddr,
    output reg [WIDTH-1:0]     o_rdata
);

    (* no_rw_check *)
    reg [WIDTH-1:0] mem [0:(1<<ADDR_BITS)-1];

    always @(posedge i_clk) begin
        if (i_write) mem[i_waddr] <= i_wdata;
`ifdef SYNTHESIS
        o_rdata <= mem[i_raddr];
`else
        o_rdata <= i_write && i_waddr == i_raddr ? ~i_wdata : mem[i_raddr];
`endif
    end

endmodule

`default_nettype wire
