package value

import (
	"math"
	"math/big"
	"time"
)

// Operate implements [Operand].
func (d DateTime) Operate(op Op, other Value, reflected bool) (Value, bool, error) {
	switch o := other.(type) {
	case TimeDelta:
		switch {
		case op == Add:
			return d.shift(o)
		case op == Sub && !reflected:
			return d.shift(-o)
		}
	case DateTime:
		if op != Sub || reflected {
			break
		}
		if d.Aware != o.Aware {
			return nil, false, TypeError.Errorf("can't subtract offset-naive and offset-aware datetimes")
		}
		return TimeDelta(d.Time.UnixMicro() - o.Time.UnixMicro()), true, nil
	}
	return nil, false, nil
}

func (d DateTime) shift(by TimeDelta) (Value, bool, error) {
	days, sec, us := by.Split()
	if days > 4e6 || days < -4e6 {
		return nil, false, OverflowError.Errorf("date value out of range")
	}
	t := d.Time.AddDate(0, 0, int(days)).Add(time.Duration(sec)*time.Second + time.Duration(us)*time.Microsecond)
	if t.Year() < 1 || t.Year() > 9999 {
		return nil, false, OverflowError.Errorf("date value out of range")
	}
	return DateTime{Time: t, Aware: d.Aware}, true, nil
}

// Operate implements [Operand].
func (d Date) Operate(op Op, other Value, reflected bool) (Value, bool, error) {
	switch o := other.(type) {
	case TimeDelta:
		if op == Add || op == Sub && !reflected {
			if op == Sub {
				o = -o
			}
			days, _, _ := o.Split()
			v, ok, err := NewNaive(d.midnight()).shift(TimeDelta(days * day))
			if dt, isTime := v.(DateTime); isTime {
				return dt.Date(), ok, err
			}
			return nil, ok, err
		}
	case Date:
		if op == Sub && !reflected {
			return TimeDelta(d.midnight().UnixMicro() - o.midnight().UnixMicro()), true, nil
		}
	}
	return nil, false, nil
}

// Operate implements [Operand].
func (d TimeDelta) Operate(op Op, other Value, reflected bool) (Value, bool, error) {
	if o, ok := other.(TimeDelta); ok {
		a, b := d, o
		if reflected {
			a, b = o, d
		}
		return spans(op, a, b)
	}
	if reflected && op != Mul {
		return nil, false, nil
	}
	switch n := plainInt(other).(type) {
	case int64:
		if op == Mul || op == FloorDiv {
			v, err := ints(op, int64(d), n)
			return boundSpan(v, err)
		}
		if op == Div {
			return scaleSpan(op, d, float64(n))
		}
	case float64:
		if op == Mul || op == Div {
			return scaleSpan(op, d, n)
		}
	}
	return nil, false, nil
}

func spans(op Op, a, b TimeDelta) (Value, bool, error) {
	switch op {
	case Add, Sub, Mod:
		v, err := ints(op, int64(a), int64(b))
		return boundSpan(v, err)
	case Div, FloorDiv:
		v, err := ints(op, int64(a), int64(b))
		return v, err == nil, err
	default:
		return nil, false, nil
	}
}

// boundSpan turns microseconds into a span.
func boundSpan(v Value, err error) (Value, bool, error) {
	if err != nil {
		return nil, false, err
	}
	n, ok := v.(int64)
	if !ok {
		return nil, false, OverflowError.Errorf("timedelta is too large")
	}
	return TimeDelta(n), true, nil
}

func scaleSpan(op Op, d TimeDelta, by float64) (Value, bool, error) {
	if op == Div && by == 0 {
		return nil, false, ZeroDivisionError.Errorf("division by zero")
	}
	if math.IsNaN(by) || math.IsInf(by, 0) {
		return nil, false, ValueError.Errorf("cannot convert float NaN or infinity to integer ratio")
	}
	exact := new(big.Rat).SetInt64(int64(d))
	factor := new(big.Rat)
	factor.SetFloat64(by)
	if op == Div {
		exact.Quo(exact, factor)
	} else {
		exact.Mul(exact, factor)
	}
	return boundSpan(roundHalfEven(exact), nil)
}

// roundHalfEven returns the int nearest to r, of two the even one.
func roundHalfEven(r *big.Rat) Value {
	two := big.NewInt(2)
	n := new(big.Int).Mul(r.Num(), two)
	n.Add(n, r.Denom())
	q, m := new(big.Int).DivMod(n, new(big.Int).Mul(r.Denom(), two), new(big.Int))
	if m.Sign() == 0 && q.Bit(0) == 1 {
		q.Sub(q, big.NewInt(1))
	}
	return Int(q)
}
