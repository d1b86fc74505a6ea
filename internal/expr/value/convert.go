package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// ToInt returns int(v). A text is read in base 10.
func ToInt(v Value) (Value, error) {
	switch v := plainInt(v).(type) {
	case int64, *big.Int:
		return v, nil
	case float64:
		return floatToInt(v)
	case string:
		return ParseInt(v, 10)
	case Markup:
		return ParseInt(string(v), 10)
	case Bytes:
		return ParseInt(string(v), 10)
	case Inter:
		return v.Int()
	}
	return nil, TypeError.Errorf("int() argument must be a string, a bytes-like object or a real number, not '%s'", TypeName(v))
}

// Inter is an object that int() takes.
type Inter interface{ Int() (Value, error) }

// Floater is an object that float() takes.
type Floater interface{ Float() (float64, error) }

func floatToInt(f float64) (Value, error) {
	switch {
	case math.IsNaN(f):
		return nil, ValueError.Errorf("cannot convert float NaN to integer")
	case math.IsInf(f, 0):
		return nil, OverflowError.Errorf("cannot convert float infinity to integer")
	case f >= -1<<63 && f < 1<<63:
		return int64(f), nil
	}
	n, _ := big.NewFloat(f).Int(nil)
	return Int(n), nil
}

// ParseInt returns int(s, base). Base 0 goes by the prefix.
func ParseInt(s string, base int) (Value, error) {
	fail := func() (Value, error) {
		return nil, ValueError.Errorf("invalid literal for int() with base %d: %s", base, Repr(s))
	}
	if base != 0 && (base < 2 || base > 36) {
		return nil, ValueError.Errorf("int() base must be >= 2 and <= 36, or 0")
	}
	text := asciiDigits(strings.TrimFunc(s, isSpace))
	sign := ""
	if text != "" && (text[0] == '-' || text[0] == '+') {
		if text[0] == '-' {
			sign = "-"
		}
		text = text[1:]
	}
	radix := base
	if len(text) > 1 && text[0] == '0' {
		of := map[byte]int{'x': 16, 'X': 16, 'o': 8, 'O': 8, 'b': 2, 'B': 2}[text[1]]
		if of != 0 && (base == 0 || base == of) {
			radix = of
			text = strings.TrimPrefix(text[2:], "_")
		}
	}
	if radix == 0 {
		radix = 10
		if len(text) > 1 && text[0] == '0' && strings.Trim(text, "0_") != "" {
			return fail()
		}
	}
	text, ok := withoutUnderscores(text)
	if !ok || text == "" || text[0] == '-' || text[0] == '+' {
		return fail()
	}
	if n, err := strconv.ParseInt(sign+text, radix, 64); err == nil {
		return n, nil
	}
	if len(text) > maxIntDigits && radix&(radix-1) != 0 || len(text) > maxBits/4 {
		return nil, ValueError.Errorf("Exceeds the limit (%d digits) for integer string conversion: value has %d digits; use sys.set_int_max_str_digits() to increase the limit", maxIntDigits, len(text))
	}
	n, ok := new(big.Int).SetString(sign+text, radix)
	if !ok {
		return fail()
	}
	return Int(n), nil
}

// withoutUnderscores drops single underscores between digits.
func withoutUnderscores(s string) (string, bool) {
	if !strings.Contains(s, "_") {
		return s, true
	}
	if s[0] == '_' || s[len(s)-1] == '_' || strings.Contains(s, "__") {
		return s, false
	}
	return strings.ReplaceAll(s, "_", ""), true
}

// asciiDigits turns the digits of other scripts into those of ASCII.
func asciiDigits(s string) string {
	if ASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if d, ok := digitOf(r); ok {
			return '0' + rune(d)
		}
		return r
	}, s)
}

// digitOf returns the value of a decimal digit of any script: their code points
// come in tens.
func digitOf(r rune) (int, bool) {
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	zero := r
	for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
		zero--
	}
	if r >= 0x1D7CE && r <= 0x1D7FF { // five sets in a row
		return int(r-0x1D7CE) % 10, true
	}
	return int(r - zero), true
}

// isSpace is what str.strip() and str.split() take for white space.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f
}

// ToFloat returns float(v).
func ToFloat(v Value) (float64, error) {
	switch v := v.(type) {
	case string:
		return ParseFloat(v)
	case Markup:
		return ParseFloat(string(v))
	case Bytes:
		return ParseFloat(string(v))
	case Floater:
		return v.Float()
	case bool, int64, float64, *big.Int:
		return toFloat(v)
	}
	return 0, TypeError.Errorf("float() argument must be a string or a real number, not '%s'", TypeName(v))
}

// ParseFloat returns float(s).
func ParseFloat(s string) (float64, error) {
	text, ok := withoutUnderscores(asciiDigits(strings.TrimFunc(s, isSpace)))
	if ok && text != "" && !strings.ContainsAny(text, "xXpP") {
		if strings.EqualFold(strings.TrimLeft(text, "+-"), "nan") && len(text) <= 4 {
			return math.NaN(), nil
		}
		f, err := strconv.ParseFloat(text, 64)
		if err == nil || math.IsInf(f, 0) {
			return f, nil
		}
	}
	return 0, ValueError.Errorf("could not convert string to float: %s", Repr(s))
}

// Round returns round(v, digits): halves go to the even neighbour, of what the
// float exactly is. Without digits (nil) the result is an int.
func Round(v, digits Value) (Value, error) {
	v = plainInt(v)
	if digits == nil {
		switch v := v.(type) {
		case int64, *big.Int:
			return v, nil
		case float64:
			return floatToInt(math.RoundToEven(v))
		}
		return nil, TypeError.Errorf("type %s doesn't define __round__ method", TypeName(v))
	}
	n, ok := plainInt(digits).(int64)
	if !ok {
		return nil, TypeError.Errorf("'%s' object cannot be interpreted as an integer", TypeName(digits))
	}
	switch v := v.(type) {
	case int64, *big.Int:
		return roundInt(v, n), nil
	case float64:
		return RoundFloat(v, n), nil
	}
	return nil, TypeError.Errorf("type %s doesn't define __round__ method", TypeName(v))
}

func roundInt(v Value, digits int64) Value {
	if digits >= 0 {
		return v
	}
	n, _ := Big(v)
	if -digits > int64(n.BitLen()) {
		return int64(0)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(-digits), nil)
	q, _ := Big(roundHalfEven(new(big.Rat).SetFrac(n, unit)))
	return Int(new(big.Int).Mul(q, unit))
}

// RoundFloat rounds f to decimal digits as Python's round does.
func RoundFloat(f float64, digits int64) float64 {
	switch {
	case math.IsNaN(f), math.IsInf(f, 0), digits > 323:
		return f
	case digits < -308:
		return math.Copysign(0, f)
	case digits >= 0:
		r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', int(digits), 64), 64)
		return r
	}
	exact := new(big.Rat)
	exact.SetFloat64(f)
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(-digits), nil)
	q, _ := Big(roundHalfEven(exact.Quo(exact, new(big.Rat).SetInt(unit))))
	r, _ := new(big.Float).SetInt(new(big.Int).Mul(q, unit)).Float64()
	if r == 0 {
		return math.Copysign(0, f)
	}
	return r
}
