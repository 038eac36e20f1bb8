// Drives chip.v, or its netlist, from a file of commands, one a line: a letter and two hexadecimal
// numbers. +commands=FILE names it. What comes out is printed; a last line says DONE.
//
//   W addr data   write a word of a memory
//   R addr 0      read one: prints "R data"
//   C 0 0         clear
//   E axon 0      a spike arrives in the coming tick
//   S 0 0         run a tick: prints "S" and the ids of the spikes
`timescale 1ns / 1ns
`default_nettype none
module bench;
  reg         clk = 0, rst = 1;
  reg         mem_valid = 0, mem_write = 0, clear = 0, step = 0, event_valid = 0;
  reg  [31:0] mem_addr = 0, mem_wdata = 0;
  reg  [15:0] event_axon = 0;
  wire        mem_ready, busy, done, tables_ok, event_ready, spike_valid;
  wire [31:0] mem_rdata, ticks;
  wire [15:0] spike_id;
  wire [47:0] synops, spikes, cycles;
  reg  [1023:0] name;
  reg  [7:0]  op;
  reg  [31:0] a, d;
  integer     file, got;

  always #5 clk = !clk;

  chip u_chip (
      .i_clk        (clk),
      .i_rst        (rst),
      .i_mem_valid  (mem_valid),
      .i_mem_write  (mem_write),
      .i_mem_addr   (mem_addr),
      .i_mem_wdata  (mem_wdata),
      .o_mem_ready  (mem_ready),
      .o_mem_rdata  (mem_rdata),
      .i_clear      (clear),
      .i_step       (step),
      .o_busy       (busy),
      .o_done       (done),
      .o_tables_ok  (tables_ok),
      .i_event_valid(event_valid),
      .i_event_axon (event_axon),
      .o_event_ready(event_ready),
      .o_spike_valid(spike_valid),
      .o_spike_id   (spike_id),
      .i_spike_ready(1'b1),
      .o_ticks      (ticks),
      .o_synops     (synops),
      .o_spikes     (spikes),
      .o_cycles     (cycles)
  );

  // Inputs change at the falling edge; what is sampled there is what the rising edge before it made.
  integer waited;
  task wait_for(input integer what);
    begin
      waited = 0;
      while (!(what == 0 ? mem_ready === 1 : what == 1 ? busy === 0 : done === 1)) begin
        if (what == 2 && spike_valid === 1) $write(" %0d", spike_id);
        waited = waited + 1;
        if (waited > 100000) begin
          $display("FAIL: no answer");
          $finish;
        end
        @(negedge clk);
      end
    end
  endtask

  initial begin
    if (!$value$plusargs("commands=%s", name)) $finish;
    file = $fopen(name, "r");
    repeat (4) @(negedge clk);
    rst = 0;
    @(negedge clk);
    got = $fscanf(file, " %c %h %h", op, a, d);
    while (got == 3) begin
      case (op)
        "W", "R": begin
          mem_valid = 1;
          mem_write = op == "W";
          mem_addr  = a;
          mem_wdata = d;
          wait_for(0);
          if (op == "R") $display("R %0d", mem_rdata);
          mem_valid = 0;
        end
        "C": begin
          clear = 1;
          @(negedge clk);
          clear = 0;
          wait_for(1);
        end
        "E": begin
          event_axon  = a[15:0];
          event_valid = 1;
          #1;
          while (event_ready !== 1) @(negedge clk);
          @(negedge clk);
          event_valid = 0;
        end
        "S": begin
          $write("S");
          step = 1;
          @(negedge clk);
          step = 0;
          wait_for(2);
          $display("");
        end
      endcase
      @(negedge clk);
      got = $fscanf(file, " %c %h %h", op, a, d);
    end
    $display("DONE %0d %0d %0d", ticks, synops, spikes);
    $finish;
  end
endmodule
`default_nettype wire
