// One block RAM of 512 bytes: the sequencer's registers, and from 256 on the frame that is sent.
// sequencer.asm says what lies where. What the board says of itself in INFO, and the constants
// that follow from it, are there from power-up on and never written. A reset leaves the
// memory as it is. What was read stays until the next read.

`default_nettype none

module link_memory #(
    parameter NEURONS = 256,
    parameter AXONS = 512,
    parameter SYNAPSES = 65536,
    parameter SLOTS = 64,
    parameter CORES = 1,
    parameter RX_BYTES = 512,
    parameter OUT_BYTES = 512,
    parameter MAX_BAUD = 3000000,
    parameter [63:0] BUILD = 64'd0,
    parameter [255:0] REGION_BYTES = 256'd0 // of a core: eight, region 0 lowest
) (
    input wire i_clk,

    input wire       i_write,
    input wire [8:0] i_waddr,
    input wire [7:0] i_wdata,
    input wire       i_read,
    input wire [8:0] i_raddr,
    output reg [7:0] o_rdata
);

    localparam [31:0] NEURONS_W = NEURONS, AXONS_W = AXONS, SYNAPSES_W = SYNAPSES, SLOTS_W = SLOTS,
        CORES_W = CORES, RX_W = RX_BYTES, OUT_W = OUT_BYTES, BAUD_W = MAX_BAUD, ROOM_W = OUT_BYTES - NEURONS,
        REGIONS_W = 8 * CORES;

    // INFO without its nonce, which is a register: the bytes before it from 0xBC on, those
    // after it from 0xC2 to the end.
    localparam [47:0] BEFORE = {CORES_W[7:0], 8'd1, "KPSI"};
    localparam [79:0] AFTER = {REGIONS_W[7:0], 8'd228, RX_W[15:0], SLOTS_W[15:0], AXONS_W[15:0], NEURONS_W[15:0]};

    // No byte is read while it is written: registers are read and written in different clocks,
    // and a frame is sent when it is written. Simulation would notice.
    (* no_rw_check *)
    reg [7:0] mem [0:511];

    integer i;
    initial begin
        for (i = 0; i < 512; i = i + 1) mem[i] = 8'd0;
        for (i = 0; i < 6; i = i + 1) mem[188 + i] = BEFORE[8*i +: 8];
        for (i = 0; i < 10; i = i + 1) mem[194 + i] = AFTER[8*i +: 8];
        for (i = 0; i < 4; i = i + 1) begin
            mem[204 + i] = SYNAPSES_W[8*i +: 8];
            mem[208 + i] = OUT_W[8*i +: 8];
            mem[212 + i] = BAUD_W[8*i +: 8];
        end
        for (i = 0; i < 8; i = i + 1) mem[216 + i] = BUILD[8*i +: 8];
        for (i = 0; i < 32; i = i + 1) mem[224 + i] = REGION_BYTES[8*i +: 8];
        mem[9'h30] = ROOM_W[7:0];
        mem[9'h31] = ROOM_W[15:8];
    end

    always @(posedge i_clk) begin
        if (i_write) mem[i_waddr] <= i_wdata;
`ifdef SYNTHESIS
        if (i_read) o_rdata <= mem[i_raddr];
`else
        if (i_read) o_rdata <= i_write && i_waddr == i_raddr ? ~i_wdata : mem[i_raddr];
`endif
    end

    wire unused = &{1'b0, NEURONS_W, AXONS_W, SLOTS_W, CORES_W, RX_W, ROOM_W, REGIONS_W};

endmodule

`default_nettype wire
