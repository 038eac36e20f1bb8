package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

// form returns an error for a file whose name does not end in one of the forms that a flag writes.
func form(flag, path string, forms ...string) error {
	if path == "" || slices.Contains(forms, strings.ToLower(filepath.Ext(path))) {
		return nil
	}
	return diag.Usagef("usage", "%s is %s: it is not clear which form it is to have", flag, path).WithFix("name a file that ends in %s", strings.Join(forms, " or "))
}

// overInput returns an error where what is written to out would replace a file that the command reads.
func overInput(out string, read ...string) error {
	o, err := os.Stat(out)
	if err != nil || !o.Mode().IsRegular() {
		return nil
	}
	for _, path := range read {
		if i, err := os.Stat(path); err == nil && os.SameFile(o, i) {
			return diag.Usagef("usage", "--output is %s, which is read and would be lost", out).WithFix("name another file")
		}
	}
	return nil
}
