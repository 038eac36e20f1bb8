package hdf5

// Types of B-trees of version 1, section III.A.1.
const (
	treeGroup = 0
	treeChunk = 1
)

// tree calls leaf for each child of the lowest nodes of the B-tree at addr, in
// order, with the key before it.
func (w *walk) tree(addr uint64, kind byte, keySize int, leaf func(key []byte, child uint64) error) error {
	return w.treeNode(addr, kind, -1, keySize, leaf)
}

// treeNode visits a node, whose level must be the given one unless that is -1.
// Levels fall with each call, which bounds the depth.
func (w *walk) treeNode(addr uint64, kind byte, level, keySize int, leaf func(key []byte, child uint64) error) error {
	b, err := w.read(addr, 24)
	if err != nil {
		return err
	}
	if string(b[:4]) != "TREE" || b[4] != kind || level >= 0 && int(b[5]) != level {
		return malformed("no B-tree node of type %d at %#x, or one of the wrong level", kind, addr)
	}
	level = int(b[5])
	c := cursor{b: b[6:]}
	entries := c.uint(2)
	if b, err = w.read(addr+24, entries*uint64(keySize+8)); err != nil {
		return err
	}
	for c.b = b; len(c.b) > 0; {
		key, child := c.take(keySize), c.uint(8)
		if level > 0 {
			err = w.treeNode(child, kind, level-1, keySize, leaf)
		} else {
			err = leaf(key, child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
