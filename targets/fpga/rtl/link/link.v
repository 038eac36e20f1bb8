// The board's side of the serial protocol (docs/protocol.md), between the two pins of the
// line and the core (chip.v).
//
// Three parts work at the same time: frame_rx takes frames from the line into the receive
// buffer, sequencer executes them, frame_tx sends the replies.
//
// The core's memory bus is used only while i_busy is 0. i_mem_ready ends an access, at
// any time, with i_mem_rdata valid. o_clear and o_step are pulses; i_busy is high from the
// clock after until the core is ready. Spikes of a step ascend; i_done comes after the last.

`default_nettype none

module link #(
    parameter DIVIDER = 12,  // clocks a bit of the line after a reset, 4 to 4096
    parameter TICK_BITS = 16, // the time base: 2^TICK_BITS clocks

    // For INFO
    parameter NEURONS = 256,
    parameter AXONS = 512,
    parameter SYNAPSES = 65536,
    parameter SLOTS = 64,
    parameter CORES = 1,
    parameter OUT_BITS = 9, // the output ring has 2^OUT_BITS bytes, more than NEURONS
    parameter MAX_BAUD = 3000000,
    parameter [63:0] BUILD = 64'd0,
    parameter [255:0] REGION_BYTES = 256'd0
) (
    input wire i_clk,
    input wire i_rst,

    // Line
    input wire  i_rx,
    output wire o_tx,

    output wire o_tick, // a pulse of the time base
    output wire o_idle, // nothing arrives, nothing is executed, nothing is sent

    // Core
    output wire        o_core_rst,
    output wire        o_mem_valid,
    output wire        o_mem_write,
    output wire [31:0] o_mem_addr,
    output wire [31:0] o_mem_wdata,
    input wire         i_mem_ready,
    input wire [31:0]  i_mem_rdata,
    output wire        o_clear,
    output wire        o_event_valid,
    output wire [15:0] o_event_axon,
    input wire         i_event_ready,
    output wire        o_step,
    input wire         i_busy,
    input wire         i_done,
    input wire         i_spike_valid,
    input wire [15:0]  i_spike_id,
    output wire        o_spike_ready,
    input wire         i_tables_ok,
    input wire [47:0]  i_synops,
    input wire [47:0]  i_spikes,
    input wire [47:0]  i_cycles
);

    localparam RX_BITS = 9;

    // Time base
    reg [TICK_BITS:0] timer;
    assign o_tick = timer[TICK_BITS];
    always @(posedge i_clk) begin
        timer <= {1'b0, timer[TICK_BITS-1:0]} + 1'b1;
        if (i_rst) timer <= 0;
    end

    // What the sequencer's word asks for, and may have to wait for, is found while its operand is read:
    // an out names a unit and an action in it.
    wire execute, out, in, go;
    wire [12:0] word;
    wire [7:0] a, b, x;
    wire [2:0] push;
    reg [5:1] misc;
    reg [2:0] rx, tx, pushes;
    reg [3:0] mem;
    reg [4:0] core;
    reg [7:5] takes;
    reg for_crc, for_core;
    always @(posedge i_clk) begin
        misc <= {5{out && word[8]}} & word[5:1];
        rx <= {3{out && word[9]}} & word[2:0];
        tx <= {3{out && word[10]}} & word[2:0];
        mem <= {4{out && word[11]}} & word[3:0];
        core <= {5{out && word[12]}} & word[4:0];
        takes <= {3{in}} & word[7:5];
        pushes <= push;
        for_crc <= push != 3'd0 || (out && word[10] && !word[1]) || (in && (word[4:0] == 5'd3 || word[6] || word[7]));
        for_core <= out && ((word[11] && word[2]) || (word[12] && (word[2] || word[3] || word[4])));
    end

    // It becomes strobes. Levels last until the unit is done, the others one clock: the one that is the
    // instruction's last, for reasons of their own, since go is late. What is read of the ring
    // or of data is sent.
    wire tx_idle, crc_busy;
    reg crc_moved, tables_ok;
    always @(posedge i_clk) begin
        crc_moved <= crc_busy;
        tables_ok <= i_tables_ok;
    end
    wire crc_wait = crc_busy || crc_moved; // its byte is at the port a clock later
    reg core_done; // what the word asks of the core is done

    wire do_wait = execute && misc[1];      // level
    wire do_mend = execute && misc[2];
    wire do_seek_low = execute && misc[3];
    wire do_seek_high = execute && misc[4];
    wire do_empty = execute && misc[5];

    wire do_rewind = execute && rx[0];
    wire do_skip = execute && rx[1];
    wire do_free = execute && rx[2];

    wire do_begin = execute && tx[0] && tx_idle && !crc_wait; // of a frame, and of a CRC
    wire do_end = execute && tx[1];
    wire do_put = execute && (pushes[0] || pushes[1]) && !crc_wait;
    wire do_crc = execute && (pushes[0] || pushes[2]) && !crc_wait;
    wire do_shift = execute && (pushes[1] || tx[2]) && !crc_wait;

    wire do_address = execute && mem[0];
    wire do_data = execute && mem[1];
    wire do_access = execute && mem[2] && !core_done; // level
    wire do_write = execute && mem[3];

    wire do_restart = execute && core[0];
    wire do_add = execute && core[1];
    wire do_event = execute && core[2] && !core_done; // level
    wire do_clear = execute && core[3] && !core_done; // level
    wire do_step = execute && core[4] && !core_done;  // level

    wire take_rx = execute && takes[5];
    wire take_ring = execute && takes[6] && !crc_wait;
    wire take_data = execute && takes[7] && !crc_wait;

    // Line in
    wire rx_valid, rx_busy, rx_ready;
    wire [7:0] rx_byte, rx_data;
    wire [11:0] line_full;
    uart_rx #(.DIVIDER(DIVIDER)) u_uart_rx (
        .i_clk(i_clk), .i_rst(i_rst),
        .i_rx(i_rx), .o_valid(rx_valid), .o_byte(rx_byte), .o_busy(rx_busy), .o_full(line_full)
    );
    frame_rx #(.ADDR_BITS(RX_BITS)) u_frame_rx (
        .i_clk(i_clk), .i_rst(i_rst),
        .i_valid(rx_valid), .i_data(rx_byte), .i_tick(o_tick),
        .o_ready(rx_ready), .o_byte(rx_data), .i_next(take_rx), .i_skip(do_skip), .i_count(a),
        .i_rewind(do_rewind), .i_free(do_free)
    );

    // Line out. While the board waits for a frame, the CRC's register runs as a clock.
    wire tx_write, tx_ask, ram_free, line_valid, line_ready;
    wire [7:0] tx_waddr, tx_wdata, tx_raddr, ram_rdata, line_byte;
    wire [31:0] crc;
    frame_tx u_frame_tx (
        .i_clk(i_clk), .i_rst(i_rst),
        .i_begin(do_begin), .i_put(do_put), .i_byte(b), .i_end(do_end), .o_idle(tx_idle),
        .o_write(tx_write), .o_waddr(tx_waddr), .o_wdata(tx_wdata),
        .o_ask(tx_ask), .o_raddr(tx_raddr), .i_grant(ram_free), .i_rdata(ram_rdata),
        .o_valid(line_valid), .o_data(line_byte), .i_ready(line_ready)
    );
    uart_tx #(.DIVIDER(DIVIDER)) u_uart_tx (
        .i_clk(i_clk), .i_rst(i_rst),
        .i_valid(line_valid), .i_byte(line_byte), .o_ready(line_ready), .i_full(line_full), .o_tx(o_tx)
    );
    crc32c u_crc (
        .i_clk(i_clk), .i_rst(i_rst),
        .i_init(do_begin), .i_start(do_crc || do_shift), .i_plain(do_shift), .i_byte(b),
        .i_spin(do_wait && !crc_busy), .o_busy(crc_busy), .o_crc(crc)
    );

    // Core
    wire spike_held, stuck, port_done, mem_done, event_sent, past, tick_end;
    wire [7:0] mem_byte, ring_byte;
    wire [15:0] head;
    wire core_level = execute && for_core && !core_done;
    always @(posedge i_clk) core_done <= !i_rst && !go && (core_done || mem_done || event_sent || port_done);
    core_port u_core_port (
        .i_clk(i_clk), .i_rst(i_rst), .i_tick(o_tick),
        .i_clear(do_clear), .i_step(do_step), .o_done(port_done), .o_end(tick_end), .i_waiting(core_level),
        .o_stuck(stuck), .i_mend(do_mend),
        .o_core_rst(o_core_rst), .o_clear(o_clear), .o_step(o_step),
        .i_busy(i_busy), .i_done(i_done), .i_spike_valid(i_spike_valid || spike_held)
    );
    memory_port u_memory_port (
        .i_clk(i_clk),
        .i_shift_address(do_address), .i_shift_data(do_data), .i_next(take_data), .i_byte(a), .o_byte(mem_byte),
        .i_access(do_access && !i_busy), .i_write(do_write), .o_done(mem_done),
        .o_mem_valid(o_mem_valid), .o_mem_write(o_mem_write), .o_mem_addr(o_mem_addr), .o_mem_wdata(o_mem_wdata),
        .i_mem_ready(i_mem_ready), .i_mem_rdata(i_mem_rdata)
    );
    events_in #(.AXONS(AXONS)) u_events_in (
        .i_clk(i_clk),
        .i_clear(do_restart), .i_add(do_add), .i_count(a), .i_send(do_event), .o_sent(event_sent), .o_past(past),
        .o_valid(o_event_valid), .o_axon(o_event_axon), .i_ready(i_event_ready)
    );
    spikes_out #(.NEURONS(NEURONS), .ADDR_BITS(OUT_BITS)) u_spikes_out (
        .i_clk(i_clk), .i_rst(o_core_rst),
        .i_valid(i_spike_valid), .i_id(i_spike_id), .o_ready(o_spike_ready), .o_held(spike_held), .i_end(tick_end),
        .i_clear(do_empty), .o_head(head), .i_seek_low(do_seek_low), .i_seek_high(do_seek_high), .i_place(a),
        .i_next(take_ring), .o_byte(ring_byte)
    );

    // Ports: those of a unit, then the low bytes of the counters; the sequencer counts on.
    reg [7:0] port;
    always @* begin
        case (word[4:0])
            5'd0: port = rx_data;
            5'd1: port = ring_byte;
            5'd2: port = mem_byte;
            5'd3: port = ~crc[7:0];
            5'd4: port = x;
            5'd5: port = head[7:0];
            5'd6: port = head[15:8];
            5'd16: port = i_synops[7:0];
            5'd17: port = i_synops[15:8];
            5'd18: port = i_synops[23:16];
            5'd20: port = i_spikes[7:0];
            5'd21: port = i_spikes[15:8];
            5'd22: port = i_spikes[23:16];
            5'd24: port = i_cycles[7:0];
            5'd25: port = i_cycles[15:8];
            5'd26: port = i_cycles[23:16];
            default: port = 8'dx;
        endcase
    end

    wire hold = (misc[1] && !rx_ready) || (tx[0] && !tx_idle) || (for_crc && crc_wait) || (for_core && !core_done);

    reg restart;
    always @(posedge i_clk) restart <= i_rst || (stuck && core_level);

    wire ram_read, ram_write;
    wire [7:0] ram_addr;
    sequencer u_sequencer (
        .i_clk(i_clk), .i_rst(restart),
        .o_ram_read(ram_read), .o_ram_free(ram_free), .o_ram_write(ram_write), .o_ram_addr(ram_addr), .i_ram_rdata(ram_rdata),
        .o_execute(execute), .o_out(out), .o_in(in), .o_push(push), .o_word(word), .o_go(go), .i_wait(hold), .i_port(port),
        .i_flags({stuck, tables_ok, past}),
        .o_a(a), .o_b(b), .o_x(x)
    );
    link_memory #(
        .NEURONS(NEURONS), .AXONS(AXONS), .SYNAPSES(SYNAPSES), .SLOTS(SLOTS), .CORES(CORES), .RX_BYTES(1 << RX_BITS),
        .OUT_BYTES(1 << OUT_BITS), .MAX_BAUD(MAX_BAUD), .BUILD(BUILD), .REGION_BYTES(REGION_BYTES)
    ) u_memory (
        .i_clk(i_clk),
        .i_write((ram_write || tx_write) && !i_rst), // at power-up either may be anything
        .i_waddr(tx_write ? {1'b1, tx_waddr} : {1'b0, ram_addr}), .i_wdata(tx_write ? tx_wdata : a),
        .i_read(ram_read || (tx_ask && ram_free)), .i_raddr(ram_read ? {1'b0, ram_addr} : {1'b1, tx_raddr}), .o_rdata(ram_rdata)
    );

    wire rest = do_wait && !rx_ready && !rx_busy && !rx_valid && tx_idle && line_ready;
    reg rested; // o_ready of a frame is a clock late
    always @(posedge i_clk) rested <= rest;
    assign o_idle = rest && rested;

    wire unused = &{1'b0, crc[31:8], i_synops[47:24], i_spikes[47:24], i_cycles[47:24]};

endmodule

`default_nettype wire
