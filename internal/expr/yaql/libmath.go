package yaql

import (
	"math"
	"math/big"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func mathFunctions(b *builder) {
	b.module = "math"
	b.fn("abs", "op number", func(c *call) (value.Value, error) { return value.Abs(c.args[0]) },
		"Returns a number without its sign.", "abs(-2)", "2")
	b.fn("int", "value", func(c *call) (value.Value, error) {
		if c.args[0] == nil {
			return int64(0), nil
		}
		return value.ToInt(python(c.args[0], 0))
	}, "Returns the value as an integer; null is 0.", "int('5')", "5")
	b.fn("float", "value", func(c *call) (value.Value, error) {
		if c.args[0] == nil {
			return 0.0, nil
		}
		return value.ToFloat(python(c.args[0], 0))
	}, "Returns the value as a float; null is 0.0.", "float(2)", "2.0")
	b.fn("random", "", func(c *call) (value.Value, error) { return c.ev.opts.Random(), nil },
		"Returns a random number, at least 0 and below 1.", "random() < 1", "true")
	b.fn("random", "from, to", randint, "Returns a random integer between two, which may be it.", "random(3, 3)", "3")
	bits := func(name string, f func(z, x, y *big.Int) *big.Int, doc, example, result string) {
		b.fn(name, "left int, right int", func(c *call) (value.Value, error) {
			x, _ := value.Big(c.args[0])
			y, _ := value.Big(c.args[1])
			return value.Int(f(new(big.Int), x, y)), nil
		}, doc, example, result)
	}
	bits("bitwiseAnd", (*big.Int).And, "Returns the bits that both have.", "bitwiseAnd(6, 12)", "4")
	bits("bitwiseOr", (*big.Int).Or, "Returns the bits that either has.", "bitwiseOr(6, 12)", "14")
	bits("bitwiseXor", (*big.Int).Xor, "Returns the bits that one of them has.", "bitwiseXor(6, 12)", "10")
	b.fn("bitwiseNot", "arg int", func(c *call) (value.Value, error) {
		n, _ := value.Big(c.args[0])
		return value.Int(new(big.Int).Not(n)), nil
	}, "Returns all bits turned over.", "bitwiseNot(1)", "-2")
	b.fn("shiftBitsRight", "value int, bitsNumber int", func(c *call) (value.Value, error) {
		return shift(c, func(n *big.Int, by uint) *big.Int { return new(big.Int).Rsh(n, by) })
	}, "Shifts the bits to the right.", "shiftBitsRight(8, 2)", "2")
	b.fn("shiftBitsLeft", "value int, bitsNumber int", func(c *call) (value.Value, error) {
		n, _ := value.Big(c.args[0])
		if n.Sign() != 0 && c.num(1) > 1<<20 {
			return nil, value.MemoryError.Errorf("an int of more than %d bits", 1<<20)
		}
		return shift(c, func(n *big.Int, by uint) *big.Int { return new(big.Int).Lsh(n, by) })
	}, "Shifts the bits to the left.", "shiftBitsLeft(8, 2)", "32")
	b.fn("max", "a, b", func(c *call) (value.Value, error) { return c.ev.larger(c.args[0], c.args[1], true) },
		"Returns the larger of two values.", "max(8, 2)", "8")
	b.fn("min", "a, b", func(c *call) (value.Value, error) { return c.ev.larger(c.args[0], c.args[1], false) },
		"Returns the smaller of two values.", "min(8, 2)", "2")
	b.fn("pow", "a number, b number, c number = null", power,
		"Returns a to the power of b, modulo c if there is a c.", "pow(2, 3)", "8")
	b.fn("sign", "num number", func(c *call) (value.Value, error) {
		n, err := value.CompareOp("<", c.args[0], int64(0))
		if n != 1 && n != -1 {
			n = 0
		}
		return int64(n), err
	}, "Returns 1, 0 or -1.", "sign(-2)", "-1")
	b.fn("round", "number number, ndigits int = 0", round,
		"Returns the number rounded to digits after the point, a half to the even one.", "round(12.521, 1)", "12.5")
	b.fn("isInteger", "value", func(c *call) (value.Value, error) { return isInt(c.args[0]) && isNumber(c.args[0]), nil },
		"Returns whether the value is an integer.", "isInteger(12.0)", "false")
	b.fn("isNumber", "value", func(c *call) (value.Value, error) { return isNumber(c.args[0]), nil },
		"Returns whether the value is a number.", "isNumber(12.0)", "true")
}

func (ev *evaluator) larger(a, b value.Value, most bool) (value.Value, error) {
	v, err := ev.operate(">", b, a)
	if err != nil {
		return nil, err
	}
	if truth(v) == most {
		return b, nil
	}
	return a, nil
}

func randint(c *call) (value.Value, error) {
	from, okA := c.args[0].(int64)
	to, okB := c.args[1].(int64)
	if !okA || !okB {
		return nil, value.ValueError.Errorf("non-integer arg 1 for randrange()")
	}
	if to < from {
		return nil, value.ValueError.Errorf("empty range for randrange() (%d, %d, %d)", from, to+1, to-from+1)
	}
	n := from + int64(c.ev.opts.Random()*(float64(to)-float64(from)+1))
	return min(n, to), nil
}

func shift(c *call, f func(n *big.Int, by uint) *big.Int) (value.Value, error) {
	n, _ := value.Big(c.args[0])
	by := c.num(1)
	if by < 0 {
		return nil, value.ValueError.Errorf("negative shift count")
	}
	return value.Int(f(n, uint(min(by, 1<<30)))), nil
}

func power(c *call) (value.Value, error) {
	if c.args[2] == nil {
		return value.Binary(value.Pow, c.args[0], c.args[1])
	}
	x, okX := value.Big(c.args[0])
	y, okY := value.Big(c.args[1])
	m, okM := value.Big(c.args[2])
	switch {
	case !okX || !okY || !okM:
		return nil, value.TypeError.Errorf("pow() 3rd argument not allowed unless all arguments are integers")
	case m.Sign() == 0:
		return nil, value.ValueError.Errorf("pow() 3rd argument cannot be 0")
	case x.BitLen() > 4096 || y.BitLen() > 4096 || m.BitLen() > 4096:
		return nil, value.MemoryError.Errorf("pow() of ints of more than 4096 bits")
	}
	abs := new(big.Int).Abs(m)
	r := new(big.Int)
	if abs.Cmp(big.NewInt(1)) > 0 && r.Exp(x, y, abs) == nil {
		return nil, value.ValueError.Errorf("base is not invertible for the given modulus")
	}
	r.Mod(r, abs)
	if m.Sign() < 0 && r.Sign() != 0 {
		r.Add(r, m)
	}
	return value.Int(r), nil
}

func round(c *call) (value.Value, error) {
	digits := c.num(1)
	if f, ok := c.args[0].(float64); ok {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return f, nil
		}
		return value.RoundFloat(f, int64(digits)), nil
	}
	n, _ := value.Big(c.args[0])
	if digits >= 0 {
		return c.args[0], nil
	}
	if -digits > n.BitLen() {
		return int64(0), nil
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-digits)), nil)
	q, m := new(big.Int).DivMod(n, unit, new(big.Int))
	switch twice := new(big.Int).Lsh(m, 1).Cmp(unit); {
	case twice > 0, twice == 0 && q.Bit(0) == 1:
		q.Add(q, big.NewInt(1))
	}
	return value.Int(q.Mul(q, unit)), nil
}
