// The delay ring: for each of 64 coming ticks one bit an axon. It cannot overflow, and the
// order in which bits are set does not matter.
//
// Set: (slot, axon) is taken in a clock in which i_set_valid and o_set_ready are 1.
// Drain: i_drain starts reading slot i_slot, which must stay until o_draining is 0. The
// axons whose bits are set come out, lowest first, under valid/ready; the slot is zero
// afterwards. Bits may be set meanwhile in every slot but this one.
// Clear: i_clear starts zeroing everything; nothing else may be asked until o_clearing is 0.
//
// Every access reads a word of 16 bits in one clock and writes it in the next. Reads for the
// drain follow each other in every clock, for they are of different words; a bit is set only
// when nothing is being written, which saves the comparison of addresses.
`default_nettype none
module ring #(
    parameter AXONS = 512,
    parameter AW    = $clog2(AXONS) // derived
) (
    input wire i_clk,
    input wire i_rst,

    input  wire i_clear,
    output wire o_clearing,

    input  wire          i_set_valid,
    input  wire [5:0]    i_set_slot,
    input  wire [AW-1:0] i_set_axon,
    output wire          o_set_ready,

    input  wire          i_drain,
    input  wire [5:0]    i_slot,
    output wire          o_draining,
    output wire          o_axon_valid,
    output wire [AW-1:0] o_axon,
    input  wire          i_axon_ready
);
  localparam WW = AW - 4;  // bits that number the words of a slot
  localparam RW = WW + 6;  // bits that number all words

  // The access whose word arrives in this clock.
  reg          pend_q, pend_drain_q;
  reg [RW-1:0] addr_q;
  reg [3:0]    bit_q;

  reg          draining_q, clearing_q;
  reg [WW:0]   next_q;  // the word of the slot that is read next; its top bit: none is left
  reg [WW-1:0] at_q;    // where word_q is from
  reg [15:0]   word_q;  // what is left of the word being given out

  wire [15:0] rdata;
  wire        held = |word_q;
  wire        drain_want = draining_q && !next_q[WW] && !held;
  wire [RW-1:0] addr = i_set_valid ? {i_set_slot, i_set_axon[AW-1:4]} : {i_slot, next_q[WW-1:0]};
  wire        open = !clearing_q && !pend_q;
  wire        go = i_set_valid ? open : drain_want && !(pend_q && !pend_drain_q);
  // A drained word that finds the one before it still being given out is read again later.
  wire        take = pend_q && pend_drain_q && !held;
  wire [15:0] one = 16'd1 << bit_q;
  wire        we = clearing_q || pend_q && (!pend_drain_q || !held);

  ram #(
      .WIDTH(16),
      .DEPTH(64 * AXONS / 16)
  ) u_ram (
      .i_clk  (i_clk),
      .i_we   (we),
      .i_waddr(addr_q),
      .i_wdata(clearing_q || pend_drain_q ? 16'd0 : rdata | one),
      .i_re   (go),
      .i_raddr(addr),
`ifdef FORMAL
      .f_addr (f_at),
      .f_data (f_word),
`endif
      .o_rdata(rdata)
  );

  // The lowest bit set, by quarters: each finds its own while the first that has one is looked for.
  function [1:0] in_quarter(input [2:0] w);
    in_quarter = {!w[0] && !w[1], !w[0] && (w[1] || !w[2])};
  endfunction
  function [3:0] lowest(input [14:0] w);
    lowest = |w[3:0] ? {2'd0, in_quarter(w[2:0])} : |w[7:4] ? {2'd1, in_quarter(w[6:4])} :
        |w[11:8] ? {2'd2, in_quarter(w[10:8])} : {2'd3, in_quarter(w[14:12])};
  endfunction

  assign o_set_ready  = open;
  assign o_clearing   = clearing_q;
  assign o_draining   = draining_q;
  assign o_axon_valid = held;
  assign o_axon       = {at_q, lowest(word_q[14:0])};

  always @(posedge i_clk) begin
    pend_q       <= go;
    pend_drain_q <= !i_set_valid;
    bit_q        <= i_set_axon[3:0];
    if (clearing_q) addr_q <= addr_q + 1'b1;
    else addr_q <= addr;
    if (&addr_q) clearing_q <= 1'b0;
    if (i_clear) begin
      clearing_q <= 1'b1;
      addr_q     <= {RW{1'b0}};
    end

    if (go && !i_set_valid) next_q <= next_q + 1'b1;
    if (take) begin
      word_q <= rdata;
      at_q   <= addr_q[WW-1:0];
    end else if (pend_q && pend_drain_q) next_q <= {1'b0, addr_q[WW-1:0]};
    if (held && i_axon_ready) word_q <= word_q & (word_q - 16'd1);
    if (draining_q && next_q[WW] && !(pend_q && pend_drain_q) && !held) draining_q <= 1'b0;
    if (i_drain) begin
      draining_q <= 1'b1;
      next_q     <= {(WW + 1) {1'b0}};
    end

    if (i_rst) begin
      pend_q     <= 1'b0;
      draining_q <= 1'b0;
      clearing_q <= 1'b0;
      word_q     <= 16'd0;
    end
  end

`ifdef FORMAL
  // One bit of any slot is followed. f_bit says whether a spike waits there: that is where it
  // is set and what comes out. No spike is lost, for none waits in a slot that has been drained;
  // none is doubled, for what comes out was waiting.
  (* anyconst *) wire [5:0] f_slot;
  (* anyconst *) wire [AW-1:0] f_axon;
  wire [RW-1:0] f_at = {f_slot, f_axon[AW-1:4]};
  wire [15:0]   f_word;
  reg           f_bit;
  reg           f_known = 0, f_past = 0;  // cleared once
  reg  [5:0]    f_slot_q;
  wire f_mem = f_word[f_axon[3:0]];
  wire f_here = draining_q && i_slot == f_slot;
  wire f_held = word_q[f_axon[3:0]] && at_q == f_axon[AW-1:4] && f_here;
  wire f_drain = pend_q && pend_drain_q;
  wire f_pend = pend_q && !pend_drain_q && addr_q == f_at && bit_q == f_axon[3:0];
  wire f_out = o_axon_valid && i_axon_ready && o_axon == f_axon && f_here;

  always @* begin
    // what the core and the chip keep to
    if (!f_past) assume (i_rst);
    if (i_rst) assume (!i_clear && !i_drain && !i_set_valid);
    if (i_clear) assume (!draining_q && !clearing_q && !pend_q && !i_drain && !i_set_valid);
    if (i_drain) assume (!draining_q && !clearing_q && f_known);
    if (i_set_valid) assume (f_known && !clearing_q);
    if ((draining_q || i_drain) && i_set_valid) assume (i_set_slot != i_slot);
    if (draining_q) assume (i_slot == f_slot_q);
    if (f_past) assume (!i_rst);
  end

  always @(posedge i_clk) begin
    f_past   <= 1;
    f_slot_q <= i_slot;
    if (i_clear) begin
      f_bit   <= 0;
      f_known <= 1;
    end else if (i_set_valid && o_set_ready && i_set_slot == f_slot && i_set_axon == f_axon) f_bit <= 1;
    else if (f_out) f_bit <= 0;

    if (!f_past) assert (!f_known);
    if (f_past) begin
      assert (!(pend_q && clearing_q) && !(draining_q && clearing_q));
      assert (f_known || !draining_q && !pend_q && !clearing_q);
      assert (draining_q || !held && !f_drain);
      if (f_drain) assert (addr_q[RW-1:WW] == i_slot && next_q == {1'b0, addr_q[WW-1:0]} + 1'b1);
      if (draining_q) assert (next_q <= {1'b1, {WW{1'b0}}});
      if (clearing_q && f_at < addr_q) assert (!f_mem);
      if (clearing_q) assert (!f_bit);
      if (f_known && !clearing_q) begin
        assert (f_bit == (f_mem || f_held || f_pend));
        assert (f_mem + f_held <= 1 && !(f_pend && f_held));
        if (pend_q && addr_q == f_at) assert (rdata[f_axon[3:0]] == f_mem);
        if (pend_q && !pend_drain_q && f_here) assert (addr_q != f_at);
        if (f_here && {1'b0, f_axon[AW-1:4]} < next_q && !(f_drain && addr_q == f_at)) assert (!f_mem);
        if (f_out) assert (f_bit);
        if ($past(f_here) && f_slot_q == f_slot && !draining_q && $past(draining_q)) assert (!f_bit || $past(i_set_valid));
      end
    end
    cover (f_past && f_out);
  end
`endif
endmodule
`default_nettype wire
