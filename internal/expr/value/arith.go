package value

import (
	"math"
	"math/big"
	"math/bits"
	"math/cmplx"
	"strconv"
)

// Op is an operator between two values.
type Op string

// The operators.
const (
	Add      Op = "+"
	Sub      Op = "-"
	Mul      Op = "*"
	Div      Op = "/"
	FloorDiv Op = "//"
	Mod      Op = "%"
	Pow      Op = "**"
)

// Operand is an object that takes part in arithmetic. The value is on the right
// if reflected. The bool is whether the object knows this operation.
type Operand interface {
	Operate(op Op, other Value, reflected bool) (Value, bool, error)
}

func itoa(n int) string { return strconv.Itoa(n) }

// Binary returns a op b as Python has it. The error is of class TypeError where
// the types do not go together, ZeroDivisionError, OverflowError, or MemoryError
// where the result would be larger than is sensible.
func Binary(op Op, a, b Value) (Value, error) {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			if v, ok := smallInts(op, x, y); ok {
				return v, nil
			}
		}
	}
	if op == Mod {
		switch a.(type) {
		case string, Markup:
			v, _, err := containers(op, a, b)
			return v, err
		}
	}
	if o, ok := a.(Operand); ok {
		if v, ok, err := o.Operate(op, b, false); ok || err != nil {
			return v, err
		}
	}
	if o, ok := b.(Operand); ok {
		if v, ok, err := o.Operate(op, a, true); ok || err != nil {
			return v, err
		}
	}
	if isNumber(a) && isNumber(b) {
		return numbers(op, plainInt(a), plainInt(b))
	}
	if v, ok, err := containers(op, a, b); ok || err != nil {
		return v, err
	}
	name := string(op)
	if op == Pow {
		name = "** or pow()"
	}
	if _, ok := a.(string); ok && op == Add {
		return nil, TypeError.Errorf("can only concatenate str (not \"%s\") to str", TypeName(b))
	}
	return nil, TypeError.Errorf("unsupported operand type(s) for %s: '%s' and '%s'", name, TypeName(a), TypeName(b))
}

// smallInts does what stays within int64.
func smallInts(op Op, a, b int64) (Value, bool) {
	switch op {
	case Add:
		c := a + b
		return c, (c > a) == (b > 0)
	case Sub:
		c := a - b
		return c, (c < a) == (b > 0)
	case Mul:
		hi, lo := bits.Mul64(abs(a), abs(b))
		if hi != 0 || lo > math.MaxInt64 {
			return nil, false
		}
		return a * b, true
	case FloorDiv:
		if b == 0 || b == -1 {
			return nil, false
		}
		return floorDiv(a, b), true
	case Mod:
		if b == 0 || b == -1 {
			return nil, false
		}
		return floorMod(a, b), true
	default:
		return nil, false
	}
}

func abs(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func numbers(op Op, a, b Value) (Value, error) {
	_, ac := a.(complex128)
	_, bc := b.(complex128)
	if ac || bc {
		return complexes(op, a, b)
	}
	_, af := a.(float64)
	_, bf := b.(float64)
	if af || bf {
		x, err := toFloat(a)
		if err != nil {
			return nil, err
		}
		y, err := toFloat(b)
		if err != nil {
			return nil, err
		}
		return floats(op, x, y)
	}
	return ints(op, a, b)
}

// toFloat returns a number as a float.
func toFloat(v Value) (float64, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		if math.IsInf(f, 0) {
			return 0, OverflowError.Errorf("int too large to convert to float")
		}
		return f, nil
	}
	return 0, TypeError.Errorf("must be real number, not %s", TypeName(v))
}

func floats(op Op, a, b float64) (Value, error) {
	switch op {
	case Add:
		return a + b, nil
	case Sub:
		return a - b, nil
	case Mul:
		return a * b, nil
	case Div:
		if b == 0 {
			return nil, ZeroDivisionError.Errorf("float division by zero")
		}
		return a / b, nil
	case FloorDiv:
		if b == 0 {
			return nil, ZeroDivisionError.Errorf("float floor division by zero")
		}
		q, _ := floatDivMod(a, b)
		return q, nil
	case Mod:
		if b == 0 {
			return nil, ZeroDivisionError.Errorf("float modulo")
		}
		_, m := floatDivMod(a, b)
		return m, nil
	default:
		return floatPow(a, b)
	}
}

// floatDivMod is Python's float_divmod: the modulo has the sign of b, and the
// quotient is the whole number that goes with it.
func floatDivMod(a, b float64) (quo, mod float64) {
	mod = math.Mod(a, b)
	div := (a - mod) / b
	switch {
	case mod == 0:
		mod = math.Copysign(0, b)
	case (b < 0) != (mod < 0):
		mod += b
		div--
	}
	if div == 0 {
		return math.Copysign(0, a/b), mod
	}
	quo = math.Floor(div)
	if div-quo > 0.5 {
		quo++
	}
	return quo, mod
}

func floatPow(a, b float64) (Value, error) {
	if a == 0 && b < 0 {
		return nil, ZeroDivisionError.Errorf("0.0 cannot be raised to a negative power")
	}
	if a < 0 && b != math.Trunc(b) && !math.IsInf(a, 0) && !math.IsInf(b, 0) && !math.IsNaN(b) {
		return cmplx.Pow(complex(a, 0), complex(b, 0)), nil
	}
	r := power(a, b)
	if math.IsInf(r, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, OverflowError.Errorf("(34, 'Numerical result out of range')")
	}
	return r, nil
}

// power is math.Pow, but right in the last digit for the exponents that people
// write: Go's own is off by several for 1e16 ** 10.
func power(a, b float64) float64 {
	switch {
	case b == 0.5 && a > 0:
		return math.Sqrt(a)
	case b != math.Trunc(b) || math.Abs(b) > 4096 || a == 0 || math.IsInf(a, 0) || math.IsNaN(a):
		return math.Pow(a, b)
	}
	const precision = 256
	r := new(big.Float).SetPrec(precision).SetInt64(1)
	x := new(big.Float).SetPrec(precision).SetFloat64(a)
	for n := uint64(math.Abs(b)); n > 0; n >>= 1 {
		if n&1 == 1 {
			r.Mul(r, x)
		}
		x.Mul(x, x)
	}
	if b < 0 {
		r.Quo(new(big.Float).SetPrec(precision).SetInt64(1), r)
	}
	f, _ := r.Float64()
	return f
}

func complexes(op Op, a, b Value) (Value, error) {
	x, err := toComplex(a)
	if err != nil {
		return nil, err
	}
	y, err := toComplex(b)
	if err != nil {
		return nil, err
	}
	switch op {
	case Add:
		return x + y, nil
	case Sub:
		return x - y, nil
	case Mul:
		return x * y, nil
	case Div:
		if y == 0 {
			return nil, ZeroDivisionError.Errorf("complex division by zero")
		}
		return x / y, nil
	case Pow:
		return cmplx.Pow(x, y), nil
	default:
		return nil, TypeError.Errorf("unsupported operand type(s) for %s: '%s' and '%s'", op, TypeName(a), TypeName(b))
	}
}

func toComplex(v Value) (complex128, error) {
	if c, ok := v.(complex128); ok {
		return c, nil
	}
	f, err := toFloat(v)
	return complex(f, 0), err
}

// Big returns an int as a big one, which may be shared, and whether v is an int.
func Big(v Value) (*big.Int, bool) {
	switch v := plainInt(v).(type) {
	case int64:
		return big.NewInt(v), true
	case *big.Int:
		return v, true
	}
	return nil, false
}

func ints(op Op, a, b Value) (Value, error) {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			if v, ok := smallInts(op, x, y); ok {
				return v, nil
			}
		}
	}
	x, _ := Big(a)
	y, _ := Big(b)
	z := new(big.Int)
	switch op {
	case Add:
		z.Add(x, y)
	case Sub:
		z.Sub(x, y)
	case Mul:
		if x.BitLen()+y.BitLen() > maxBits {
			return nil, tooManyBits()
		}
		z.Mul(x, y)
	case Div:
		return trueDiv(x, y)
	case FloorDiv, Mod:
		if y.Sign() == 0 {
			if op == Mod {
				return nil, ZeroDivisionError.Errorf("integer modulo by zero")
			}
			return nil, ZeroDivisionError.Errorf("integer division or modulo by zero")
		}
		m := new(big.Int)
		z.QuoRem(x, y, m)
		if m.Sign() != 0 && m.Sign() != y.Sign() {
			z.Sub(z, big.NewInt(1))
			m.Add(m, y)
		}
		if op == Mod {
			z = m
		}
	case Pow:
		return intPow(x, y)
	}
	return Int(z), nil
}

func tooManyBits() error { return MemoryError.Errorf("an int of more than %d bits", maxBits) }

func trueDiv(x, y *big.Int) (Value, error) {
	if y.Sign() == 0 {
		return nil, ZeroDivisionError.Errorf("division by zero")
	}
	if x.IsInt64() && y.IsInt64() && abs(x.Int64()) < 1<<53 && abs(y.Int64()) < 1<<53 {
		return float64(x.Int64()) / float64(y.Int64()), nil
	}
	f, _ := new(big.Rat).SetFrac(x, y).Float64()
	if math.IsInf(f, 0) {
		return nil, OverflowError.Errorf("integer division result too large for a float")
	}
	return f, nil
}

func intPow(x, y *big.Int) (Value, error) {
	if y.Sign() < 0 {
		if x.Sign() == 0 {
			return nil, ZeroDivisionError.Errorf("0.0 cannot be raised to a negative power")
		}
		fx, err := toFloat(Int(x))
		if err != nil {
			return nil, err
		}
		fy, err := toFloat(Int(y))
		if err != nil {
			return nil, err
		}
		return floatPow(fx, fy)
	}
	if x.BitLen() > 1 && (!y.IsInt64() || y.Int64() > maxBits || y.Int64()*int64(x.BitLen()) > maxBits) {
		return nil, tooManyBits()
	}
	if x.BitLen() <= 1 { // -1, 0 and 1
		switch {
		case y.Sign() == 0 || x.Sign() > 0 || x.Sign() < 0 && y.Bit(0) == 0:
			return int64(1), nil
		default:
			return int64(x.Sign()), nil
		}
	}
	return Int(new(big.Int).Exp(x, y, nil)), nil
}

// Neg returns -v.
func Neg(v Value) (Value, error) {
	switch v := plainInt(v).(type) {
	case int64:
		if v == math.MinInt64 {
			return new(big.Int).Neg(big.NewInt(v)), nil
		}
		return -v, nil
	case *big.Int:
		return Int(new(big.Int).Neg(v)), nil
	case float64:
		return -v, nil
	case complex128:
		return -v, nil
	case TimeDelta:
		return -v, nil
	case Unary:
		return v.Unary("-")
	}
	return nil, TypeError.Errorf("bad operand type for unary -: '%s'", TypeName(v))
}

// Unary is an object that knows what -x and +x are.
type Unary interface {
	Unary(op string) (Value, error)
}

// Pos returns +v.
func Pos(v Value) (Value, error) {
	switch v := plainInt(v).(type) {
	case int64, *big.Int, float64, complex128, TimeDelta:
		return v, nil
	case Unary:
		return v.Unary("+")
	}
	return nil, TypeError.Errorf("bad operand type for unary +: '%s'", TypeName(v))
}

// Abs returns the distance of v from zero.
func Abs(v Value) (Value, error) {
	switch v := plainInt(v).(type) {
	case int64:
		if v < 0 {
			return Neg(v)
		}
		return v, nil
	case *big.Int:
		return Int(new(big.Int).Abs(v)), nil
	case float64:
		return math.Abs(v), nil
	case complex128:
		return cmplx.Abs(v), nil
	case TimeDelta:
		return max(v, -v), nil
	}
	return nil, TypeError.Errorf("bad operand type for abs(): '%s'", TypeName(v))
}
