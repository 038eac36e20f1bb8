package dataset

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

// digits is the number of classes of N-MNIST and of the digits made here.
const digits = 10

// readList reads the file that gives recordings their classes.
func readList(name string, classes int) (map[string]int, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer f.Close()
	class, err := parseList(f, classes)
	return class, diag.InFile(err, name)
}

// parseList reads lines of an id and its class, with white space between them,
// into a map by canonical id. Empty lines and what follows a '#' are skipped.
func parseList(r io.Reader, classes int) (map[string]int, error) {
	class := map[string]int{}
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		text, _, _ := strings.Cut(lines.Text(), "#")
		field := strings.Fields(text)
		if len(field) == 0 {
			continue
		}
		bad := func(format string, args ...any) (map[string]int, error) {
			e := diag.Inputf("bad-list", "", format, args...).WithFix("write one recording a line: its id, a tab, its class from 0 to %d", classes-1)
			e.Line = n
			return nil, e
		}
		if len(field) != 2 {
			return bad("the line has %d fields instead of an id and a class", len(field))
		}
		c, err := strconv.Atoi(field[1])
		if err != nil || c < 0 || c >= classes {
			return bad("%q is not a class", field[1])
		}
		id := canonicalID(field[0])
		if _, twice := class[id]; twice {
			return bad("id %s is there twice", id)
		}
		class[id] = c
	}
	if err := lines.Err(); err != nil {
		return nil, &diag.Error{Kind: diag.Input, Code: "bad-list", Line: n + 1, Msg: "cannot read the list", Err: err, Fix: "is this a text file?"}
	}
	return class, nil
}

// canonicalID drops leading zeros, which N-MNIST's file names have and lists do not.
func canonicalID(s string) string {
	if id := strings.TrimLeft(s, "0"); id != "" || s == "" {
		return id
	}
	return "0"
}
