package hdf5

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
)

// Folder is a group that is to be written: values and folders by name.
type Folder struct {
	folders map[string]*Folder
	values  map[string]Value
}

// NewFolder returns an empty folder.
func NewFolder() *Folder { return &Folder{map[string]*Folder{}, map[string]Value{}} }

// Folder returns the folder at path ("layer/0") within f, made where it is missing.
func (f *Folder) Folder(path string) *Folder {
	for name := range strings.SplitSeq(path, "/") {
		sub, ok := f.folders[name]
		if !ok {
			sub = NewFolder()
			f.folders[f.free(name)] = sub
		}
		f = sub
	}
	return f
}

// Put adds a value under a name.
func (f *Folder) Put(name string, v Value) { f.values[f.free(name)] = v }

// free returns name, which must be usable and not taken: names come from our own code.
func (f *Folder) free(name string) string {
	_, folder := f.folders[name]
	_, value := f.values[name]
	if folder || value || name == "" || name == "." || len(name) >= maxName || strings.ContainsAny(name, "/\x00") {
		panic("hdf5: unusable or used name " + name)
	}
	return name
}

// names returns what is in f, sorted: the order of links in a group.
func (f *Folder) names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(f.values)), maps.Keys(f.folders))
	slices.Sort(names)
	return names
}

// Sizes of version 0 structures with 8-byte addresses and the tree widths of
// HDF5's own defaults.
const (
	leafK        = 4  // a symbol table node holds up to 2·leafK links
	treeK        = 16 // a B-tree node has up to 2·treeK children
	snodSize     = 8 + 2*leafK*entrySize
	treeSize     = 24 + (2*treeK+1)*8 + 2*treeK*8
	entrySize    = 40
	rootAt       = 56   // of the root's entry in the superblock, section II.A
	gcolMin      = 4096 // HDF5 writes no smaller global heap collection
	noFreeBlock  = 1    // of a local heap, as HDF5 writes it
	symbolCached = 1    // an entry that repeats its group's B-tree and heap
)

// writer lays a file out from its beginning to its end; addresses are offsets in b.
type writer struct {
	b          []byte
	references []byte // of the strings of variable length that are still to be referred to
}

// Bytes returns the file with root as its root group: superblock version 0, symbol
// tables, contiguous values, no attributes, no time stamps. Equal folders give equal bytes.
func Bytes(root *Folder) []byte {
	w := &writer{}
	w.b = append(w.b, "\x89HDF\r\n\x1a\n"...)
	w.b = append(w.b, 0, 0, 0, 0, 0, 8, 8, 0)
	w.u16(leafK)
	w.u16(treeK)
	w.u32(0)
	w.u64(0)         // base address
	w.u64(undefined) // free space
	endAt := len(w.b)
	w.u64(0) // end of the file, known later
	w.u64(undefined)
	w.b = append(w.b, make([]byte, entrySize)...)
	w.strings(root)
	header, tree, heap := w.folder(root)
	w.entry(rootAt, 0, header, tree, heap)
	w.align()
	binary.LittleEndian.PutUint64(w.b[endAt:], uint64(len(w.b)))
	return w.b
}

func (w *writer) u16(x int)    { w.b = binary.LittleEndian.AppendUint16(w.b, uint16(x)) }
func (w *writer) u32(x int)    { w.b = binary.LittleEndian.AppendUint32(w.b, uint32(x)) }
func (w *writer) u64(x uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, x) }

// align pads to a multiple of 8, where every structure begins, and returns its address.
func (w *writer) align() uint64 {
	w.b = append(w.b, make([]byte, -len(w.b)&7)...)
	return uint64(len(w.b))
}

// entry fills in a symbol table entry at an offset, section III.C; of a group where
// tree is not 0.
func (w *writer) entry(at int, name, header, tree, heap uint64) {
	e := w.b[at : at+entrySize]
	binary.LittleEndian.PutUint64(e, name)
	binary.LittleEndian.PutUint64(e[8:], header)
	if tree != 0 {
		e[16] = symbolCached
		binary.LittleEndian.PutUint64(e[24:], tree)
		binary.LittleEndian.PutUint64(e[32:], heap)
	}
}

// link is a child that is already written.
type link struct{ name, header, tree, heap uint64 }

// folder writes what is in f and then f itself, sections III.A to III.D.
func (w *writer) folder(f *Folder) (header, tree, heap uint64) {
	var links []link
	text := make([]byte, 8) // offset 0 is the empty name
	for _, name := range f.names() {
		l := link{name: uint64(len(text))}
		text = append(text, name...)
		text = append(text, make([]byte, 8-len(name)&7)...)
		if v, ok := f.values[name]; ok {
			l.header = w.value(v)
		} else {
			l.header, l.tree, l.heap = w.folder(f.folders[name])
		}
		links = append(links, l)
	}
	heap = w.align()
	w.b = append(w.b, "HEAP\x00\x00\x00\x00"...)
	w.u64(uint64(len(text)))
	w.u64(noFreeBlock)
	w.u64(heap + 32)
	w.b = append(w.b, text...)
	tree = w.tree(links)
	table := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, tree), heap)
	return w.header([]message{{msgSymbolTable, table}}), tree, heap
}

// tree writes the symbol table nodes of a group's links and the B-tree above them.
func (w *writer) tree(links []link) uint64 {
	type child struct{ at, last uint64 } // last: offset of the name of its last link
	var level []child
	for part := range slices.Chunk(links, 2*leafK) {
		at := w.align()
		w.b = append(w.b, "SNOD\x01\x00"...)
		w.u16(len(part))
		w.b = append(w.b, make([]byte, snodSize-8)...)
		for i, l := range part {
			w.entry(int(at)+8+i*entrySize, l.name, l.header, l.tree, l.heap)
		}
		level = append(level, child{at, part[len(part)-1].name})
	}
	for depth := byte(0); ; depth++ {
		at := w.align()
		count := max(1, (len(level)+2*treeK-1)/(2*treeK))
		var above []child
		key := uint64(0) // before the first link: the empty name
		for i := range count {
			left, right := uint64(undefined), uint64(undefined)
			if i > 0 {
				left = at + uint64((i-1)*treeSize)
			}
			if i < count-1 {
				right = at + uint64((i+1)*treeSize)
			}
			part := level[min(len(level), i*2*treeK):min(len(level), (i+1)*2*treeK)]
			w.b = append(w.b, 'T', 'R', 'E', 'E', treeGroup, depth)
			w.u16(len(part))
			w.u64(left)
			w.u64(right)
			w.u64(key)
			for _, c := range part {
				w.u64(c.at)
				w.u64(c.last)
				key = c.last
			}
			w.b = append(w.b, make([]byte, treeSize-32-16*len(part))...)
			above = append(above, child{at + uint64(i*treeSize), key})
		}
		if count == 1 {
			return at
		}
		level = above
	}
}
