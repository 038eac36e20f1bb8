// The routes of the neurons: i_start reads the list at i_base and sends it, a route a clock
// while i_ready is 1. A word has the axon, the delay, whether another one follows, and on a
// chip of several cores the core. o_slot is the ring slot of the arrival: i_slot is the
// tick's.
`default_nettype none
module routes #(
    parameter ROUTES = 512,
    parameter AW     = 9, // bits of an axon number
    parameter CW     = 1, // bits of a core number; 0 of them are stored when CORES is 1
    parameter CORES  = 1,
    parameter RW     = $clog2(ROUTES) // derived
) (
    input wire i_clk,
    input wire i_rst,

    input  wire          i_start,
    input  wire [RW-1:0] i_base,
    output wire          o_busy,

    input  wire [5:0]    i_slot,
    output wire          o_valid,
    output wire [CW-1:0] o_core,
    output wire [AW-1:0] o_axon,
    output wire [5:0]    o_slot,
    input  wire          i_ready,

    // the bus, while o_busy is 0
    input  wire          i_bus_re,
    input  wire          i_bus_we,
    input  wire [RW-1:0] i_bus_addr,
    input  wire [31:0]   i_bus_wdata,
    output wire [31:0]   o_bus_rdata
);
  localparam WIDTH = CORES == 1 ? 16 : 16 + CW;

  wire [WIDTH-1:0] word;
  reg              busy_q;
  reg [RW-1:0]     next_q;

  wire more = busy_q && i_ready && word[15];

  ram #(
      .WIDTH(WIDTH),
      .DEPTH(ROUTES)
  ) u_ram (
      .i_clk  (i_clk),
      .i_we   (i_bus_we),
      .i_waddr(i_bus_addr),
      .i_wdata(i_bus_wdata[WIDTH-1:0]),
      .i_re   (i_start || more || i_bus_re),
      .i_raddr(i_bus_re ? i_bus_addr : busy_q ? next_q : i_base),
      .o_rdata(word)
  );

  generate
    if (CORES == 1) assign o_core = {CW{1'b0}};
    else assign o_core = word[WIDTH-1:16];
  endgenerate
  assign o_bus_rdata = {{(32 - WIDTH) {1'b0}}, word};
  assign o_busy      = busy_q;
  assign o_valid     = busy_q;
  assign o_axon      = word[AW-1:0];
  assign o_slot      = i_slot + 6'd1 + word[14:9];

  wire unused = &{1'b0, i_bus_wdata};

  always @(posedge i_clk) begin
    if (i_start) begin
      busy_q <= 1'b1;
      next_q <= i_base + 1'b1;
    end else if (more) next_q <= next_q + 1'b1;
    else if (busy_q && i_ready) busy_q <= 1'b0;
    if (i_rst) busy_q <= 1'b0;
  end
endmodule
`default_nettype wire
