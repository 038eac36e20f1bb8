// From axons to lines of the synapse memory: looks up the row of every axon that the ring
// gives out and asks for its lines, one a clock, while the next row is looked up.
//
// Between the last line of a row and the first of the next there is a clock without a line.
// o_first marks the first line, so that a later stage can keep the gap.
//
// i_bus_*: the axon table is read and written there while no axon comes.
`default_nettype none
module rows #(
    parameter AXONS = 512,
    parameter LINES = 16384,
    parameter AW    = $clog2(AXONS), // derived
    parameter LW    = $clog2(LINES)  // derived
) (
    input wire i_clk,
    input wire i_rst,

    input  wire          i_axon_valid,
    input  wire [AW-1:0] i_axon,
    output wire          o_axon_ready,

    output wire          o_line_valid,
    output wire [LW-1:0] o_line,
    output wire [1:0]    o_mode,
    output wire          o_dense,
    output wire [7:0]    o_target,  // of the first code of a dense line
    output wire          o_first,
    input  wire          i_line_ready,
    output wire          o_busy,

    input  wire          i_bus_re,
    input  wire          i_bus_we,
    input  wire [AW-1:0] i_bus_addr,
    input  wire [31:0]   i_bus_wdata,
    output wire [31:0]   o_bus_rdata
);
  wire [31:0] row;
  reg         found_q;  // row is the next one
  reg [5:0]   left_q;   // lines still to be asked for
  reg         active_q; // there are some
  reg [LW-1:0] line_q;
  reg [1:0]   mode_q;
  reg         dense_q, first_q;
  reg [7:0]   target_q;

  wire        load = found_q && !active_q;
  wire        look = i_axon_valid && o_axon_ready;

  ram #(
      .WIDTH(32),
      .DEPTH(AXONS)
  ) u_axons (
      .i_clk  (i_clk),
      .i_we   (i_bus_we),
      .i_waddr(i_bus_addr),
      .i_wdata(i_bus_wdata),
      .i_re   (look || i_bus_re),
      .i_raddr(i_bus_re ? i_bus_addr : i_axon),
      .o_rdata(row)
  );

  assign o_axon_ready = !found_q || load;
  assign o_line_valid = active_q;
  assign o_line       = line_q;
  assign o_mode       = mode_q;
  assign o_dense      = dense_q;
  assign o_target     = target_q;
  assign o_first      = first_q;
  assign o_busy       = found_q || active_q;
  assign o_bus_rdata  = row;

  always @(posedge i_clk) begin
    if (look) found_q <= 1'b1;
    else if (load) found_q <= 1'b0;
    if (load) begin
      line_q   <= row[LW-1:0];
      left_q   <= row[19:14];
      active_q <= |row[19:14];
      mode_q   <= row[21:20];
      dense_q  <= row[22];
      target_q <= row[30:23];
      first_q  <= 1'b1;
    end else if (active_q && i_line_ready) begin
      line_q   <= line_q + 1'b1;
      left_q   <= left_q - 6'd1;
      active_q <= left_q != 6'd1;
      target_q <= target_q + 8'd8;
      first_q  <= 1'b0;
    end
    if (i_rst) begin
      found_q <= 1'b0;
      active_q <= 1'b0;
    end
  end
endmodule
`default_nettype wire
