package link

import (
	"context"
	"encoding/binary"
	"hash/crc32"

	"github.com/isospike/isospike/snn/diag"
)

// Region is a part of a program: bytes for one of the board's memories.
type Region struct {
	ID   int    // index into Info.Regions
	Addr int    // byte offset in it, a multiple of 4
	Data []byte // whole 32-bit words, little endian
}

// Regions are compared and rewritten in blocks of this size, so that a load that was cut
// short goes on where it stopped.
const blockSize = 4096

// A block is a span with the bytes that belong there.
type block struct {
	span
	data []byte
}

// Load puts a program into the board's memories and has the board check it.
// After Load the board will run; before, and after a failed Load, it refuses to.
func (c *Conn) Load(ctx context.Context, image []Region) error {
	if err := c.Write(ctx, image); err != nil {
		return err
	}
	return c.commit(ctx, image)
}

// Write makes the board's memories what the image says. Blocks that are there already are not
// sent again; those that are sent are read back by CRC. The board does not look at what they mean,
// and refuses to run until the next Load.
func (c *Conn) Write(ctx context.Context, image []Region) error {
	if c.err != nil {
		return c.err
	}
	if err := c.checkImage(image); err != nil {
		return err
	}
	all := blocks(image)
	stale, err := c.differing(ctx, all)
	if err != nil {
		return err
	}
	if err := c.writeBlocks(ctx, stale); err != nil {
		return err
	}
	wrong, err := c.differing(ctx, stale)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		a := wrong[0].addr
		return c.finish(linkError("memory-faulty", "what was written to memory %d at 0x%x does not read back", a>>24, a&(maxRegion-1)).
			WithFix("load again; if that fails too, the board's memory is faulty"))
	}
	return nil
}

// checkImage returns an error, without harm to the Conn, for an image that no board
// with these memories can hold.
func (c *Conn) checkImage(image []Region) error {
	most := (c.info.MaxPayload - 4) / spanLen
	if len(image) == 0 || len(image) > most {
		return &diag.Error{Kind: diag.Limit, Code: "image-regions", Msg: "the program has an impossible number of parts",
			Resource: "parts", Used: int64(len(image)), Limit: int64(most), Fix: "join neighbouring parts"}
	}
	for i, r := range image {
		switch {
		case r.ID < 0 || r.ID >= len(c.info.Regions):
			return &diag.Error{Kind: diag.Limit, Code: "image-memory", Msg: "the program needs a memory that the board does not have",
				Resource: "memories", Used: int64(r.ID) + 1, Limit: int64(len(c.info.Regions)), Fix: "compile for this board"}
		case r.Addr < 0 || r.Addr > c.info.Regions[r.ID] || len(r.Data) > c.info.Regions[r.ID]-r.Addr:
			return &diag.Error{Kind: diag.Limit, Code: "image-too-large", Msg: "the program does not fit the board's memory",
				Resource: "bytes of memory", Used: int64(r.Addr) + int64(len(r.Data)), Limit: int64(c.info.Regions[r.ID]), Fix: "compile for this board"}
		case len(r.Data) == 0 || r.Addr%4 != 0 || len(r.Data)%4 != 0:
			return diag.Usagef("image-words", "part %d of the program is not whole 32-bit words", i)
		}
	}
	return nil
}

func blocks(image []Region) []block {
	var bs []block
	for _, r := range image {
		addr := uint32(r.ID)<<24 + uint32(r.Addr)
		for data := r.Data; len(data) > 0; {
			n := min(blockSize, len(data))
			bs = append(bs, block{span{addr, uint32(n)}, data[:n]})
			addr, data = addr+uint32(n), data[n:]
		}
	}
	return bs
}

// differing returns the blocks whose CRC on the board is not that of their data.
func (c *Conn) differing(ctx context.Context, bs []block) ([]block, error) {
	var diff []block
	for most := c.info.MaxPayload / spanLen; len(bs) > 0; {
		part := bs[:min(most, len(bs))]
		bs = bs[len(part):]
		var q []byte
		for _, b := range part {
			q = appendSpan(q, b.span)
		}
		sums, err := c.ask(ctx, opCRC, q)
		if err != nil {
			return nil, err
		}
		if len(sums) != 4*len(part) {
			return nil, c.finish(errOutput("%d bytes of CRC for %d blocks", len(sums), len(part)))
		}
		for i, b := range part {
			if binary.LittleEndian.Uint32(sums[4*i:]) != crc32.Checksum(b.data, castagnoli) {
				diff = append(diff, b)
			}
		}
	}
	return diff, nil
}

func (c *Conn) writeBlocks(ctx context.Context, bs []block) error {
	total, done := 0, 0
	for _, b := range bs {
		total += len(b.data)
	}
	most := (c.info.MaxPayload - 4) &^ 3
	chunk := most
	for !c.flows(4+chunk, overhead+statusLen) {
		if chunk -= 4; chunk < minBody {
			chunk = most
			break
		}
	}
	at := 0 // in bs[0]
	return c.stream(ctx, func() (request, bool) {
		if len(bs) == 0 {
			return request{}, false
		}
		b := bs[0]
		n := min(chunk, len(b.data)-at)
		body := binary.LittleEndian.AppendUint32(nil, b.addr+uint32(at))
		body = append(body, b.data[at:at+n]...)
		if at += n; at == len(b.data) {
			bs, at = bs[1:], 0
		}
		done += n
		if c.opt.Progress != nil {
			c.opt.Progress(done, total)
		}
		return request{op: opWrite, body: body}, true
	}, always)
}

func (c *Conn) commit(ctx context.Context, image []Region) error {
	sum := uint32(0)
	var spans []byte
	for _, r := range image {
		sum = crc32.Update(sum, castagnoli, r.Data)
		spans = appendSpan(spans, span{uint32(r.ID)<<24 + uint32(r.Addr), uint32(len(r.Data))})
	}
	body := append(binary.LittleEndian.AppendUint32(nil, sum), spans...)
	sent := false
	return c.stream(ctx, func() (request, bool) {
		first := !sent
		sent = true
		return request{op: opCommit, body: body}, first
	}, always)
}

func always() bool { return true }

// Read fills p with a board memory's bytes from byte offset addr on; both it and the
// length of p must be multiples of 4. It asks for one frame at a time: it is for looking, not for speed.
func (c *Conn) Read(ctx context.Context, region, addr int, p []byte) error {
	if c.err != nil {
		return c.err
	}
	if err := c.checkImage([]Region{{region, addr, p}}); err != nil {
		return err
	}
	at := uint32(region)<<24 + uint32(addr)
	for most := c.info.MaxPayload &^ 3; len(p) > 0; {
		n := min(most, len(p))
		a, err := c.ask(ctx, opRead, appendSpan(nil, span{at, uint32(n)}))
		if err != nil {
			return err
		}
		if len(a) != n {
			return c.finish(errOutput("%d bytes of memory for %d", len(a), n))
		}
		copy(p, a)
		at, p = at+uint32(n), p[n:]
	}
	return nil
}
