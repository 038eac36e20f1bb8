package main

import (
	"context"
	"errors"
	"testing"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets"
)

// TestCompileStops: an interrupt does not wait for the compiler, which takes some time for this network.
func TestCompileStops(t *testing.T) {
	loihi, err := targets.Lookup("loihi1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	_, err = compileAt(ctx, mix(), loihi, "", nil)
	if e := (*diag.Error)(nil); !errors.As(err, &e) || e.Kind != diag.Interrupted || !errors.Is(err, cause) {
		t.Errorf("compiling ended with %v", err)
	}
}
