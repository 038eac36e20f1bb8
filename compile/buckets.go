package compile

// buckets holds neurons by a gain from −most to most, and knows a neuron of the largest gain.
// All operations but most take constant time: lists that are linked both ways, one for each gain
// (Fiduccia and Mattheyses 1982).
type buckets struct {
	offset     int
	first      []int32 // by gain: 1 + the neuron last added, 0 is none
	next, prev []int32 // by neuron: 1 + its neighbour in the list
	gain       []int32 // by neuron: 1 + its place in first, 0 where it is in no list
	top        int     // no neuron has a larger gain
}

func newBuckets(neurons, most int) *buckets {
	return &buckets{offset: most, first: make([]int32, 2*most+1), next: make([]int32, neurons), prev: make([]int32, neurons), gain: make([]int32, neurons)}
}

func (b *buckets) add(v int32, gain int) {
	at := gain + b.offset
	b.top = max(b.top, at)
	b.gain[v], b.prev[v], b.next[v] = int32(at+1), 0, b.first[at]
	if f := b.first[at]; f > 0 {
		b.prev[f-1] = v + 1
	}
	b.first[at] = v + 1
}

// remove takes v out, if it is in.
func (b *buckets) remove(v int32) {
	if b.gain[v] == 0 {
		return
	}
	if p := b.prev[v]; p > 0 {
		b.next[p-1] = b.next[v]
	} else {
		b.first[b.gain[v]-1] = b.next[v]
	}
	if n := b.next[v]; n > 0 {
		b.prev[n-1] = b.prev[v]
	}
	b.gain[v] = 0
}

// most returns a neuron of the largest gain, −1 if there is none.
func (b *buckets) most() int32 {
	for ; b.top >= 0; b.top-- {
		if v := b.first[b.top]; v > 0 {
			return v - 1
		}
	}
	b.top = 0
	return -1
}
