package trace

// A variable is what viewers of waveforms show as a line: a bit, or a register of 32.
type variable struct {
	signal int // of the list: variables of one are neighbours
	layer  string
	neuron int
	name   string
	bit    bool
	ticks  int
	at     func(t int) int32
}

// variables returns those of signals, the first tick, and the ticks of the longest:
//
//	spike        1 for the tick in which it sends
//	message      what it sends, where signals of the trace send other than 1
//	u, v         registers, two's complement of 32 bits: show them as signed decimals
//	threshold    where it stays the same
func variables(signals []Signal) (list []variable, from, ticks int) {
	graded := false
	if len(signals) > 0 {
		from = signals[0].From
	}
	for _, s := range signals {
		for _, m := range s.Message {
			graded = graded || m != 0 && m != 1
		}
	}
	for i, s := range signals {
		ticks = max(ticks, len(s.Message))
		add := func(name string, bit bool, at func(t int) int32) {
			list = append(list, variable{i, word(s.Layer), s.Neuron, name, bit, len(s.Message), at})
		}
		add("spike", true, func(t int) int32 { return fires(s.Message[t]) })
		if graded {
			add("message", false, func(t int) int32 { return s.Message[t] })
		}
		if s.U != nil {
			add("u", false, func(t int) int32 { return s.U[t] })
			add("v", false, func(t int) int32 { return s.V[t] })
		}
		if s.Threshold != 0 {
			add("threshold", false, func(int) int32 { return int32(s.Threshold) })
		}
	}
	return list, from, ticks
}

// word makes a name of a scope: letters, digits and _.
func word(s string) string {
	b := []byte(s)
	for i, c := range b {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			b[i] = '_'
		}
	}
	return string(b)
}

func fires(message int32) int32 {
	if message != 0 {
		return 1
	}
	return 0
}

// scopes calls begin and end around the variables of each layer and of each neuron in it, and each for every variable.
func scopes(list []variable, begin func(format string, name any), end func(), each func(i int, v *variable)) {
	for i := range list {
		v := &list[i]
		layer := i == 0 || list[i-1].layer != v.layer
		if layer {
			if i > 0 {
				end()
			}
			begin("layer_%v", v.layer)
		}
		if layer || list[i-1].signal != v.signal {
			begin("neuron_%v", v.neuron)
		}
		each(i, v)
		if i == len(list)-1 || list[i+1].signal != v.signal {
			end()
		}
	}
	if len(list) > 0 {
		end()
	}
}
