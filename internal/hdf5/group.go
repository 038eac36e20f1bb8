package hdf5

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

const maxName = 1 << 12 // bytes of a link's name: ours, HDF5 has no limit

// Group is a folder of groups and datasets.
type Group struct {
	img   *image
	path  string
	links map[string]uint64 // name to object header; undefined for soft links
}

// Names returns the names of what is in g, sorted.
func (g *Group) Names() []string { return slices.Sorted(maps.Keys(g.links)) }

// Group returns the group at path ("layer/0"), seen from g; "" is g itself. The error is
// "hdf5-missing" where there is no such object.
func (g *Group) Group(path string) (*Group, error) {
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if name == "" {
			continue
		}
		addr, err := g.find(name)
		if err != nil {
			return nil, err
		}
		if g, err = g.img.group(addr, g.join(name)); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Dataset returns the dataset at path ("layer/0/weight"), seen from g. The error
// is "hdf5-missing" where there is no such object.
func (g *Group) Dataset(path string) (*Dataset, error) {
	path = strings.Trim(path, "/")
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		var err error
		if g, err = g.Group(path[:i]); err != nil {
			return nil, err
		}
		path = path[i+1:]
	}
	addr, err := g.find(path)
	if err != nil {
		return nil, err
	}
	return g.img.dataset(addr, g.join(path))
}

func (g *Group) join(name string) string {
	return strings.TrimSuffix(g.path, "/") + "/" + name
}

func (g *Group) find(name string) (uint64, error) {
	addr, ok := g.links[name]
	if !ok {
		return 0, diag.Inputf("hdf5-missing", "", "there is no %s", g.join(name))
	}
	if addr == undefined {
		return 0, at(unsupported("a soft link"), g.join(name))
	}
	return addr, nil
}

// group reads the group whose object header is at addr.
func (img *image) group(addr uint64, path string) (*Group, error) {
	w := img.walk()
	h, err := w.header(addr)
	if err != nil {
		return nil, at(err, path)
	}
	m, ok := h[msgSymbolTable]
	if !ok {
		if h[msgLink] != nil || h[msgLinkInfo] != nil {
			return nil, at(unsupported("a group of link messages"), path)
		}
		return nil, at(malformed("not a group"), path)
	}
	links, err := w.links(m)
	if err != nil {
		return nil, at(err, path)
	}
	return &Group{img, path, links}, nil
}

// links reads what a symbol table message refers to, sections III.A.1 to III.D.
func (w *walk) links(message []byte) (map[string]uint64, error) {
	c := cursor{b: message}
	tree, heap := c.uint(8), c.uint(8)
	names, err := w.localHeap(heap)
	if err != nil {
		return nil, err
	}
	links := map[string]uint64{}
	err = w.tree(tree, treeGroup, 8, func(_ []byte, node uint64) error {
		b, err := w.read(node, 8)
		if err != nil {
			return err
		}
		c := cursor{b: b}
		if string(c.take(4)) != "SNOD" {
			return malformed("no symbol table node at %#x", node)
		}
		c.take(2)
		if b, err = w.read(node+8, 40*c.uint(2)); err != nil {
			return err
		}
		for c.b = b; len(c.b) > 0; {
			offset, addr, cache := c.uint(8), c.uint(8), c.uint(4)
			c.take(4 + 16)
			name, err := nameAt(names, offset)
			if err != nil {
				return err
			}
			if _, twice := links[name]; twice {
				return malformed("two links are called %q", name)
			}
			if cache == 2 {
				addr = undefined
			}
			links[name] = addr
		}
		return nil
	})
	return links, err
}

// localHeap returns the data of the local heap at addr, section III.D.
func (w *walk) localHeap(addr uint64) ([]byte, error) {
	b, err := w.read(addr, 32)
	if err != nil {
		return nil, err
	}
	c := cursor{b: b}
	if string(c.take(4)) != "HEAP" {
		return nil, malformed("no local heap at %#x", addr)
	}
	c.take(4)
	size := c.uint(8)
	c.take(8)
	return w.read(c.uint(8), size)
}

// nameAt returns the name that begins at offset in a heap's data.
func nameAt(heap []byte, offset uint64) (string, error) {
	if offset < uint64(len(heap)) {
		s := heap[offset:]
		if n := bytes.IndexByte(s[:min(len(s), maxName)], 0); n > 0 && bytes.IndexByte(s[:n], '/') < 0 {
			return string(s[:n]), nil
		}
	}
	return "", malformed("a link has no usable name")
}
