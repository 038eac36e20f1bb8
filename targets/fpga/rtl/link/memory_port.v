// The core's memory bus, seen through 8 bits. Address and data are shifted in a byte at a
// time, lowest first; after an access the address is that of the next word, and what
// was read is shifted out, lowest byte first.
//
// i_access holds an access up until o_done, the clock after which it must be over. It must
// not begin while the core is busy.

`default_nettype none

module memory_port (
    input wire i_clk,

    input wire       i_shift_address,
    input wire       i_shift_data,
    input wire       i_next, // the byte in o_byte has been taken
    input wire [7:0] i_byte,
    output wire [7:0] o_byte,

    input wire  i_access,
    input wire  i_write,
    output wire o_done,

    // Core
    output reg         o_mem_valid,
    output reg         o_mem_write,
    output wire [31:0] o_mem_addr,
    output wire [31:0] o_mem_wdata,
    input wire         i_mem_ready,
    input wire [31:0]  i_mem_rdata
);

    reg [31:0] address;
    reg [31:0] data;

    assign o_byte = data[7:0];
    assign o_done = o_mem_valid && i_mem_ready;
    assign o_mem_addr = address;
    assign o_mem_wdata = data;

    always @(posedge i_clk) begin
        o_mem_valid <= i_access && !o_done;
        o_mem_write <= i_write;
        if (i_shift_address) address <= {i_byte, address[31:8]};
        else address[23:2] <= address[23:2] + {21'd0, o_done};

        if (i_shift_data || i_next) data <= {i_byte, data[31:8]};
        else if (o_done) data <= i_mem_rdata;
    end

endmodule

`default_nettype wire
