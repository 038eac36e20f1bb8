// Drives a verilated board through its pins.
//
//   board serve CLOCKS           standard input goes to the serial line, what the board
//                                sends to standard output, until the input ends
//   board script CLOCKS SEED     requests on standard input, replies on standard output
//
// CLOCKS is how many clocks a bit takes. The clock stands still while the board has nothing
// to do. A request is a letter, a 32-bit number n and, for L and Q, n items of 16 bits:
//
//   L  items for the line, back to back; then runs until the board is idle
//   Q  the same, for the clocks of later requests: runs none
//   C  runs n clocks
//   R  a reset, and n clocks
//
// Item: a byte; +0x100, the byte with a broken stop bit; +0x200, a pause of so many bits;
// +0x300, a low pulse of so many clocks; +0x1000, from here on bits of so many eighths of a clock, both ways; +0x8000, low for
// so many clocks, and no pause. A reply is what the board sent since the last one, as
// a 32-bit count and its bytes, and a byte that is 1 if the board is idle. All numbers are little endian.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <string>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include "Vboard.h"
#include "verilated.h"

namespace {

class Board {
public:
    Board(VerilatedContext *context, int clocks) : top(context), eighths(8 * clocks) {
        top.i_clk = 0;
        top.i_rx = 1;
        reset();
    }

    void reset() {
        top.i_ready = 0;
        for (int i = 0; i < 4; i++) step();
        receiving = false; // a byte that broke off
        top.i_ready = 1;
        for (int i = 0; i < 1028; i++) step(); // what top/board.v waits, and a few
    }

    // One clock.
    void step() {
        drive();
        top.i_clk = 1;
        top.eval();
        top.i_clk = 0;
        top.eval();
        sample();
    }

    bool idle() const { return items.empty() && wave.empty() && !receiving && top.o_idle; }

    std::deque<uint16_t> items; // for the line
    std::string sent;           // by the board

private:
    // The line's level, for so many clocks each.
    struct Level {
        int high, clocks;
    };

    void drive() {
        if (wave.empty()) {
            if (items.empty()) {
                top.i_rx = 1;
                return;
            }
            const int item = items.front(), kind = item >> 8, value = item & 0xFF, clocks = eighths / 8;
            items.pop_front();
            if (item >> 12 == 1) {
                eighths = item & 0xFFF;
                return;
            }
            if (item >> 15) wave.push_back({0, item & 0x7FFF});
            else switch (kind) {
            case 2:
                wave.push_back({1, value * clocks + 1});
                break;
            case 3:
                wave.push_back({0, value + 1});
                wave.push_back({1, 2 * clocks});
                break;
            default:
                wave.push_back({0, clocks});
                for (int i = 1; i < 9; i++) wave.push_back({value >> (i - 1) & 1, (i + 1) * eighths / 8 - i * eighths / 8});
                wave.push_back({kind == 0, 10 * eighths / 8 - 9 * eighths / 8});
                if (kind == 1) wave.push_back({1, clocks});
            }
        }
        top.i_rx = wave.front().high;
        if (--wave.front().clocks == 0) wave.pop_front();
    }

    void sample() {
        if (!receiving) {
            if (top.o_tx) return;
            receiving = true;
            elapsed = 0;
            bit = 0;
            byte = 0;
        }
        if (elapsed++ < (2 * bit + 1) * eighths / 16) return;
        if (bit == 0 && top.o_tx && top.i_ready) fail("the board sends a glitch");
        if (bit > 0 && bit < 9) byte |= top.o_tx << (bit - 1);
        if (bit == 9) {
            if (!top.o_tx) fail("the board sends a byte without a stop bit");
            sent.push_back(static_cast<char>(byte));
            receiving = false;
        }
        bit++;
    }

    [[noreturn]] static void fail(const char *what) {
        std::fprintf(stderr, "%s\n", what);
        std::exit(1);
    }

    Vboard top;
    int eighths; // of a clock, that a bit takes
    std::deque<Level> wave;
    bool receiving = false;
    int elapsed = 0, bit = 0;
    unsigned byte = 0;
};

bool readAll(void *p, size_t n) {
    auto *c = static_cast<char *>(p);
    while (n > 0) {
        const ssize_t k = read(STDIN_FILENO, c, n);
        if (k <= 0) return false;
        c += k;
        n -= k;
    }
    return true;
}

bool writeAll(const char *p, size_t n) {
    while (n > 0) {
        const ssize_t k = write(STDOUT_FILENO, p, n);
        if (k <= 0) return false;
        p += k;
        n -= k;
    }
    return true;
}

int serve(Board &board) {
    constexpr int slice = 2000; // clocks between looks at the input
    constexpr size_t ahead = 64; // bytes for the line that are taken in advance
    for (;;) {
        const bool idle = board.idle();
        if (idle || board.sent.size() >= 256) {
            if (!writeAll(board.sent.data(), board.sent.size())) return 0;
            board.sent.clear();
        }
        pollfd in{STDIN_FILENO, POLLIN, 0};
        if (board.items.size() < ahead && poll(&in, 1, idle ? -1 : 0) > 0) {
            unsigned char buffer[ahead];
            const ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
            if (n <= 0) return 0;
            board.items.insert(board.items.end(), buffer, buffer + n);
        }
        for (int i = 0; i < slice && !board.idle(); i++) board.step();
        if (idle) board.step();
    }
}

int script(Board &board) {
    constexpr long patience = 20000000; // clocks until a board that is not idle hangs
    for (;;) {
        unsigned char head[5];
        if (!readAll(head, sizeof head)) return 0;
        const uint32_t n = head[1] | head[2] << 8 | head[3] << 16 | static_cast<uint32_t>(head[4]) << 24;
        switch (head[0]) {
        case 'L':
        case 'Q': {
            std::vector<unsigned char> raw(2 * static_cast<size_t>(n));
            if (!readAll(raw.data(), raw.size())) return 0;
            for (size_t i = 0; i < raw.size(); i += 2) board.items.push_back(raw[i] | raw[i + 1] << 8);
            if (head[0] == 'Q') break;
            for (int i = 0; i < 4; i++) board.step();
            for (long i = 0; i < patience && !board.idle(); i++) board.step();
            break;
        }
        case 'R':
            board.reset();
            [[fallthrough]];
        case 'C':
            for (uint32_t i = 0; i < n; i++) board.step();
            break;
        default:
            return 1;
        }
        const uint32_t size = board.sent.size();
        const char count[4] = {static_cast<char>(size), static_cast<char>(size >> 8), static_cast<char>(size >> 16), static_cast<char>(size >> 24)};
        const char idle = board.idle();
        if (!writeAll(count, 4) || !writeAll(board.sent.data(), size) || !writeAll(&idle, 1)) return 0;
        board.sent.clear();
    }
}

} // namespace

int main(int argc, char **argv) {
    const bool scripted = argc == 4 && !std::strcmp(argv[1], "script");
    if (!scripted && !(argc == 3 && !std::strcmp(argv[1], "serve"))) return 2;
    VerilatedContext context;
    const unsigned seed = scripted ? std::atoi(argv[3]) : static_cast<unsigned>(std::time(nullptr) ^ getpid() << 8);
    context.randReset(2); // what power-up leaves in memory and registers
    context.randSeed(static_cast<int>(seed % 0x7FFFFFFF) + 1);
    Board board(&context, std::atoi(argv[2]));
    for (unsigned i = 0; i < seed % 10007; i++) board.step(); // the time until someone speaks
    return scripted ? script(board) : serve(board);
}
