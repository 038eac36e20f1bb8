package main

import (
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets"
	"github.com/spf13/cobra"
)

// programTargetFlag is for what has to know more of a target than its name, which is all that a program says.
func programTargetFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "target", "", "`FILE`: the .toml file that the program was compiled for, where its target is not built in")
}

// programTarget returns the target that p was compiled for: a built-in one, or that of a .toml file.
func programTarget(p *compile.Program, file string) (compile.Target, error) {
	if file == "" {
		if !slices.Contains(targets.List(), p.Target) {
			return nil, diag.Inputf("target-unknown", "", "the program is for %q, which is no built-in target", p.Target).
				WithFix("give the .toml file that it was compiled for with --target")
		}
		return targets.Lookup(p.Target)
	}
	t, err := targets.Lookup(file)
	if err != nil {
		return nil, err
	}
	return t, compile.Verify(p, t)
}
