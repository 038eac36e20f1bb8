package link

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// Run resets the board's state and runs one sample for the given number of ticks; past
// the end of in there is no input. in is over axons, the result over board
// neuron ids: what spikes in tick t is at t.
func (c *Conn) Run(ctx context.Context, in *spike.Raster, ticks int) (*spike.Raster, error) {
	var out *spike.Raster
	err := c.RunAll(ctx, []*spike.Raster{in}, ticks, func(_ int, r *spike.Raster) error {
		out = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// RunAll runs samples like Run, one after the other, without letting the line fall idle
// between them, and calls got with each result, in order. An error of got ends
// the Conn.
func (c *Conn) RunAll(ctx context.Context, in []*spike.Raster, ticks int, got func(i int, out *spike.Raster) error) error {
	if c.err != nil {
		return c.err
	}
	if ticks < 1 {
		return diag.Usagef("sample-ticks", "a sample cannot run for %d ticks", ticks)
	}
	for _, r := range in {
		if err := c.checkSample(r, ticks); err != nil {
			return err
		}
	}
	f := feeder{in: in, ticks: ticks, most: c.info.MaxPayload - 4}
	o := collector{neurons: c.info.Neurons, ticks: ticks, want: len(in), got: got}
	o.reset()
	c.sink = func(p []byte) error {
		c.pace.note(p)
		return o.take(p)
	}
	defer func() { c.sink = nil }()
	f.flows = func(stream, ticks int) bool {
		return c.flows(4+stream, overhead+statusLen+ticks*c.pace.bytes/c.pace.ticks)
	}
	return c.stream(ctx, func() (request, bool) {
		return f.next(min(c.credit()/4, maxOutput*c.pace.ticks/c.pace.bytes)) // a few commands under way hide the round trip
	}, func() bool { return o.done == o.want })
}

// A pace is how much output the ticks of late have made.
type pace struct{ bytes, ticks int }

// note takes in a piece of the output stream. Old ticks lose weight.
func (p *pace) note(stream []byte) {
	p.bytes += len(stream)
	p.ticks += bytes.Count(stream, []byte{gapTick})
	if p.ticks > 512 {
		p.bytes, p.ticks = p.bytes/2, p.ticks/2
	}
}

// credit returns how many ticks may be under way if the board's output buffer is not to
// fill, judged by the pace and a quarter more. It is a forecast: when it is wrong the board
// says BUSY, which costs time and nothing else.
func (c *Conn) credit() int {
	free := int64(c.info.OutBuffer - c.info.Neurons)
	return int(free * int64(c.pace.ticks) * 4 / (int64(c.pace.bytes) * 5))
}

// Counters asks the board how much it has done since it was powered up or reset.
func (c *Conn) Counters(ctx context.Context) (Counters, error) {
	p, err := c.ask(ctx, opCounters, nil)
	if err != nil {
		return Counters{}, err
	}
	if len(p) != 32 {
		return Counters{}, c.finish(errOutput("%d bytes of counters", len(p)))
	}
	le := binary.LittleEndian
	return Counters{le.Uint64(p), le.Uint64(p[8:]), le.Uint64(p[16:]), le.Uint64(p[24:])}, nil
}

// checkSample returns an error, without harm to the Conn, for an input that cannot be run.
func (c *Conn) checkSample(r *spike.Raster, ticks int) error {
	if r.Ticks() > ticks {
		return diag.Usagef("sample-too-long", "a sample of %d ticks is to run for %d", r.Ticks(), ticks)
	}
	for t := range r.Ticks() {
		last := int32(-1)
		for _, a := range r.At(t) {
			if a <= last {
				return diag.Usagef("sample-order", "the inputs of tick %d do not ascend", t)
			}
			last = a
		}
		if int(last) >= c.info.Axons {
			return &diag.Error{Kind: diag.Limit, Code: "input-exceeds-axons", Msg: "a sample has inputs that the board does not have",
				Resource: "axons", Used: int64(last) + 1, Limit: int64(c.info.Axons), Fix: "compile for this board"}
		}
	}
	return nil
}

// A feeder makes RESET and RUN commands of samples.
type feeder struct {
	in     []*spike.Raster
	ticks  int
	most   int                          // bytes of stream in one RUN
	flows  func(stream, ticks int) bool // whether commands of so much of it keep the line full
	stream []byte                       // what is left of the current sample
	i      int                          // the next sample
}

// next returns the next command, of at most the given ticks but at least one: the longest that
// keeps the line full.
func (f *feeder) next(ticks int) (request, bool) {
	if len(f.stream) == 0 {
		if f.i == len(f.in) {
			return request{}, false
		}
		r := f.in[f.i]
		f.i++
		for t := range f.ticks {
			var ids []int32
			if t < r.Ticks() {
				ids = r.At(t)
			}
			f.stream = appendTick(f.stream, ids)
		}
		return request{op: opReset}, true
	}
	n, ended, best, bestEnded := 0, 0, 0, 0
	for n < min(f.most, len(f.stream)) && (ended == 0 || ended < ticks) {
		if f.stream[n] == gapTick {
			ended++
		}
		n++
		if f.flows(n, ended) {
			best, bestEnded = n, ended
		}
	}
	if best >= minBody {
		n, ended = best, bestEnded
	}
	r := request{op: opRun, body: f.stream[:n:n], ticks: ended}
	f.stream = f.stream[n:]
	return r, true
}

// A collector makes rasters of the output stream.
type collector struct {
	neurons, ticks int
	want, done     int // samples
	got            func(int, *spike.Raster) error
	gaps           gapReader
	out            *spike.Raster
	tick           []int32
}

func (o *collector) reset() {
	o.out = spike.NewRaster(o.neurons)
	o.gaps = gapReader{limit: int32(o.neurons)}
}

// take reads the next bytes of the stream.
func (o *collector) take(p []byte) error {
	for _, b := range p {
		if o.done == o.want {
			return errOutput("spikes after the last tick")
		}
		id, ev := o.gaps.feed(b)
		switch ev {
		case gapBad:
			return errOutput("a neuron beyond %d", o.neurons)
		case gapSpike:
			o.tick = append(o.tick, id)
		case gapEnd:
			o.out.Append(o.tick...)
			o.tick = o.tick[:0]
			if o.out.Ticks() < o.ticks {
				continue
			}
			if err := o.got(o.done, o.out); err != nil {
				return err
			}
			o.done++
			o.reset()
		}
	}
	return nil
}
