package main

import (
	"context"
	"strings"

	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// contestant is one of the executors that verify is asked for by name.
type contestant struct {
	*executor         // runs it; of a device, the simulator on its program, which it is compared with
	on        *device // nil: the executor itself
	in        *spike.Raster
	item      string // of --against
}

// kindOf returns what an item of --against asks for, without its argument.
func kindOf(item string) string {
	kind, _, _ := strings.Cut(item, ":")
	return kind
}

// against makes the executors of --against for the last artifact, e, which was read from path.
func (a *app) against(ctx context.Context, items []string, e *executor, path string, board *boardFlags) (list []contestant, err error) {
	programs := map[string]*executor{} // by target, of a fixed network
	program := func(target, item string) (*executor, error) {
		switch {
		case e.program != nil:
			return e, nil
		case programs[target] != nil:
			return programs[target], nil
		case target == "":
			return nil, diag.Usagef("usage", "--against %s takes a program, and %s is none", item, path).WithFix("give a program, or name a target: --against %s:icebreaker", item)
		}
		file, err := artifact.Read(path)
		if err != nil {
			return nil, err
		}
		n, err := fixed.FromFile(file)
		if err != nil {
			return nil, diag.InFile(err, path)
		}
		p, err := compileFor(ctx, n, target, artifact.Hash(file))
		if err != nil {
			return nil, err
		}
		programs[target], err = a.simExecutor(p)
		return programs[target], err
	}
	for _, item := range items {
		kind, argument, _ := strings.Cut(item, ":")
		c := contestant{item: item}
		switch kind {
		case "sim":
			if e.program != nil && argument != "" {
				return nil, diag.Usagef("usage", "--against %s: %s is a program already", item, path).WithFix("leave the target out, or give a fixed network")
			}
			if c.executor, err = program(argument, kind); err == nil && c.executor == e {
				continue // the artifact's own executor
			}
		case "slow":
			if c.executor, err = program(argument, kind); err == nil {
				reference := *a
				reference.slow = true
				if c.executor, err = reference.simExecutor(c.program); err == nil {
					c.name = strings.Replace(c.name, "sim:", "slow:", 1)
				}
			}
		case "emulator", "rtl", "board":
			if c.executor, err = program(argument, kind); err != nil {
				break
			}
			if kind == "board" {
				c.on = board.board(a, c.executor)
				break
			}
			b, berr := boardOf(c.executor, argument)
			if err = berr; err != nil {
				break
			}
			c.on, err = a.simulated(ctx, b, kind == "rtl")
		case "lava":
			if argument == "" {
				return nil, diag.Usagef("usage", "--against lava names no file").WithFix("name what Lava recorded: --against lava:trace.npz")
			}
			c.executor, c.in, err = a.lavaExecutor(argument, e)
			if err == nil {
				err = e.takesRaster(argument, c.in)
			}
		default:
			err = diag.Usagef("usage", "--against: there is no executor %q", item).WithFix("name sim, slow, emulator, rtl, board or lava:FILE")
		}
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}
