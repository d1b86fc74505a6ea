package value

import "fmt"

// Range is the ints from Start up to and without Stop, by Step, which is not
// zero.
type Range struct{ Start, Stop, Step int64 }

// TypeName implements [Object].
func (Range) TypeName() string { return "range" }

// Len implements [Sized].
func (r Range) Len() int {
	var n uint64
	switch {
	case r.Step > 0 && r.Start < r.Stop:
		n = (uint64(r.Stop)-uint64(r.Start)-1)/uint64(r.Step) + 1
	case r.Step < 0 && r.Start > r.Stop:
		n = (uint64(r.Start)-uint64(r.Stop)-1)/(-uint64(r.Step)) + 1
	}
	return int(min(n, 1<<62))
}

// At returns the item at i, which is in bounds.
func (r Range) At(i int) int64 { return r.Start + int64(i)*r.Step }

// Has reports whether n is in the range.
func (r Range) Has(n int64) bool {
	if r.Step > 0 && (n < r.Start || n >= r.Stop) || r.Step < 0 && (n > r.Start || n <= r.Stop) {
		return false
	}
	return (n-r.Start)%r.Step == 0
}

// Truth implements [Truther].
func (r Range) Truth() bool { return r.Len() > 0 }

// Str implements [Printer].
func (r Range) Str() string { return r.Repr() }

// Repr implements [Printer].
func (r Range) Repr() string {
	if r.Step == 1 {
		return fmt.Sprintf("range(%d, %d)", r.Start, r.Stop)
	}
	return fmt.Sprintf("range(%d, %d, %d)", r.Start, r.Stop, r.Step)
}

// EqualTo implements [Equaler].
func (r Range) EqualTo(other Value) bool {
	o, ok := other.(Range)
	if !ok || r.Len() != o.Len() {
		return false
	}
	n := r.Len()
	return n == 0 || r.Start == o.Start && (n == 1 || r.Step == o.Step)
}

// HashKey implements [Hasher].
func (r Range) HashKey() (any, error) {
	switch n := r.Len(); n {
	case 0:
		return Range{}, nil
	case 1:
		return Range{r.Start, 0, 0}, nil
	default:
		return Range{r.Start, int64(n), r.Step}, nil
	}
}
