// What the sequencer has the core do, and the watchdog over it.
//
// i_clear and i_step are held up until o_done, which comes when the core is ready again;
// i_step first has the spikes written, and then the end of the tick by o_end. i_access and
// i_send are told apart only for the watchdog: whatever the core keeps waiting for 64
// ticks, it is stuck. o_stuck stays until i_mend, and o_core_rst resets the core as long.

`default_nettype none

module core_port (
    input wire i_clk,
    input wire i_rst,
    input wire i_tick,

    input wire  i_clear,
    input wire  i_step,
    output wire o_done,
    output reg  o_end,
    input wire  i_waiting, // for this or anything else of the core

    output reg o_stuck,
    input wire i_mend,

    // Core
    output wire o_core_rst,
    output reg  o_clear,
    output reg  o_step,
    input wire  i_busy,
    input wire  i_done,
    input wire  i_spike_valid
);

    localparam [2:0] IDLE = 3'd0, RUN = 3'd1, END = 3'd2, REST = 3'd3, CLEAR = 3'd4;
    reg [2:0] state;
    reg [6:0] waited;

    assign o_core_rst = i_rst || o_stuck;
    wire begin_clear = i_clear && state == IDLE && !i_busy;
    wire begin_step = i_step && state == IDLE && !i_busy;
    assign o_done = state == REST && !i_busy;

    always @(posedge i_clk) begin
        o_clear <= begin_clear && !o_core_rst;
        o_step <= begin_step && !o_core_rst;
        o_end <= state == END && !i_spike_valid && !o_end && !o_core_rst;
        case (state)
            IDLE: begin
                if (begin_step) state <= RUN;
                if (begin_clear) state <= CLEAR;
            end
            RUN: if (i_done) state <= END;
            END: if (o_end) state <= REST;
            REST: if (!i_busy) state <= IDLE;
            default: state <= REST;
        endcase

        if (!i_waiting) waited <= 7'd0;
        else if (i_tick) waited <= waited + 1'b1;
        if (waited[6] && i_waiting) o_stuck <= 1'b1;
        if (i_mend) o_stuck <= 1'b0;

        if (o_core_rst) begin
            state <= IDLE;
            waited <= 7'd0;
        end
        if (i_rst) o_stuck <= 1'b0;
    end

endmodule

`default_nettype wire
