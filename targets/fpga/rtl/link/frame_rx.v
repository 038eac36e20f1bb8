// The receiving half of the framing: COBS, CRC and the receive buffer.
//
// A frame is decoded into a ring of 512 bytes as it arrives. When its end comes and all is
// right, it becomes a record: a byte n + 1, then the n bytes of the frame with its CRC.
// A damaged frame becomes a record of the single byte 0. Until then nothing of it can be
// seen, so what is dropped costs nothing. Damaged is: another CRC, an end within a COBS
// block, fewer than 13 bytes or more than 241, or no room. A good frame leaves a byte
// free, so the byte that fills the ring is a record of damage, and the frames that are lost
// after it need none of their own: the reader learns of every loss, after all that
// came before it.
//
// A frame in whose middle the line is silent for 32 to 33 ticks is over, damaged.
//
// The reader sees o_ready when there is a record, and in o_byte the byte at its place,
// from two clocks after the place moved. After i_free it
// is a clock until o_ready tells of the next. i_next moves it by one, i_skip by i_count,
// i_rewind to the record's begin. i_free drops everything before the place, which must be
// the end of the record.

`default_nettype none

module frame_rx #(
    parameter ADDR_BITS = 9
) (
    input wire i_clk,
    input wire i_rst,

    // Bytes from the line, at least 10 clocks apart
    input wire       i_valid,
    input wire [7:0] i_data,
    input wire       i_tick,

    // Reader
    output reg        o_ready,
    output wire [7:0] o_byte,
    input wire        i_next,
    input wire        i_skip,
    input wire [7:0]  i_count,
    input wire        i_rewind,
    input wire        i_free
);

    localparam [7:0] MIN = 8'd14, MAX = 8'd242; // of a frame with its record byte

    // COBS
    reg       any;   // a byte has arrived since the last delimiter
    reg       hurt;  // the frame is too long
    reg       zero;  // the block ends in a zero, unless the frame ends first
    reg [7:0] left;  // bytes of the block still to come
    reg [7:0] size;  // of the frame so far, with its record byte
    reg [5:0] silent;

    // Ring: records from first to base, then the frame that is arriving.
    reg [ADDR_BITS-1:0] first, base, place;

    wire delimiter = i_valid ? i_data == 8'd0 : silent[5];
    wire finish = delimiter && any;
    wire open = left != 8'd0;
    wire put = i_valid && i_data != 8'd0 && (open || zero);
    wire [7:0] value = open ? i_data : 8'd0;

    // What a byte finds is worked out before it comes. Room can only have grown since.
    wire [31:0] crc;
    reg [ADDR_BITS-1:0] spot; // of the next byte
    reg [ADDR_BITS-1:0] after; // a record of damage
    wire [ADDR_BITS-1:0] room = first - spot;
    reg good;  // an end here would be that of a good frame
    reg fits;  // there is room for one more byte of it
    reg spare; // there is room for a record of damage
    always @(posedge i_clk) begin
        good <= !hurt && !open && size >= MIN && crc == 32'hB798B438;
        fits <= (room[ADDR_BITS-1:2] != 0 || room[1:0] == 2'd3) && size != MAX;
        spare <= after != first;
        spot <= base + {{ADDR_BITS-8{1'b0}}, size};
        after <= base + 1'b1;
    end

    wire store = put && fits;
    wire record = finish && (good || spare);

    wire crc_busy;
`ifdef FORMAL
    wire [3:0] f_left;
`endif
    crc32c u_crc (
        .i_clk(i_clk), .i_rst(i_rst),
        .i_init(finish), .i_start(store), .i_plain(1'b0), .i_byte(value), .i_spin(1'b0),
`ifdef FORMAL
        .f_left(f_left),
`endif
        .o_busy(crc_busy), .o_crc(crc)
    );

    // The reader's place may be the byte that is written only when there is no record
    // yet, or past the record's end, and then nobody looks.
    link_ram #(.WIDTH(8), .ADDR_BITS(ADDR_BITS)) u_ring (
        .i_clk(i_clk),
        .i_write(store || record),
        .i_waddr(finish ? base : spot),
        .i_wdata(finish ? (good ? size : 8'd0) : value),
        .i_raddr(place), .o_rdata(o_byte)
    );

    always @(posedge i_clk) begin
        if (i_valid || !any) silent <= 6'd0;
        else if (i_tick) silent <= silent + 1'b1;

        if (i_valid) begin
            any <= 1'b1;
            if (open) left <= left - 1'b1;
            else begin
                left <= i_data - 1'b1;
                zero <= 1'b1;
            end
            if (store) size <= size + 1'b1;
            if (put && !store) hurt <= 1'b1;
        end
        if (delimiter) begin
            any <= 1'b0;
            hurt <= 1'b0;
            zero <= 1'b0;
            left <= 8'd0;
            size <= 8'd1;
        end
        if (record) base <= good ? spot : after;

        if (i_rewind) place <= first;
        else place <= place + {{ADDR_BITS-8{1'b0}}, i_skip ? i_count : {7'd0, i_next}};
        if (i_free) first <= place;
        o_ready <= base != first;

        if (i_rst) begin
            any <= 1'b0;
            hurt <= 1'b0;
            zero <= 1'b0;
            left <= 8'd0;
            size <= 8'd1;
            silent <= 6'd0;
            first <= 0;
            base <= 0;
            place <= 0;
            o_ready <= 1'b0;
        end
    end

    wire unused = &{1'b0, crc_busy};

`ifdef FORMAL
    // The other end of the ring and the bytes of the line are free, but for what the header asks:
    // bytes come 10 clocks apart at least, after a reset too, and the reader stays
    // within the record.
    reg [3:0] f_gap;
    initial f_gap = 4'd9;
    always @(posedge i_clk) f_gap <= i_valid || i_rst ? 4'd9 : f_gap == 0 ? 4'd0 : f_gap - 1'b1;
    always @* assume (!i_valid || f_gap == 0);

    reg f_past;
    initial f_past = 1'b0;
    always @(posedge i_clk) f_past <= 1'b1;
    always @* if (!f_past) assume (i_rst);

    // The ring: what is used, and the reader's place in it.
    wire [ADDR_BITS-1:0] f_used = base - first;
    wire [ADDR_BITS-1:0] f_place = place - first;
    always @* begin
        assume (!(i_rewind && (i_skip || i_next || i_free)));
        assume (!(i_skip && i_next));
        if (i_next) assume (f_place < f_used);
        if (i_skip) assume ({1'b0, f_place} + {2'b0, i_count} <= {1'b0, f_used});
        if (i_free) assume (!i_skip && !i_next);
    end

    always @(posedge i_clk) if (f_past && !i_rst) begin
        // Nothing in use is written over, and the byte at base stays free.
        f_room: assert (size == 1 || {1'b0, f_used} + {2'b0, size} <= 510);
        f_keeps: assert (!store || {1'b0, f_used} + {2'b0, size} < 511);
        f_base: assert (!record || f_used != 511);
        f_reader: assert (f_place <= f_used);

        // What the decoder holds.
        f_size: assert (size >= 1 && size <= MAX);
        f_any: assert (any || (size == 1 && left == 0 && !zero && !hurt && crc == 32'hFFFFFFFF && f_left == 0));
        f_first: assert (any == zero && (any || left == 0));
        f_busy: assert (crc_busy == (f_left != 0) && f_left <= 8);
        f_crc_free: assert (!(crc_busy && (store || finish))); // crc32c's contract
        f_pace: assert (f_left == 0 || f_left < f_gap);
        f_silent: assert ((silent <= 32 || (silent == 33 && !any)) && (f_gap == 0 || {1'b0, silent} + f_gap <= 9));
        f_good: assert (f_gap != 0 || !any || good == (!hurt && !open && size >= MIN && crc == 32'hB798B438));
        f_fits: assert (f_gap != 0 || !any || !fits || ({1'b0, f_used} + {2'b0, size} <= 509 && size != MAX));
        f_spare: assert (f_gap != 0 || !any || !spare || f_used != 511);
        f_spot: assert (f_gap >= 8 || !any || (spot == base + size && after == base + 9'd1));

        // A record of a frame is one of the right CRC, whole and of a size that there is.
        if (record && good) begin
            f_good_crc: assert (crc == 32'hB798B438 && !crc_busy);
            f_good_size: assert (size >= 14 && size <= 242 && left == 0 && !hurt);
        end

        // From any state, a delimiter brings the decoder back to its beginning, and so does silence.
        if ($past(i_valid && i_data == 0 && !i_rst)) f_back: assert (!any && !hurt && !zero && left == 0 && size == 1 && crc == 32'hFFFFFFFF);
        if ($past(silent[5] && any && !i_valid && !i_rst)) f_quiet: assert (!any);

        // The end of a frame is a record, or the reader has one of damage to come yet.
        if (finish && !record && !$past(i_rst)) f_told: assert ($past(after == first) && after == base + 9'd1);
    end

    // It can be done: a frame is accepted.
    always @(posedge i_clk) f_accepts: cover (f_past && !i_rst && record && !good && f_used > 2);
`endif

endmodule

`default_nettype wire
