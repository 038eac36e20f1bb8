package tomltext

import (
	"errors"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/diag"
)

func TestDecode(t *testing.T) {
	var v map[string]any
	meta, err := Decode("a = 1\n[b]\nc = { d = 2.5 }\n", &v)
	if err != nil || v["a"] != int64(1) || !meta.IsDefined("b", "c", "d") {
		t.Error(v, err)
	}
	for text, want := range map[string]diag.Error{
		"a = 1\nb = ]":                                    {Line: 2, Msg: "expected value but found ']' instead"},
		"x = " + strings.Repeat("{a=", most+1):            {Msg: "there are more than 1000 inline tables"},
		"\nx" + strings.Repeat(".a", most+1) + " = 1":     {Line: 2, Msg: "there are more than 1000 dots in a line"},
		"x = " + strings.Repeat("[", 1<<16):               {Line: 1},
		"x = " + strings.Repeat("[{a=\n", most):           {},
		"x" + strings.Repeat(".a", most) + " = nothing\n": {Line: 1},
	} {
		var e *diag.Error
		_, err := Decode(text, new(map[string]any))
		if !errors.As(err, &e) || e.Kind != diag.Input || e.Code != "toml" || want.Line > 0 && e.Line != want.Line || want.Msg != "" && e.Msg != want.Msg ||
			want.Msg == "" && strings.HasPrefix(e.Msg, "there are more than") {
			t.Errorf("%.30q: %+v", text, e)
		}
	}
}
