// Drives the Verilator model of chip.v from a byte stream on standard input; answers go to
// standard output. Numbers are little endian.
//
//   W addr:4 data:4   write a word of a memory
//   R addr:4          read one: data:4
//   C                 clear
//   E axon:2          a spike arrives in the coming tick
//   S                 run a tick: count:2, count × id:2, clocks:4
//   K                 counters: ok:1 ticks:4 synops:8 spikes:8 cycles:8
//   P every:4         from now on, spikes are taken in one clock of so many on average
//
// A model that does not answer within a bounded number of clocks ends the program with status 1.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "verilated.h"

// MODEL is the class that Verilator made.
#define TEXT(x) #x
#define HEADER(x) TEXT(x.h)
#include HEADER(MODEL)

static MODEL *top;
static uint64_t clocks;
static uint32_t every = 1, noise = 1;

static void die(const char *what) {
    fprintf(stderr, "FAIL %s after %llu clocks\n", what, (unsigned long long)clocks);
    exit(1);
}

static uint32_t get(int bytes) {
    uint32_t v = 0;
    for (int i = 0; i < bytes; i++) {
        int c = getchar();
        if (c == EOF) die("input ends in a command");
        v |= uint32_t(c) << (8 * i);
    }
    return v;
}

static void put(uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++) putchar(int(v >> (8 * i) & 0xFF));
}

static void fall() {
    top->i_clk = 0;
    top->eval();
}

static void rise() {
    top->i_clk = 1;
    top->eval();
    clocks++;
}

static void tick() {
    fall();
    rise();
}

template <class F> static void until(F done, const char *what) {
    for (int i = 0; !done(); i++) {
        if (i == 1000000) die(what);
        tick();
    }
}

static uint32_t access(bool write, uint32_t addr, uint32_t data) {
    top->i_mem_valid = 1;
    top->i_mem_write = write;
    top->i_mem_addr = addr;
    top->i_mem_wdata = data;
    until([] { return top->o_mem_ready; }, "memory access");
    data = top->o_mem_rdata;
    top->i_mem_valid = 0;
    tick();
    return data;
}

static void step() {
    std::vector<uint16_t> ids;
    uint64_t begin = clocks;
    top->i_step = 1;
    tick();
    top->i_step = 0;
    for (int i = 0; !top->o_done; i++) {
        if (i == 1000000) die("tick");
        noise = noise * 1664525 + 1013904223;
        top->i_spike_ready = every == 1 || (noise >> 8) % every == 0;
        fall();
        if (top->o_spike_valid && top->i_spike_ready) ids.push_back(top->o_spike_id);
        rise();
    }
    put(ids.size(), 2);
    for (uint16_t id : ids) put(id, 2);
    put(clocks - begin, 4);
}

int main(int argc, char **argv) {
    Verilated::commandArgs(argc, argv);
    top = new MODEL;
    top->i_mem_valid = top->i_clear = top->i_step = top->i_event_valid = 0;
    top->i_rst = 1;
    for (int i = 0; i < 4; i++) tick();
    top->i_rst = 0;
    tick();
    for (int c; (c = getchar()) != EOF; fflush(stdout)) switch (c) {
        case 'W': {
            uint32_t addr = get(4);
            access(true, addr, get(4));
            break;
        }
        case 'R': put(access(false, get(4), 0), 4); break;
        case 'C':
            top->i_clear = 1;
            tick();
            top->i_clear = 0;
            until([] { return !top->o_busy; }, "clear");
            break;
        case 'E':
            top->i_event_axon = get(2);
            top->i_event_valid = 1;
            for (int i = 0, taken = 0; !taken; i++) {
                if (i == 1000000) die("event");
                fall();
                taken = top->o_event_ready;
                rise();
            }
            top->i_event_valid = 0;
            break;
        case 'S': step(); break;
        case 'P': every = get(4); break;
        case 'K':
            put(top->o_tables_ok, 1);
            put(top->o_ticks, 4);
            put(top->o_synops, 8);
            put(top->o_spikes, 8);
            put(top->o_cycles, 8);
            break;
        default: die("unknown command");
        }
    return 0;
}
