// A small processor that runs the board's side of the protocol: the program is
// sequencer.asm, its registers are in link_memory. An instruction takes two clocks, one to
// read its operand and one to execute, and stays in the second while i_wait.
//
//   15 14 13 | 12 11 10   9   8 | 7 … 0
//   0  s  s  |  function  n   + | operand   a = function(a, operand)
//   1  0  0  |                x | address   memory = a
//   1  0  1  |  unit            | action    out: one bit each
//   1  1  0  | if condition   target        jump when condition = if
//   1  1  1  | kind           target        call, return, jump, loop
//
// s: immediate, memory, memory at x, port. n: a stays as it is. +: the result goes to x
// (immediate, memory), or x is stepped (the others). x: the address is x, which is stepped.
// Functions: 0 load, 1 xor, 2 and, 4 add, 6 subtract; carry is 1 when a subtraction does
// not borrow; the others leave carry alone. Load, xor and and whose result goes nowhere
// hand their operand to the outside (o_push). Conditions: flag 0, zero, carry, a[7], x = 0,
// x a multiple of 4, flag 1, flag 2; the flags are from outside.
//
// Numbers of four bytes, which lie at multiples of 4, are worked on in loops: the counter of
// the loop instruction, 0 otherwise, is the lowest part of every memory address that is
// not x. While it is not 0, add and subtract use the carry and leave zero set only if it
// was, and the others leave zero alone. Load and xor of an immediate always do.

`default_nettype none

module sequencer (
    input wire i_clk,
    input wire i_rst, // restarts the program; a, x and the flags hold anything

    // Registers: read when o_ram_read, and then left alone until o_ram_free
    output wire       o_ram_read,
    output wire       o_ram_free,
    output wire       o_ram_write,
    output wire [7:0] o_ram_addr,
    input wire [7:0]  i_ram_rdata,

    // Outside: the instruction, known a clock before o_execute: whether it is an out, reads a port,
    // or hands its operand over
    output wire        o_execute,
    output wire        o_out,
    output wire        o_in,
    output wire [2:0]  o_push, // by and, xor, load
    output wire [12:0] o_word,
    output wire        o_go, // last clock of the instruction
    input wire         i_wait,
    input wire [7:0]   i_port,
    input wire [2:0]   i_flags,

    output wire [7:0] o_a,
    output wire [7:0] o_b, // operand
    output wire [7:0] o_x
);

    localparam [2:0] IMMEDIATE = 3'd0, MEMORY = 3'd1, INDEXED = 3'd2, PORT = 3'd3, STORE = 3'd4, OUT = 3'd5, JUMP = 3'd6, FLOW = 3'd7;

    reg execute;
    reg [7:0] early; // operand that is not from memory, taken while memory is read
    reg stored;      // the operand is from memory
    reg [7:0] a, x;
    reg carry, zero;
    reg [7:0] last;         // the result of which zero is still to be found,
    reg judge, with_before; // when it is to be found, and whether zero stays 0 if it was
    reg [8:0] pc, back, back2;
    reg [1:0] lane;

    wire [15:0] word;
    wire [2:0] kind = word[15:13];
    wire go = execute && !i_wait;

    // Operand and result
    wire compute = !word[15];
    wire indexed = kind == INDEXED || (kind == STORE && word[8]);
    wire [7:0] b = stored ? i_ram_rdata : early;
    wire subtract = word[11];
    wire inner = lane != 2'd0;
    wire [7:0] addend = subtract ? ~b : b;
    wire [8:0] sum = {1'b0, a} + {1'b0, addend} + {8'd0, inner ? carry : subtract};
    wire [7:0] bits = word[11] ? a & b : word[10] ? a ^ b : b;
    wire [7:0] result = word[12] ? sum[7:0] : bits;
    wire step = word[8] && (kind == INDEXED || kind == PORT || kind == STORE);

    assign o_ram_read = !execute;
    assign o_ram_free = execute && (go || word[15] || word[14] == word[13]);
    assign o_ram_addr = indexed ? x : {word[7:2], word[1:0] | lane};
    assign o_ram_write = execute && kind == STORE && !i_rst; // execute is anything at power-up

    wire push = compute && word[9] && !word[12] && !(word[8] && !step);
    assign o_execute = execute;
    assign o_out = kind == OUT;
    assign o_in = kind == PORT;
    assign o_push = {push && word[11], push && word[10], push && !word[11] && !word[10]};
    assign o_word = word[12:0];
    assign o_go = go;
    assign o_a = a;
    assign o_x = x;
    assign o_b = b;

    // Flow
    wire none = last == 8'd0 && (zero || !with_before);
    reg condition;
    always @* begin
        case (word[11:9])
            3'd1: condition = judge ? none : zero;
            3'd2: condition = carry;
            3'd3: condition = a[7];
            3'd4: condition = x == 8'd0;
            3'd5: condition = x[1:0] == 2'd0;
            3'd6: condition = i_flags[1];
            3'd7: condition = i_flags[2];
            default: condition = i_flags[0];
        endcase
    end
    wire call = kind == FLOW && word[12:11] == 2'd0;
    wire return_ = kind == FLOW && word[12:11] == 2'd1;
    wire loop = kind == FLOW && word[12:11] == 2'd3;
    wire taken = (kind == FLOW && !(loop && lane == 2'd3)) || (kind == JUMP && condition == word[12]);
    wire [8:0] next = pc + 1'b1;
    reg [8:0] target; // of the instruction after this one; found while the operand is read
    always @(posedge i_clk) if (!execute) target <= return_ ? back : taken ? word[8:0] : next;

    sequencer_rom u_rom (
        .i_clk(i_clk), .i_read(go || i_rst), .i_addr(i_rst ? 9'd0 : target), .o_word(word)
    );

    always @(posedge i_clk) begin
        execute <= !execute || i_wait;
        early <= kind == PORT ? i_port : word[7:0];
        stored <= kind == MEMORY || kind == INDEXED;
        if (go) pc <= target;
        last <= result;
        with_before <= inner;
        judge <= go && compute && (word[12] || (!inner && (word[11] || kind != IMMEDIATE)));
        if (judge) zero <= none;
        if (go) begin
            if (call) begin
                back <= next;
                back2 <= back;
            end
            if (return_) back <= back2;
            if (loop) lane <= lane + 1'b1;
            if (compute) begin
                if (!word[9]) a <= result;
                if (word[12]) carry <= sum[8];
            end
            if (compute && word[8] && !step) x <= result;
            else if (step) x <= x + 1'b1;
        end
        if (i_rst) begin
            execute <= 1'b0;
            lane <= 2'd0;
            pc <= 9'd0;
        end
    end

endmodule

`default_nettype wire
