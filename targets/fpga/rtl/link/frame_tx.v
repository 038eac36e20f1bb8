// The sending half of the framing: COBS and two frames of buffer, so that the next frame
// can be made while one is on the line.
//
// i_begin starts a frame afresh, i_put appends a byte, i_end hands the frame over; i_put and
// i_end may come only while o_ready. The code byte of a block is written when its end is
// known, in place of the zero that ends it. A frame has 1 to 253 bytes, so no code is 0xFF,
// and the first zero in the buffer is the delimiter after it.

`default_nettype none

module frame_tx (
    input wire i_clk,
    input wire i_rst,

    // Writer
    input wire       i_begin,
    input wire       i_put,
    input wire [7:0] i_byte,
    input wire       i_end,
    output wire      o_ready,

    // Bytes for the line
    output wire       o_valid,
    output wire [7:0] o_data,
    input wire        i_taken,

    output wire o_idle
);

    // Writer
    reg       bank;   // that is being written
    reg [1:0] full;   // banks handed over
    reg [7:0] fill;   // next free byte
    reg [7:0] code;   // place of the code byte of the block
    reg       ending; // the delimiter is to be written

    wire zero = i_byte == 8'd0;
    wire close = i_end || (i_put && zero); // the block ends

    assign o_ready = !full[bank] && !ending;

    // Sender
    localparam [1:0] IDLE = 2'd0, LEAD = 2'd1, LOAD = 2'd2, SEND = 2'd3;
    reg [1:0] state;
    reg       turn;   // bank that is being sent
    reg [7:0] at;
    wire [7:0] data;

    assign o_valid = state == LEAD || state == SEND;
    assign o_data = state == SEND ? data : 8'd0;
    assign o_idle = state == IDLE && full == 2'd0;

    // The sender looks only at a bank that the writer has left.
    link_ram #(.WIDTH(8), .ADDR_BITS(9)) u_buffer (
        .i_clk(i_clk),
        .i_write(close || i_put || ending),
        .i_waddr({bank, close ? code : fill}),
        .i_wdata(ending ? 8'd0 : close ? fill - code : i_byte),
        .i_raddr({turn, at}), .o_rdata(data)
    );

    always @(posedge i_clk) begin
        if (i_put) begin
            fill <= fill + 1'b1;
            if (zero) code <= fill;
        end
        if (i_begin || ending) begin
            fill <= 8'd1;
            code <= 8'd0;
        end
        ending <= i_end;
        if (ending) begin
            full[bank] <= 1'b1;
            bank <= !bank;
        end

        case (state)
            IDLE: begin
                at <= 8'd0;
                if (full[turn]) state <= LEAD;
            end
            LEAD: if (i_taken) state <= SEND;
            LOAD: state <= SEND;
            SEND: if (i_taken) begin
                at <= at + 1'b1;
                state <= LOAD;
                if (data == 8'd0) begin
                    full[turn] <= 1'b0;
                    turn <= !turn;
                    state <= IDLE;
                end
            end
        endcase

        if (i_rst) begin
            bank <= 1'b0;
            full <= 2'd0;
            fill <= 8'd1;
            code <= 8'd0;
            ending <= 1'b0;
            state <= IDLE;
            turn <= 1'b0;
            at <= 8'd0;
        end
    end

endmodule

`default_nettype wire
