package compile

// Target is what the compiler must know of a chip or board.
type Target interface {
	// Name is the name that users give: "loihi1", "icebreaker".
	Name() string
	// Limits is asked once, before partitioning.
	Limits() Limits
	// RowWords returns how many words of synapse memory the row of one axon
	// takes: n synapses among span target neurons, with the given weight and
	// delay bits. Partitioning asks it for every row that a neuron is added to.
	RowWords(n, span, weightBits, delayBits int) int
}

// Limits are the amounts of a target. A limit of 0 is none.
type Limits struct {
	Chips, CoresPerChip  int
	MeshWidth, TileCores int  // tiles are numbered row by row; TileCores cores share one
	Neurons              int  // a core
	AxonsIn              int  // a core
	AxonsOut             int  // entries a core
	CrossChipEntries     int  // entries that an axon to another chip takes
	RoutesPerNeuron      int  // axon-out entries of one neuron
	SynapseWords         int  // words of synapse memory a core
	RowWords             int  // words of one axon's row
	Profiles             int  // a core
	MaxVTh               int  // largest threshold mantissa
	SynapticDelay        bool // delays are stored with the synapses, else in the routes
	MaxDelay             int  // longest delay in ticks
	DelayAccumulators    int  // neurons × 2^(delay bits) must not exceed it
	PeriodicReset        bool // the target can zero neurons periodically
}
