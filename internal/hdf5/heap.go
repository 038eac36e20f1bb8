package hdf5

// globalHeap reads values of variable length, section III.E.
type globalHeap struct {
	w    *walk
	read map[uint64]collection // by address; each is read once
}

// collection holds the objects of one collection by index. They share one
// string: values that name the same object again and again cost nothing.
type collection map[uint64]string

// referenceSize is what a value of variable length takes in the dataset itself.
const referenceSize = 16

// string returns the string that a reference names.
func (g *globalHeap) string(reference []byte) (string, error) { return g.object(reference, 1) }

// object returns what a reference names, elements of the given size: their number,
// collection, index.
func (g *globalHeap) object(reference []byte, size uint64) (string, error) {
	c := cursor{b: reference}
	length, addr, index := c.uint(4)*size, c.uint(8), c.uint(4)
	if length == 0 {
		return "", nil
	}
	objects, ok := g.read[addr]
	if !ok {
		var err error
		if objects, err = g.w.collection(addr); err != nil {
			return "", err
		}
		g.read[addr] = objects
	}
	s, ok := objects[index]
	if !ok || length > uint64(len(s)) {
		return "", malformed("nothing of %d bytes is object %d of the heap at %#x", length, index, addr)
	}
	return s[:length], nil
}

// collection reads the global heap collection at addr.
func (w *walk) collection(addr uint64) (collection, error) {
	const head = 16
	b, err := w.read(addr, head)
	if err != nil {
		return nil, err
	}
	c := cursor{b: b}
	if string(c.take(4)) != "GCOL" {
		return nil, malformed("no global heap at %#x", addr)
	}
	c.take(4)
	size := c.uint(8)
	if size < head {
		return nil, malformed("a global heap of %d bytes", size)
	}
	if b, err = w.read(addr+head, size-head); err != nil {
		return nil, err
	}
	text := string(b)
	objects := collection{}
	for c.b = b; len(c.b) >= head; {
		index := c.uint(2)
		c.take(6)
		n := c.uint(8)
		if index == 0 { // what is left is free
			break
		}
		if n > uint64(len(c.b)) {
			return nil, malformed("an object of the global heap at %#x is cut short", addr)
		}
		from := len(b) - len(c.b)
		objects[index] = text[from : from+int(n)]
		c.take(min(int(n+7)&^7, len(c.b)))
	}
	return objects, nil
}
