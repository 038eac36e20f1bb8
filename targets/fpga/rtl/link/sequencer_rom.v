// The program of the sequencer, assembled from sequencer.asm by
//   go test ./targets/fpga/rtl/sequencer -update
//
// The low byte is in a block RAM, since the address of the operand is wanted at once. The high
// byte is logic, so that the link takes one block RAM less; it is not needed before the
// second clock.

`default_nettype none

module sequencer_rom (
    input wire i_clk,

    input wire       i_read,
    input wire [8:0] i_addr,
    output reg [7:0] o_low, // of the word at i_addr, in the clock after i_read

    input wire       i_late,
    input wire [8:0] i_pc,
    output reg [7:0] o_high // of the word at i_pc, in the clock after i_late
);

    localparam [16*512-1:0] PROGRAM = {
        16'hf029, 16'h0001, 16'h8009, 16'h1801, 16'he1e2, 16'hf1cf, 16'he047, 16'he15e,
        16'he041, 16'h033c, 16'he041, 16'h031a, 16'hd5f6, 16'h8019, 16'h3a19, 16'h6006,
        16'h8018, 16'h6005, 16'hb001, 16'hb010, 16'he1e2, 16'hd5fb, 16'hf9e7, 16'h3830,
        16'h202c, 16'he0e4, 16'he800, 16'h8009, 16'h3037, 16'h6004, 16'hf028, 16'h0017,
        16'he1e2, 16'hf1d9, 16'hd1df, 16'hb002, 16'hc3e6, 16'hf182, 16'hc9d3, 16'hb004,
        16'hd1df, 16'hb002, 16'hd5db, 16'h1afe, 16'h6120, 16'h3b37, 16'hd582, 16'h3a37,
        16'h2009, 16'ha202, 16'h2009, 16'h8037, 16'h1804, 16'h2037, 16'h800a, 16'h8008,
        16'h0000, 16'he0d3, 16'hc5be, 16'h1a03, 16'h2034, 16'hc4d1, 16'h1a04, 16'h2037,
        16'hf028, 16'h1014, 16'hf1b3, 16'h0003, 16'hb001, 16'hb008, 16'hc5be, 16'h1a02,
        16'h2034, 16'hc2d1, 16'h2037, 16'hf182, 16'h8034, 16'h0002, 16'hcc28, 16'h0014,
        16'hc228, 16'h0013, 16'hf9aa, 16'ha404, 16'h384c, 16'h6003, 16'hc3a7, 16'he10b,
        16'he0e9, 16'ha401, 16'he03d, 16'h034c, 16'hc2d1, 16'h0807, 16'h8037, 16'h1804,
        16'hc4d1, 16'h1a0c, 16'h2037, 16'hf1b3, 16'h0001, 16'hc996, 16'ha80c, 16'hcb96,
        16'ha802, 16'h6120, 16'h3b28, 16'h0000, 16'he0ec, 16'he03d, 16'h0324, 16'h802b,
        16'h802a, 16'h8029, 16'h0000, 16'h8028, 16'h1804, 16'hc4d1, 16'h1a05, 16'h2037,
        16'hf029, 16'h0000, 16'h8009, 16'h0000, 16'he041, 16'h0304, 16'hf027, 16'hd3c0,
        16'h1a13, 16'hd3b5, 16'h1a12, 16'hd39d, 16'h1a11, 16'hd388, 16'h1a10, 16'h2038,
        16'hf029, 16'h0002, 16'hd786, 16'hd378, 16'hf971, 16'h3804, 16'h2014, 16'he800,
        16'hf041, 16'h0349, 16'hd570, 16'h8048, 16'h3a48, 16'h601a, 16'he041, 16'h0345,
        16'hd56a, 16'h8044, 16'h3a44, 16'h6016, 16'he041, 16'h0341, 16'hd564, 16'h8040,
        16'h3a40, 16'h6012, 16'hf078, 16'he072, 16'h41f0, 16'hf075, 16'he15b, 16'h621a,
        16'h6219, 16'h6218, 16'he15b, 16'h6216, 16'h6215, 16'h6214, 16'he15b, 16'h6212,
        16'h6211, 16'h6210, 16'he077, 16'he072, 16'h033c, 16'he06b, 16'hf075, 16'hc345,
        16'h3a39, 16'h6004, 16'he072, 16'h034c, 16'he06b, 16'hc337, 16'h2037, 16'h8039,
        16'h6004, 16'hcb3b, 16'ha404, 16'h81f0, 16'h6003, 16'h2339, 16'he10b, 16'ha401,
        16'he0e9, 16'h8039, 16'h004c, 16'hc2d1, 16'h0807, 16'hd2d1, 16'h2037, 16'hf075,
        16'hc92c, 16'hcb2d, 16'h6382, 16'ha804, 16'hd875, 16'h3b28, 16'h0000, 16'he06b,
        16'hd4d1, 16'h1ae5, 16'h2028, 16'hcb22, 16'hc2d1, 16'h41f0, 16'h0329, 16'he0e9,
        16'hc2d1, 16'h1a08, 16'h2037, 16'hf10b, 16'hf91a, 16'h6a82, 16'ha804, 16'he800,
        16'h8037, 16'h1808, 16'h2037, 16'hcb10, 16'hd519, 16'h81f0, 16'h1801, 16'h40f0,
        16'h0329, 16'hd519, 16'h8028, 16'h1804, 16'h2028, 16'he800, 16'hf907, 16'ha801,
        16'h2024, 16'hc4e2, 16'hf903, 16'h382c, 16'h41f0, 16'h802f, 16'h3827, 16'h202f,
        16'hd4e2, 16'hf8fb, 16'h802c, 16'h3028, 16'h2024, 16'h13e0, 16'h302c, 16'h802c,
        16'h302c, 16'h802c, 16'h0807, 16'hd4e2, 16'h3acb, 16'h2027, 16'hc2e2, 16'h0803,
        16'h2028, 16'hc2e2, 16'h0803, 16'h2024, 16'he03d, 16'he03d, 16'h0324, 16'he800,
        16'hf8e4, 16'h802c, 16'h381c, 16'h2018, 16'hf028, 16'h0012, 16'he800, 16'hf8de,
        16'h801c, 16'h204c, 16'hc4e1, 16'hf8da, 16'h3824, 16'h202c, 16'he0e4, 16'hf8d5,
        16'h8024, 16'h381c, 16'h204c, 16'he03d, 16'h034c, 16'hf028, 16'h0011, 16'hf02c,
        16'h800a, 16'h2014, 16'h8008, 16'h0000, 16'ha110, 16'h200d, 16'ha108, 16'h200c,
        16'hf8c5, 16'h800c, 16'h201c, 16'he0d3, 16'hc2d1, 16'h1a04, 16'h2037, 16'hf075,
        16'hc2b9, 16'h03e0, 16'h8039, 16'h1801, 16'h2039, 16'hc8b9, 16'h43f0, 16'h03c2,
        16'h8039, 16'h20c1, 16'he072, 16'h0320, 16'h43f0, 16'h43f0, 16'he072, 16'h03bc,
        16'he06b, 16'h0081, 16'ha120, 16'h8034, 16'h0001, 16'h8035, 16'hf8a0, 16'h801c,
        16'h8018, 16'h800c, 16'h8008, 16'h8004, 16'h0000, 16'h8000, 16'h2410, 16'h2020,
        16'he07b, 16'hd2ae, 16'hf89a, 16'h3800, 16'h2420, 16'h2010, 16'hd29f, 16'h2034,
        16'hc2ae, 16'h1a01, 16'h6020, 16'hca91, 16'hc22e, 16'h5bf0, 16'h6020, 16'h03bc,
        16'hc42e, 16'h1a05, 16'h2037, 16'hf075, 16'he077, 16'h220b, 16'h0200, 16'h0200,
        16'h0203, 16'he077, 16'he072, 16'h0310, 16'h0280, 16'ha401, 16'he07b, 16'he800,
        16'hf87b, 16'ha404, 16'h8020, 16'h3020, 16'h6003, 16'he800, 16'h0200, 16'h0200,
        16'he078, 16'hf02e, 16'he067, 16'he800, 16'hca72, 16'h43f0, 16'he072, 16'h0310,
        16'h2238, 16'h8038, 16'h0480, 16'h2038, 16'ha401, 16'he800, 16'ha402, 16'hca67,
        16'h6703, 16'hc865, 16'h6341, 16'hd867, 16'h3b2c, 16'h0000, 16'hf85e, 16'h800c,
        16'h302c, 16'h200c, 16'hc25a, 16'h1a10, 16'h6004, 16'h43f0, 16'h0300, 16'h0280,
        16'ha401, 16'hf047, 16'he057, 16'h802d, 16'h0000, 16'h802c, 16'h00e8, 16'he800,
        16'hd451, 16'h1ae8, 16'h202c, 16'hc251, 16'h202d, 16'hf847, 16'h802c, 16'h380c,
        16'h2018, 16'he800, 16'hca41, 16'hc446, 16'h81f0, 16'h1001, 16'h40f0, 16'he800,
        16'hca3d, 16'h81f0, 16'h6020, 16'hf028, 16'h0018, 16'ha104, 16'hf176, 16'hd22e,
        16'h2034, 16'h800b, 16'h300b, 16'h8036, 16'h0001, 16'hf003, 16'ha204, 16'ha202,
        16'h2036, 16'ha201, 16'he057, 16'he047, 16'h800a, 16'h0000, 16'h8008, 16'h8035,
        16'h0010, 16'hd34a, 16'h1a05, 16'hd331, 16'h1a04, 16'hd31d, 16'h1a03, 16'hd2c1,
        16'h1a02, 16'h2038, 16'hc371, 16'h0810, 16'h2038, 16'hc229, 16'h2035, 16'hc282,
        16'hf815, 16'h3800, 16'h2010, 16'hd281, 16'h2034, 16'hd28d, 16'h1a01, 16'hd62e,
        16'h2038, 16'h8037, 16'h180e, 16'h2036, 16'he03d, 16'he03d, 16'h0310, 16'h8038,
        16'h6020, 16'hd233, 16'h8036, 16'h6020, 16'ha102, 16'h8034, 16'h0000, 16'hde3a
    };

    reg [7:0] low [0:511];

    integer i;
    initial for (i = 0; i < 512; i = i + 1) low[i] = PROGRAM[16*i +: 8];

    // No array, or else synthesis would make the address's register the memory's, and the way to
    // it is long.
    wire [7:0] late;
    genvar bit_, word;
    generate
        for (bit_ = 0; bit_ < 8; bit_ = bit_ + 1) begin : g_bit
            wire [511:0] column;
            for (word = 0; word < 512; word = word + 1) begin : g_word
                assign column[word] = PROGRAM[16*word + 8 + bit_];
            end
            assign late[bit_] = column[i_pc];
        end
    endgenerate

    always @(posedge i_clk) begin
        if (i_read) o_low <= low[i_addr];
        if (i_late) o_high <= late;
    end

endmodule

`default_nettype wire
