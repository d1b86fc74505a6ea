package value

import (
	"context"
	"encoding/hex"
	"math"
	"math/big"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// plainMethod is a method without arguments.
func plainMethod(fn func(self Value) (Value, error)) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) {
		if err := a.None(); err != nil {
			return nil, err
		}
		return fn(self)
	}
}

func intMethod(name string) method {
	switch name {
	case "bit_length":
		return plainMethod(func(self Value) (Value, error) {
			n, _ := Big(self)
			return int64(n.BitLen()), nil
		})
	case "bit_count":
		return plainMethod(func(self Value) (Value, error) {
			n, _ := Big(self)
			ones := 0
			for _, w := range n.Bits() {
				ones += bits.OnesCount(uint(w))
			}
			return int64(ones), nil
		})
	case "conjugate":
		return plainMethod(func(self Value) (Value, error) { return plainInt(self), nil })
	case "as_integer_ratio":
		return plainMethod(func(self Value) (Value, error) { return Tuple{plainInt(self), int64(1)}, nil })
	case "to_bytes":
		return intToBytes
	}
	return nil
}

func intToBytes(_ context.Context, self Value, a *Args) (Value, error) {
	var p [3]Value
	if err := a.Into(p[:], 0, "length", "byteorder", "signed"); err != nil {
		return nil, err
	}
	length, ok := int64(1), true
	if !IsAbsent(p[0]) {
		length, ok = plainInt(p[0]).(int64)
	}
	if !ok || length < 0 || length > maxText {
		return nil, ValueError.Errorf("length argument must be non-negative")
	}
	n, _ := Big(self)
	switch {
	case n.Sign() < 0 && !Truth(given(p[2])):
		return nil, OverflowError.Errorf("can't convert negative int to unsigned")
	case n.Sign() < 0:
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*length)))
		if n.Sign() < 0 || n.BitLen() < int(8*length) {
			return nil, OverflowError.Errorf("int too big to convert")
		}
	case int64(n.BitLen()) > 8*length:
		return nil, OverflowError.Errorf("int too big to convert")
	}
	b := n.FillBytes(make([]byte, length))
	if given(p[1]) == "little" {
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
	return Bytes(b), nil
}

func floatMethod(name string) method {
	switch name {
	case "is_integer":
		return plainMethod(func(self Value) (Value, error) {
			f, _ := self.(float64)
			return f == math.Trunc(f) && !math.IsInf(f, 0), nil
		})
	case "conjugate":
		return plainMethod(func(self Value) (Value, error) { return self, nil })
	case "as_integer_ratio":
		return plainMethod(func(self Value) (Value, error) {
			f, _ := self.(float64)
			r := new(big.Rat)
			if r.SetFloat64(f) == nil {
				return nil, ValueError.Errorf("cannot convert NaN or infinity to integer ratio")
			}
			return Tuple{Int(r.Num()), Int(r.Denom())}, nil
		})
	case "hex":
		return plainMethod(func(self Value) (Value, error) {
			f, _ := self.(float64)
			return floatHex(f), nil
		})
	}
	return nil
}

func floatHex(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return FormatFloat(f)
	}
	sign := ""
	if math.Signbit(f) {
		sign, f = "-", -f
	}
	if f == 0 {
		return sign + "0x0.0p+0"
	}
	frac := math.Float64bits(f) & (1<<52 - 1)
	exp := int(math.Float64bits(f) >> 52)
	lead := "1"
	if exp == 0 {
		lead, exp = "0", 1
	}
	digits := big.NewInt(int64(frac)).Text(16)
	e := itoa(exp - 1023)
	if exp >= 1023 {
		e = "+" + e
	}
	return sign + "0x" + lead + "." + strings.Repeat("0", 13-len(digits)) + digits + "p" + e
}

func complexMethod(name string) method {
	if name != "conjugate" {
		return nil
	}
	return plainMethod(func(self Value) (Value, error) {
		c, _ := self.(complex128)
		return complex(real(c), -imag(c)), nil
	})
}

func bytesMethod(name string) method {
	switch name {
	case "decode":
		return bytesDecode
	case "hex":
		return plainMethod(func(self Value) (Value, error) {
			b, _ := self.(Bytes)
			return hex.EncodeToString(b), nil
		})
	case "lower", "upper", "strip", "lstrip", "rstrip", "title", "capitalize", "swapcase",
		"isalnum", "isalpha", "isascii", "isdigit", "islower", "isspace", "istitle", "isupper",
		"startswith", "endswith", "find", "rfind", "index", "rindex", "count", "replace",
		"split", "rsplit", "splitlines", "partition", "rpartition", "removeprefix", "removesuffix",
		"center", "ljust", "rjust", "zfill", "expandtabs", "join":
		return bytesAsText(strMethod(name))
	}
	return nil
}

func bytesDecode(_ context.Context, self Value, a *Args) (Value, error) {
	var p [2]Value
	if err := a.Into(p[:], 0, "encoding", "errors"); err != nil {
		return nil, err
	}
	b, _ := self.(Bytes)
	encoding, _ := given(p[0]).(string)
	errors, _ := given(p[1]).(string)
	return Decode(b, encoding, errors)
}

// Decode returns the text that b is in an encoding; "" is UTF-8, and the errors
// are "strict" unless they are "ignore" or "replace".
func Decode(b Bytes, encoding, errors string) (string, error) {
	switch normalEncoding(encoding) {
	case "", "utf8":
		if utf8.Valid(b) {
			return string(b), nil
		}
		switch errors {
		case "ignore":
			return strings.ToValidUTF8(string(b), ""), nil
		case "replace":
			return string([]rune(string(b))), nil
		}
		return "", ValueError.Errorf("'utf-8' codec can't decode bytes: invalid start byte")
	case "ascii":
		var s strings.Builder
		for _, c := range b {
			switch {
			case c < utf8.RuneSelf:
				s.WriteByte(c)
			case errors == "ignore":
			case errors == "replace":
				s.WriteRune(utf8.RuneError)
			default:
				return "", ValueError.Errorf("'ascii' codec can't decode byte 0x%02x: ordinal not in range(128)", c)
			}
		}
		return s.String(), nil
	case "latin1", "iso88591":
		return latin1(b), nil
	}
	return "", LookupError.Errorf("unknown encoding: %s", encoding)
}

func normalEncoding(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}

func latin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// bytesAsText makes a method of bytes of one of text, byte for code point.
func bytesAsText(m method) method {
	var toText, toBytes func(v Value) Value
	toText = func(v Value) Value {
		switch v := v.(type) {
		case Bytes:
			return latin1(v)
		case Tuple:
			t := make(Tuple, len(v))
			for i := range v {
				t[i] = toText(v[i])
			}
			return t
		case *List:
			l := NewList(make([]Value, len(v.Items))...)
			for i := range v.Items {
				if b, ok := v.Items[i].(Bytes); ok {
					l.Items[i] = latin1(b)
				}
			}
			return l
		case string:
			return notBytes(v)
		}
		return v
	}
	toBytes = func(v Value) Value {
		switch v := v.(type) {
		case string:
			b := make(Bytes, 0, len(v))
			for _, r := range v {
				b = append(b, byte(r))
			}
			return b
		case Tuple:
			for i := range v {
				v[i] = toBytes(v[i])
			}
		case *List:
			for i := range v.Items {
				v.Items[i] = toBytes(v.Items[i])
			}
		}
		return v
	}
	return func(ctx context.Context, self Value, a *Args) (Value, error) {
		b, _ := self.(Bytes)
		args := Args{Name: a.Name, Pos: make([]Value, len(a.Pos)), Named: a.Named}
		for i, v := range a.Pos {
			args.Pos[i] = toText(v)
		}
		out, err := m(ctx, latin1(b), &args)
		if err != nil {
			return nil, err
		}
		return toBytes(out), nil
	}
}

// notBytes hides a text from methods of bytes, which take none.
type notBytes string

// TypeName implements [Object].
func (notBytes) TypeName() string { return "str" }

func rangeMethod(name string) method {
	switch name {
	case "count", "index":
		return sequenceMethod(name)
	}
	return nil
}
