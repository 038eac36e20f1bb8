// From lines of the synapse memory to sums: up to four synapses a clock, one a bank.
//
// A sparse line is four words {code, target}. Those whose targets lie in different banks are
// added at once; of those in one bank the first comes first.
// A dense line is eight codes for neighbouring targets from i_target on: word b holds the
// codes for the targets ≡ b (low byte) and ≡ b + 4 (high byte) modulo 8. It takes two clocks.
// A code of 0 is no synapse.
//
// The synapse memory is read and written at i_bus_* while no line comes; a 32-bit access is
// half a line. The banks' other port is for update.v and the bus: bank.v has its rules.
`default_nettype none
module accumulate #(
    parameter       LINES = 16384,
    parameter [0:0] SPRAM = 1,
    parameter       SUM   = 18,
    parameter       LW    = $clog2(LINES) // derived
) (
    input wire i_clk,
    input wire i_rst,

    input  wire          i_line_valid,
    input  wire [LW-1:0] i_line,
    input  wire [1:0]    i_mode,
    input  wire          i_dense,
    input  wire [7:0]    i_target,
    input  wire          i_first,
    output wire          o_line_ready,
    output wire          o_busy,
    output reg  [2:0]    o_synops,  // synapses added one clock ago

    input  wire          i_bus_re,
    input  wire          i_bus_we,
    input  wire [LW:0]   i_bus_addr,
    input  wire [31:0]   i_bus_wdata,
    output wire [63:0]   o_bus_rdata,

    input  wire         i_update,
    input  wire [3:0]   i_re,
    input  wire [3:0]   i_we,
    input  wire [31:0]  i_raddr,  // 8 bits a bank
    input  wire [31:0]  i_waddr,
    input  wire [31:0]  i_wdata,
    output wire [127:0] o_rdata
);
  // The line that is being read, and what belongs to it.
  reg        read_q, read_dense_q;
  reg        read_gap_q;     // it waits for a clock without additions
  reg [1:0]  read_mode_q;
  reg [7:0]  read_target_q;
  // The line whose synapses are being added.
  reg        line_q, dense_q, half_q;
  reg [1:0]  mode_q;
  reg [7:0]  target_q;
  reg [4:0]  next_q;         // the group of 8 targets after that of target_q
  reg [63:0] words_q;
  reg [3:0]  low_q, high_q;  // which low and high bytes are not 0
  reg [3:0]  go_q;           // words of a sparse line that are added in this clock
  reg [3:0]  left_q;         // and those that come later
  reg        adding_q;       // a bank may be writing
  reg [5:0]  same_q;

  wire [63:0] words;

  // A new row waits for a clock without additions, so that no bank adds twice to one target.
  // After a dense line a dense line need not: halves are of different rows of a bank.
  wire last = dense_q ? half_q : left_q == 4'd0;  // the line is done with this clock
  wire take = read_q && (!line_q || last && !read_gap_q);
  wire ask = i_line_valid && o_line_ready;

  assign o_line_ready = !read_q || take;
  assign o_busy       = read_q || line_q || adding_q;
  assign o_bus_rdata  = words;

  // Which pairs of words have targets in one bank: 01, 02, 03, 12, 13, 23 from bit 0 on.
  wire [5:0] same = {
    words[33:32] == words[49:48], words[17:16] == words[49:48], words[17:16] == words[33:32],
    words[1:0] == words[49:48], words[1:0] == words[33:32], words[1:0] == words[17:16]
  };
  wire [3:0] nonzero = {|words[63:56], |words[47:40], |words[31:24], |words[15:8]};
  wire [3:0] first = nonzero & {4{!read_dense_q}};
  wire [3:0] go_first = free(first, same);
  wire [3:0] go_next = free(left_q, same_q);

  // Words of w that nothing before them in the same bank holds up.
  function [3:0] free(input [3:0] w, input [5:0] s);
    free = {
      w[3] && !(w[0] && s[2]) && !(w[1] && s[4]) && !(w[2] && s[5]),
      w[2] && !(w[0] && s[1]) && !(w[1] && s[3]),
      w[1] && !(w[0] && s[0]),
      w[0]
    };
  endfunction

  genvar b;
  generate
    for (b = 0; b < 4; b = b + 1) begin : g
      localparam [1:0] B = b;
      linelane #(
          .LINES(LINES),
          .SPRAM(SPRAM)
      ) u_lane (
          .i_clk  (i_clk),
          .i_re   (ask || i_bus_re),
          .i_we   (i_bus_we && i_bus_addr[0] == B[1]),
          .i_addr (i_bus_re || i_bus_we ? i_bus_addr[LW:1] : i_line),
          .i_wdata(i_bus_wdata[16*B[0]+:16]),
          .o_rdata(words[16*b+:16])
      );

      // The word that bank b takes.
      wire [3:0] mine = go_q & {words_q[49:48] == B, words_q[33:32] == B, words_q[17:16] == B, words_q[1:0] == B};
      wire [3:0] pick = dense_q ? {3'd0, half_q} << B : mine;
      wire [7:0] code = {8{pick[0]}} & words_q[15:8] | {8{pick[1]}} & words_q[31:24] | {8{pick[2]}} & words_q[47:40] |
          {8{pick[3]}} & words_q[63:56] | {8{dense_q && !half_q}} & words_q[16*b+:8];
      wire [5:0] target = {6{mine[0]}} & words_q[7:2] | {6{mine[1]}} & words_q[23:18] | {6{mine[2]}} & words_q[39:34] |
          {6{mine[3]}} & words_q[55:50];
      // The first target modulo 8 says which of the eight lie in the next group of 8.
      wire [4:0] group = {half_q, B} < target_q[2:0] ? next_q : target_q[7:3];

      bank #(
          .SUM(SUM)
      ) u_bank (
          .i_clk       (i_clk),
          .i_add       (line_q && (dense_q || |mine)),
          .i_add_row   (dense_q ? {group, half_q} : target),
          .i_add_weight(mode_q == 2'd0 ? {code, 1'b0} : {1'b0, code} ^ {9{mode_q[1]}}),
          .i_add_carry (mode_q[1]),
          .i_update    (i_update),
          .i_re        (i_re[b]),
          .i_we        (i_we[b]),
          .i_raddr     (i_raddr[8*b+:8]),
          .i_waddr     (i_waddr[8*b+:8]),
          .i_wdata     (i_wdata),
          .o_rdata     (o_rdata[32*b+:32])
      );
    end
  endgenerate

  wire [3:0] counted = dense_q ? (half_q ? high_q : low_q) : go_q;

  integer i;
  always @(posedge i_clk) begin
    if (ask) begin
      read_dense_q  <= i_dense;
      read_gap_q    <= i_first && !(i_dense && read_dense_q);
      read_mode_q   <= i_mode;
      read_target_q <= i_target;
    end
    read_q <= ask || read_q && !take;

    if (line_q) begin
      half_q <= 1'b1;
      go_q   <= go_next;
      left_q <= left_q & ~go_next;
      if (last) line_q <= 1'b0;
    end
    if (take) begin
      line_q   <= 1'b1;
      half_q   <= 1'b0;
      dense_q  <= read_dense_q;
      mode_q   <= read_mode_q;
      target_q <= read_target_q;
      next_q   <= read_target_q[7:3] + 5'd1;
      words_q  <= words;
      for (i = 0; i < 4; i = i + 1) low_q[i] <= |words[16*i+:8];
      high_q <= nonzero;
      go_q   <= go_first;
      left_q <= first & ~go_first;
      same_q <= same;
    end

    adding_q <= line_q;
    o_synops <= line_q ? {2'd0, counted[0]} + {2'd0, counted[1]} + {2'd0, counted[2]} + {2'd0, counted[3]} : 3'd0;
    if (i_rst) begin
      read_q <= 1'b0;
      line_q <= 1'b0;
      adding_q <= 1'b0;
    end
  end
endmodule
`default_nettype wire
