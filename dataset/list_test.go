package dataset

import (
	"errors"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/diag"
)

func TestParseList(t *testing.T) {
	got, err := parseList(strings.NewReader("#sample\t#class\n00002\t0\r\n\n 60001 7 # seven\n000\t9\n"), digits)
	if err != nil || len(got) != 3 || got["2"] != 0 || got["60001"] != 7 || got["0"] != 9 {
		t.Errorf("%v, %v", got, err)
	}
	for in, words := range map[string][2]string{
		"1\t2\n3\n":                           {"2:", "1 fields"},
		"1\t2\t3\n":                           {"1:", "3 fields"},
		"#\n1\t10\n":                          {"2:", `"10" is not a class`},
		"1\t-1\n":                             {"1:", `"-1" is not a class`},
		"1\tx\n":                              {"1:", `"x" is not a class`},
		"1\t2\n2\t2\n001\t2":                  {"3:", "id 1 is there twice"},
		"1\t2\n" + strings.Repeat("x", 1<<17): {"2:", "token too long"},
	} {
		_, err := parseList(strings.NewReader(in), digits)
		wantError(t, diag.InFile(err, "list.txt"), "bad-list", "list.txt:"+words[0], words[1])
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("#sample\t#class\n1\t5\n2\t0\n")
	f.Add("1 1\n01 1")
	f.Fuzz(func(t *testing.T, s string) {
		class, err := parseList(strings.NewReader(s), digits)
		if e := (*diag.Error)(nil); err != nil && (!errors.As(err, &e) || e.Line == 0) {
			t.Fatalf("%v", err)
		}
		for id, c := range class {
			if c < 0 || c > 9 || id != canonicalID(id) || id == "" {
				t.Fatalf("%q is %d", id, c)
			}
		}
	})
}
