// A core for the tests of the link: its spikes depend on every word of its memory and on
// every event and tick since the last clear, so that a command lost, repeated or out of
// order shows. targets/fpga/link/toy_test.go computes the same. It takes its time: every
// answer comes after a pseudo-random number of clocks.
//
// The first word of memory says how it behaves: bits 7..0 are the share of neurons that
// spike, in 1/256; bits 10..8, if not 0, silence every other 2^(n-1) ticks; bits 31..24, if
// bits 23..16 are 0x5A, break the core: 0xBB refuses the tables, 0xDA never ends an access to region 1, 0xDB a
// clear, 0xDC a step, 0xDD never takes an event.

`default_nettype none

module chip #(
    parameter NEURONS = 100,
    // Those of the real one, without a meaning here
    parameter CORES = 1,
    parameter AXONS = 0,
    parameter SYNAPSES = 0,
    parameter ROUTES = 0,
    parameter [0:0] SPRAM = 0,
    parameter [0:0] SERIAL = 0,
    parameter [0:0] SRM = 0
) (
    input wire i_clk,
    input wire i_rst,

    input wire        i_mem_valid,
    input wire        i_mem_write,
    input wire [31:0] i_mem_addr,
    input wire [31:0] i_mem_wdata,
    output reg        o_mem_ready,
    output reg [31:0] o_mem_rdata,

    input wire i_clear,

    input wire        i_event_valid,
    input wire [15:0] i_event_axon,
    output reg        o_event_ready,

    input wire        i_step,
    output wire       o_busy,
    output wire       o_spike_valid,
    output wire [15:0] o_spike_id,
    input wire        i_spike_ready,
    output reg        o_done,

    output wire       o_tables_ok,
    output reg [31:0] o_ticks,
    output reg [47:0] o_synops,
    output reg [47:0] o_spikes,
    output reg [47:0] o_cycles
);

    // Regions 0 to 6 have 4, 64, 128, 512, 0, 32 and 256 bytes.
    localparam [11:0] WORDS = 12'd249;
    localparam [31:0] LAST_ID = NEURONS - 1;
    wire [15:0] last = LAST_ID[15:0];

    reg [31:0] mem [0:1023];

    function [11:0] base(input [2:0] region);
        case (region)
            3'd0: base = 12'd0;
            3'd1: base = 12'd1;
            3'd2: base = 12'd17;
            3'd3: base = 12'd49;
            3'd4: base = 12'd177;
            3'd5: base = 12'd177;
            default: base = 12'd185;
        endcase
    endfunction

    function [31:0] mix(input [31:0] a, input [31:0] b);
        reg [31:0] m;
        begin
            m = (a ^ b) * 32'h9E3779B1;
            mix = m ^ (m >> 15);
        end
    endfunction

    function [31:0] roll(input [31:0] a);
        reg [31:0] r, s;
        begin
            r = a ^ (a << 13);
            s = r ^ (r >> 17);
            roll = s ^ (s << 5);
        end
    endfunction

    wire [31:0] first = mem[0];
    wire [7:0] fault = first[23:16] == 8'h5A ? first[31:24] : 8'd0;
    assign o_tables_ok = fault != 8'hBB;

    reg [15:0] noise;
    wire slow = noise[2:0] == 3'd0;

    localparam [2:0] IDLE = 3'd0, CLEAR = 3'd1, DRAW = 3'd2, SPIKE = 3'd3, DONE = 3'd4;
    reg [2:0] state;
    reg [11:0] at;
    reg [15:0] neuron;
    reg [15:0] events; // three times those for the coming tick
    reg [31:0] hash, draw, ticks;

    wire burst = first[10:8] == 3'd0 || ((ticks >> (first[10:8] - 3'd1)) & 32'd1) != 32'd0;
    wire [31:0] drawn = roll(draw);
    wire hit = drawn[7:0] < first[7:0] && burst;

    assign o_busy = state != IDLE;
    assign o_spike_valid = state == SPIKE;
    assign o_spike_id = neuron;

    wire [11:0] word = base(i_mem_addr[26:24]) + i_mem_addr[13:2];

    always @(posedge i_clk) begin
        noise <= {noise[14:0], noise[15] ^ noise[13] ^ noise[12] ^ noise[10]};
        o_mem_ready <= 1'b0;
        o_event_ready <= 1'b0;
        o_done <= 1'b0;
        if (state == DRAW || state == SPIKE) o_cycles <= o_cycles + 1'b1;

        if (i_mem_valid && !o_mem_ready && slow && !(fault == 8'hDA && i_mem_addr[26:24] == 3'd1)) begin
            o_mem_ready <= 1'b1;
            o_mem_rdata <= i_mem_write ? {noise, noise} : mem[word[9:0]];
            if (i_mem_write) mem[word[9:0]] <= i_mem_wdata;
        end
        if (i_event_valid && !o_event_ready && slow && fault != 8'hDD) begin
            o_event_ready <= 1'b1;
            hash <= mix(hash, {16'd1, i_event_axon});
            events <= events + 16'd3;
        end

        case (state)
            IDLE: begin
                at <= 12'd0;
                neuron <= 16'd0;
                if (i_clear) begin
                    state <= CLEAR;
                    hash <= 32'd1;
                    ticks <= 32'd0;
                    events <= 16'd0;
                end
                if (i_step) begin
                    state <= DRAW;
                    hash <= mix(hash, 32'hFFFF);
                    draw <= mix(hash, 32'hFFFF);
                    o_synops <= o_synops + {32'd0, events};
                    events <= 16'd0;
                end
            end
            CLEAR: if (fault != 8'hDB) begin
                hash <= mix(hash, mem[at[9:0]]);
                at <= at + 1'b1;
                if (at == WORDS - 1'b1) state <= IDLE;
            end
            DRAW: if (fault != 8'hDC && (neuron[1] || slow)) begin
                draw <= drawn;
                if (hit) state <= SPIKE;
                else if (neuron == last) state <= DONE;
                else neuron <= neuron + 1'b1;
            end
            SPIKE: if (i_spike_ready) begin
                o_spikes <= o_spikes + 1'b1;
                neuron <= neuron + 1'b1;
                state <= neuron == last ? DONE : DRAW;
            end
            default: if (slow) begin
                o_done <= 1'b1;
                o_ticks <= o_ticks + 1'b1;
                ticks <= ticks + 1'b1;
                state <= IDLE;
            end
        endcase

        if (i_rst) begin
            state <= IDLE;
            noise <= 16'd1;
            o_mem_ready <= 1'b0;
            o_event_ready <= 1'b0;
            o_ticks <= 32'd0;
            o_synops <= 48'd0;
            o_spikes <= 48'd0;
            o_cycles <= 48'd0;
        end
    end

    wire unused = &{1'b0, i_mem_addr, word, first, CORES[0], AXONS[0], SYNAPSES[0], ROUTES[0], SPRAM, SERIAL, SRM};

endmodule

`default_nettype wire
