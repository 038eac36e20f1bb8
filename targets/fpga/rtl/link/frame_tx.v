// The sending half of the framing: COBS, in a buffer of one frame of 256 bytes, which lies in a
// memory that is shared.
//
// While o_idle, i_begin starts a frame, i_put appends a byte, and i_end sends it. The code
// byte of a block is written when its end is known, in place of the zero that ends it. A
// frame has 1 to 253 bytes, so no code is 0xFF, and the first zero in the buffer is the
// delimiter after it, which is written in the clock after i_end.
//
// A byte is read when i_grant answers o_ask, and is there in the clock after that alone.

`default_nettype none

module frame_tx (
    input wire i_clk,
    input wire i_rst,

    // Writer
    input wire       i_begin,
    input wire       i_put,
    input wire [7:0] i_byte,
    input wire       i_end,
    output wire      o_idle,

    // Buffer
    output wire       o_write,
    output wire [7:0] o_waddr,
    output wire [7:0] o_wdata,
    output wire       o_ask,
    output wire [7:0] o_raddr,
    input wire        i_grant,
    input wire [7:0]  i_rdata,

    // Line: a byte is taken in a clock with o_valid and i_ready
    output wire       o_valid,
    output wire [7:0] o_data,
    input wire        i_ready
);

    localparam [2:0] IDLE = 3'd0, END = 3'd1, LEAD = 3'd2, ASK = 3'd3, GIVE = 3'd4;
    reg [2:0] state;
    reg [7:0] at;   // next free byte, or the next to be sent
    reg [7:0] code; // place of the code byte of the block

    wire zero = i_byte == 8'd0;
    wire close = i_end || zero; // the block ends

    assign o_idle = state == IDLE;
    assign o_write = i_put || i_end || state == END;
    assign o_waddr = close && state != END ? code : at;
    assign o_wdata = state == END ? 8'd0 : close ? at - code : i_byte;
    assign o_ask = state == ASK && i_ready;
    assign o_raddr = at;
    assign o_valid = state == LEAD || state == GIVE;
    assign o_data = state == LEAD ? 8'd0 : i_rdata;

    always @(posedge i_clk) begin
        case (state)
            IDLE: begin
                if (i_put) begin
                    at <= at + 1'b1;
                    if (zero) code <= at;
                end
                if (i_begin) begin
                    at <= 8'd1;
                    code <= 8'd0;
                end
                if (i_end) state <= END;
            end
            END: state <= LEAD;
            LEAD: begin
                at <= 8'd0;
                if (i_ready) state <= ASK;
            end
            ASK: if (i_ready && i_grant) state <= GIVE;
            default: begin
                at <= at + 1'b1;
                state <= i_rdata == 8'd0 ? IDLE : ASK;
            end
        endcase
        if (i_rst) state <= IDLE;
    end

`ifdef FORMAL
    // The buffer, as far as the proof needs it: one byte of it, anywhere.
    (* anyconst *) wire [7:0] f_addr;
    reg [7:0] f_byte;   // in the buffer at f_addr
    reg [7:0] f_read;   // the address that was read last
    reg [7:0] f_wrote;  // bytes put into the frame
    reg f_past, f_open; // a frame has been begun
    initial f_past = 1'b0;
    always @* if (!f_past) assume (i_rst);
    always @* begin
        assume (!((i_begin || i_put || i_end) && !o_idle));
        assume (i_begin + i_put + i_end <= 2'd1);
        assume (!((i_put || i_end) && !f_open));
        assume (!(i_put && f_wrote == 8'd253));
        if (state == GIVE && f_read == f_addr) assume (i_rdata == f_byte);
    end
    always @(posedge i_clk) begin
        f_past <= 1'b1;
        if (o_write && o_waddr == f_addr) f_byte <= o_wdata;
        if (o_ask && i_grant) f_read <= o_raddr;
        if (i_begin) f_wrote <= 8'd0;
        if (i_put) f_wrote <= f_wrote + 1'b1;
        f_open <= !i_rst && (i_begin || (f_open && !i_end));
        if (f_past && !i_rst) begin
            f_state: assert (state <= GIVE && !(f_open && !o_idle) && (!f_open || f_wrote <= 253));
            if (o_idle && f_open) begin
                f_at: assert (at == f_wrote + 8'd1 && code < at); // so at <= 254: no wrap
                // Every byte so far but the code of the open block is in place and not zero.
                if (f_addr < at && f_addr != code) f_filled: assert (f_byte != 8'd0);
            end
            // What is sent is in the buffer up to a zero, so that it ends.
            if (state == GIVE) f_place: assert (f_read == at);
        end
    end
`endif

endmodule

`default_nettype wire
