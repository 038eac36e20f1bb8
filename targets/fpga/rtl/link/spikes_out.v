// The output spike stream: writes the spikes of a tick, which ascend, and the end of the
// tick into the output ring. Bytes 0 to 253 pass that many neurons over and spike, 254
// passes 254 over, 255 ends the tick. The writer of RUN has made sure that a tick fits.
//
// o_head is the low part of the stream's length. The reader moves its place by i_next, and sets
// it with i_seek_low and i_seek_high; o_byte is the byte there, from two clocks later on.
// i_clear makes both 0.

`default_nettype none

module spikes_out #(
    parameter NEURONS = 256,
    parameter ADDR_BITS = 9 // of the ring, 8 to 15
) (
    input wire i_clk,
    input wire i_rst,

    // Core
    input wire        i_valid,
    input wire [15:0] i_id,
    output wire       o_ready,
    output wire       o_held, // the last spike is still to be written
    input wire        i_end,  // of the tick, when none is

    // Reader
    input wire         i_clear,
    output wire [15:0] o_head,
    input wire         i_seek_low,
    input wire         i_seek_high,
    input wire [7:0]   i_place,
    input wire         i_next,
    output wire [7:0]  o_byte
);

    parameter BITS = $clog2(NEURONS + 1); // derived
    localparam [31:0] SKIP = 254;

    reg [BITS-1:0] low;   // the lowest id that can still spike, after the spikes that have a gap
    reg [15:0]     head;
    reg [15:0]     place;

    // A spike is taken, then its gap is found, then that is written.
    reg taken, found;
    reg [BITS-1:0] id, gap;
    wire far;
    wire find = taken && !(found && far);
    wire [7:0] byte_;
    generate
        if (BITS > 8) assign far = gap[BITS-1:8] != 0 || gap[7:1] == SKIP[7:1];
        else assign far = 1'b0;
        if (BITS < 8) assign byte_ = {{8-BITS{1'b0}}, gap};
        else assign byte_ = gap[7:0];
    endgenerate

    assign o_ready = !taken;
    assign o_held = taken || found;
    assign o_head = head;

    // Nothing is read during a tick.
    link_ram #(.WIDTH(8), .ADDR_BITS(ADDR_BITS)) u_ring (
        .i_clk(i_clk),
        .i_write(found || i_end),
        .i_waddr(head[ADDR_BITS-1:0]),
        .i_wdata(i_end ? 8'd255 : far ? SKIP[7:0] : byte_),
        .i_raddr(place[ADDR_BITS-1:0]), .o_rdata(o_byte)
    );

    always @(posedge i_clk) begin
        if (!taken) id <= i_id[BITS-1:0];
        if (find) low <= id + 1'b1;
        gap <= found && far ? gap - SKIP[BITS-1:0] : id - low;
        taken <= taken ? !find : i_valid;
        found <= find || (found && far);
        if (i_end || i_rst) low <= 0;
        if (i_rst) {taken, found} <= 2'd0;

        if (found || i_end) head <= head + 1'b1;
        if (i_next) place <= place + 1'b1;
        if (i_clear) begin
            head <= 16'd0;
            place <= 16'd0;
        end
        if (i_seek_low) place[7:0] <= i_place;
        if (i_seek_high) place[15:8] <= i_place;
    end

    wire unused = &{1'b0, i_id, place};

endmodule

`default_nettype wire
