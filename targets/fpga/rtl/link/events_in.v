// The place in the input spike stream: the lowest axon that the next byte can mean.
//
// i_clear goes to axon 0, i_add passes i_count axons over. i_send hands the axon at the
// place to the core, until o_sent, the clock after which it must be over, and passes it over. o_past tells that there is no axon
// at the place.

`default_nettype none

module events_in #(
    parameter AXONS = 512
) (
    input wire i_clk,

    input wire       i_clear,
    input wire       i_add,
    input wire [7:0] i_count,
    input wire       i_send,
    output wire      o_sent,
    output wire      o_past,

    // Core
    output reg         o_valid,
    output wire [15:0] o_axon,
    input wire         i_ready
);

    // At most AXONS + 254, since who sees o_past goes no further.
    parameter BITS = $clog2(AXONS + 255); // derived
    localparam [31:0] LIMIT = AXONS;

    reg [BITS-1:0] axon;

    assign o_axon = {{16-BITS{1'b0}}, axon};
    assign o_sent = o_valid && i_ready;
    assign o_past = axon >= LIMIT[BITS-1:0];

    always @(posedge i_clk) begin
        o_valid <= i_send && !o_sent;
        if (i_clear) axon <= 0;
        else axon <= axon + {{BITS-8{1'b0}}, i_add ? i_count : {7'd0, o_sent}};
    end

endmodule

`default_nettype wire
