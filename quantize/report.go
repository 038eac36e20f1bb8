package quantize

// Report says what quantizing did to a network.
type Report struct {
	Lossless bool          `json:"lossless"` // training computed with these very integers
	Layers   []LayerReport `json:"layers"`
	Ranges   []Range       `json:"ranges"`
	Effect   *Effect       `json:"effect,omitempty"` // on the spikes of samples, where some were run

	Conversions []Conversion `json:"conversions,omitempty"` // of SRM layers that became layers of CUBA neurons
	// Exact is the effect of the same quantization without the conversion.
	Exact *Effect `json:"effect_before_conversion,omitempty"`
}

// LayerReport compares a layer's real parameters with what the integers hold.
// Errors are in the units of the source: of a model, integer weights (1/64) of those that the forward pass of
// training applied, and 0 throughout where Lossless.
type LayerReport struct {
	Name          string  `json:"name"`
	Weights       int     `json:"weights"`
	Bits          int     `json:"bits"`              // that a weight is stored in
	Ternary       bool    `json:"ternary,omitempty"` // and only −1, 0 and 1 of a step are used
	Exp           int     `json:"exponent"`          // of the weights, the least of all channels
	MaxExp        int     `json:"max_exponent"`      // the largest
	VTh           int     `json:"v_th"`              // threshold of the neurons as they are written, which the scale of the weights may have changed
	Zero          int     `json:"zero"`              // weights that became 0
	Clipped       int     `json:"clipped"`           // weights beyond what the bits hold, set to the limit
	MaxError      float64 `json:"max_error"`         // largest rounding or clipping error
	RMSError      float64 `json:"rms_error"`
	RMSWeight     float64 `json:"rms_weight"`     // for scale
	BiasesClipped int     `json:"biases_clipped"` // biases beyond what mantissa and exponent hold
	BiasError     float64 `json:"bias_error"`     // largest error of a bias
	DecayError    float64 `json:"decay_error"`    // largest error of a decay, in 1/4096
	DelayBits     int     `json:"delay_bits"`     // of the field that holds the delays; 0 without delays
	MaxDelay      int     `json:"max_delay"`      // longest axonal delay in ticks
	DelaysClipped int     `json:"delays_clipped"` // delays beyond what the bits hold, set to the longest
	DelayError    float64 `json:"delay_error"`    // most ticks that flooring and clipping took from a delay
}
