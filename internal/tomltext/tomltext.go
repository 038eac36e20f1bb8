// Package tomltext reads TOML that may come from anywhere.
package tomltext

import (
	"errors"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/isospike/isospike/snn/diag"
)

// most bounds what a text may nest: inline tables in all, parts of a key in a line. The parser keeps the whole key of every
// level, so its memory grows with the square of the depth and more: 20,000 levels, in 60 kB, take gigabytes.
const most = 1000

// Decode reads text into what v points to. The error is an Input one that names the line.
func Decode(text string, v any) (toml.MetaData, error) {
	if strings.Count(text, "{") > most {
		return toml.MetaData{}, diag.Inputf("toml", "", "there are more than %d inline tables", most)
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if strings.Count(line, ".") > most {
			e := diag.Inputf("toml", "", "there are more than %d dots in a line", most)
			e.Line = number
			return toml.MetaData{}, e
		}
	}
	meta, err := toml.Decode(text, v)
	if err == nil {
		return meta, nil
	}
	e := diag.Inputf("toml", "", "%v", err)
	var p toml.ParseError
	if errors.As(err, &p) {
		e.Line, e.Msg = p.Position.Line, p.Message
	}
	return meta, e
}
