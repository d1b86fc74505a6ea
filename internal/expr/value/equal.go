package value

import (
	"bytes"
	"math"
	"math/big"
	"strings"
)

// Bounds that hold whatever the limits of a language are: no value that is
// honestly meant comes near them, and without them an expression of a few
// characters could take the whole machine.
const (
	maxDepth = 1000     // how deep containers are followed
	maxText  = 64 << 20 // bytes of one text, items of one list times 16
	maxSteps = 20 << 20 // values visited by one comparison or one copy
	maxBits  = 1 << 20  // bits of an int

	maxIntDigits = 4300 // digits of an int in a text, as in Python
	maxItems     = maxText / 16
)

// Equal reports whether a and b are equal as Python has it: 1 == 1.0 == True,
// containers item by item, dicts without regard to order.
func Equal(a, b Value) bool {
	c := comparer{steps: maxSteps}
	return c.equal(a, b, 0)
}

// comparer compares within a bound: containers that hold each other many times
// over would otherwise keep it busy for ever.
type comparer struct{ steps int }

func (c *comparer) equal(a, b Value, depth int) bool {
	if c.steps--; c.steps < 0 || depth > maxDepth {
		return false
	}
	switch a := a.(type) {
	case nil:
		return b == nil || forced(b) && c.equal(b, nil, depth+1)
	case string:
		switch b := b.(type) {
		case string:
			return a == b
		case Markup:
			return a == string(b)
		}
	case Markup:
		return c.equal(string(a), b, depth)
	case bool, int64, float64, *big.Int, complex128:
		if isNumber(b) {
			return equalNumbers(a, b)
		}
	case Bytes:
		b, ok := b.(Bytes)
		return ok && bytes.Equal(a, b)
	case *List:
		if b, ok := b.(*List); ok {
			return a == b || c.equalItems(a.Items, b.Items, depth)
		}
	case Tuple:
		switch b := b.(type) {
		case Tuple:
			return c.equalItems(a, b, depth)
		case *NamedTuple:
			return c.equalItems(a, b.Items, depth)
		}
	case *NamedTuple:
		return c.equal(a.Items, b, depth)
	case *Dict:
		if b, ok := b.(*Dict); ok {
			return a == b || c.equalDicts(a, b, depth)
		}
	case *Set:
		if b, ok := b.(*Set); ok {
			return a == b || a.Len() == b.Len() && a.subset(b)
		}
	case Equaler:
		return a.EqualTo(b)
	}
	if e, ok := b.(Equaler); ok {
		return e.EqualTo(a)
	}
	return comparable2(a) && comparable2(b) && a == b
}

func forced(v Value) bool { _, ok := v.(Equaler); return ok }

// comparable2 reports whether Go may compare v with another value: objects may,
// unless they are of a type that Go cannot compare.
func comparable2(v Value) bool {
	switch v.(type) {
	case Bytes, Tuple:
		return false
	}
	return true
}

func (c *comparer) equalItems(a, b []Value, depth int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !c.equal(a[i], b[i], depth+1) {
			return false
		}
	}
	return true
}

func (c *comparer) equalDicts(a, b *Dict, depth int) bool {
	if a.Len() != b.Len() {
		return false
	}
	for _, e := range a.entries {
		if e.gone {
			continue
		}
		i := b.find(e.norm)
		if i < 0 || !c.equal(e.val, b.entries[i].val, depth+1) {
			return false
		}
	}
	return true
}

func isNumber(v Value) bool {
	switch v.(type) {
	case bool, int64, float64, *big.Int, complex128:
		return true
	}
	return false
}

func equalNumbers(a, b Value) bool {
	ca, aok := a.(complex128)
	cb, bok := b.(complex128)
	switch {
	case aok && bok:
		return ca == cb
	case aok:
		return imag(ca) == 0 && compareNumbers(real(ca), b) == 0
	case bok:
		return imag(cb) == 0 && compareNumbers(a, real(cb)) == 0
	}
	return compareNumbers(a, b) == 0
}

// unordered is what compareNumbers returns when one of them is NaN.
const unordered = 2

// compareNumbers compares exactly: an int is never rounded to a float.
func compareNumbers(a, b Value) int {
	a, b = plainInt(a), plainInt(b)
	switch a := a.(type) {
	case int64:
		switch b := b.(type) {
		case int64:
			return order(a, b)
		case float64:
			return -compareFloatInt(b, a)
		case *big.Int:
			return -b.Sign()
		}
	case float64:
		switch b := b.(type) {
		case float64:
			if math.IsNaN(a) || math.IsNaN(b) {
				return unordered
			}
			return order(a, b)
		case int64:
			return compareFloatInt(a, b)
		case *big.Int:
			return compareFloatBig(a, b)
		}
	case *big.Int:
		switch b := b.(type) {
		case int64:
			return a.Sign()
		case float64:
			return -compareFloatBig(b, a)
		case *big.Int:
			return a.Cmp(b)
		}
	}
	return unordered
}

func order[T int64 | float64 | int](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareFloatInt(f float64, n int64) int {
	if math.IsNaN(f) {
		return -unordered
	}
	if n > -1<<53 && n < 1<<53 || math.IsInf(f, 0) {
		return order(f, float64(n))
	}
	return compareFloatBig(f, big.NewInt(n))
}

func compareFloatBig(f float64, n *big.Int) int {
	switch {
	case math.IsNaN(f):
		return -unordered
	case math.IsInf(f, 1):
		return 1
	case math.IsInf(f, -1):
		return -1
	}
	return new(big.Float).SetFloat64(f).Cmp(new(big.Float).SetInt(n))
}

// plainInt turns a bool into an int64.
func plainInt(v Value) Value {
	if b, ok := v.(bool); ok {
		if b {
			return int64(1)
		}
		return int64(0)
	}
	return v
}

// Compare orders a and b as Python's < does: it returns a negative number, zero
// or a positive number. Values of types that have no order between them are an
// error of class TypeError.
func Compare(a, b Value) (int, error) {
	n, err := CompareOp("<", a, b)
	if n == unordered || n == -unordered {
		n = 0
	}
	return n, err
}

// CompareOp is Compare for the operator op, which is named in errors. The
// result is 2 or -2 when the two have no order although their types do, as NaN
// and 1, or two sets of which none contains the other.
func CompareOp(op string, a, b Value) (int, error) {
	c := comparer{steps: maxSteps}
	return c.compare(op, a, b, 0)
}

func (c *comparer) compare(op string, a, b Value, depth int) (int, error) {
	if c.steps--; c.steps < 0 || depth > maxDepth {
		return 0, RuntimeError.Errorf("maximum recursion depth exceeded in comparison")
	}
	if m, ok := a.(Markup); ok {
		a = string(m)
	}
	if m, ok := b.(Markup); ok {
		b = string(m)
	}
	if n, ok := a.(*NamedTuple); ok {
		a = n.Items
	}
	if n, ok := b.(*NamedTuple); ok {
		b = n.Items
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	case bool, int64, float64, *big.Int:
		switch b.(type) {
		case bool, int64, float64, *big.Int:
			return compareNumbers(a, b), nil
		}
	case Bytes:
		if y, ok := b.(Bytes); ok {
			return bytes.Compare(x, y), nil
		}
	case *List:
		if y, ok := b.(*List); ok {
			return c.compareItems(op, x.Items, y.Items, depth)
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return c.compareItems(op, x, y, depth)
		}
	case *Set:
		if y, ok := b.(*Set); ok {
			return compareSets(x, y), nil
		}
	case Orderer:
		if n, ok, err := x.CompareTo(b); ok || err != nil {
			return n, err
		}
	}
	if y, ok := b.(Orderer); ok {
		if n, ok, err := y.CompareTo(a); ok || err != nil {
			return -n, err
		}
	}
	return 0, TypeError.Errorf("'%s' not supported between instances of '%s' and '%s'", op, TypeName(a), TypeName(b))
}

// Orderer is an object that has an order. The bool is whether it has one with
// other.
type Orderer interface {
	CompareTo(other Value) (int, bool, error)
}

func (c *comparer) compareItems(op string, a, b []Value, depth int) (int, error) {
	for i := range min(len(a), len(b)) {
		if err := raise(a[i], b[i]); err != nil {
			return 0, err
		}
		if !c.equal(a[i], b[i], depth+1) {
			return c.compare(op, a[i], b[i], depth+1)
		}
	}
	return order(len(a), len(b)), nil
}

// raise returns the error of values that cannot be compared.
func raise(vals ...Value) error {
	for _, v := range vals {
		if r, ok := v.(Raiser); ok {
			if err := r.Raise(); err != nil {
				return err
			}
		}
	}
	return nil
}

func compareSets(a, b *Set) int {
	switch ab, ba := a.subset(b), b.subset(a); {
	case ab && ba:
		return 0
	case ab:
		return -1
	case ba:
		return 1
	}
	return unordered
}
