package value

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Hash keys of the types that Go cannot compare or would compare otherwise.
type (
	bigKey   string
	bytesKey string
	tupleKey string
	setKey   string
	nanKey   struct{ _ *byte } // never equal: a NaN is equal to nothing
)

// HashKey returns a comparable Go value that is the same for values that are
// equal, as dicts and sets need it. A value that cannot be hashed is an error of
// class TypeError.
func HashKey(v Value) (any, error) { return hashKey(v, 0) }

func hashKey(v Value, depth int) (any, error) {
	switch v := v.(type) {
	case nil, string, int64:
		return v, nil
	case Markup:
		return string(v), nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		return hashFloat(v), nil
	case complex128:
		if imag(v) == 0 {
			return hashFloat(real(v)), nil
		}
		return v, nil
	case *big.Int:
		if v.IsInt64() {
			return v.Int64(), nil
		}
		return bigKey(v.Text(62)), nil
	case Bytes:
		return bytesKey(v), nil
	case Tuple:
		return hashTuple(v, depth)
	case *NamedTuple:
		return hashTuple(v.Items, depth)
	case *List, *Dict:
		return nil, TypeError.Errorf("unhashable type: '%s'", TypeName(v))
	case Hasher:
		return v.HashKey()
	}
	if _, ok := v.(Object); !ok {
		return nil, TypeError.Errorf("unhashable type: '%s'", TypeName(v))
	}
	return identity{v}, nil
}

// identity is the hash key of an object that is equal to itself only.
type identity struct{ v any }

func hashFloat(f float64) any {
	switch {
	case math.IsNaN(f):
		return nanKey{new(byte)}
	case f != math.Trunc(f) || math.IsInf(f, 0):
		return f
	case f >= -1<<63 && f < 1<<63:
		return int64(f)
	}
	b, _ := big.NewFloat(f).Int(nil)
	return bigKey(b.Text(62))
}

// hashTuple writes the hash keys of the items into one text, each with its type
// and length, so that different tuples have different texts.
func hashTuple(t Tuple, depth int) (any, error) {
	if depth > maxDepth {
		return nil, RuntimeError.Errorf("maximum recursion depth exceeded")
	}
	buf := make([]byte, 0, 64)
	for _, item := range t {
		k, err := hashKey(item, depth+1)
		if err != nil {
			return nil, err
		}
		buf = appendKey(buf, k)
		if len(buf) > maxText {
			return nil, MemoryError.Errorf("a tuple that is a key is too large")
		}
	}
	return tupleKey(buf), nil
}

func appendKey(buf []byte, k any) []byte {
	text := func(tag byte, s string) []byte {
		buf = append(buf, tag)
		buf = strconv.AppendInt(buf, int64(len(s)), 10)
		buf = append(buf, ':')
		return append(buf, s...)
	}
	switch k := k.(type) {
	case nil:
		return append(buf, 'n')
	case string:
		return text('s', k)
	case int64:
		buf = append(buf, 'i')
		buf = strconv.AppendInt(buf, k, 10)
		return append(buf, ';')
	case float64:
		buf = append(buf, 'f')
		buf = strconv.AppendUint(buf, math.Float64bits(k), 16)
		return append(buf, ';')
	case bigKey:
		return text('b', string(k))
	case bytesKey:
		return text('y', string(k))
	case tupleKey:
		return text('t', string(k))
	case setKey:
		return text('S', string(k))
	}
	return text('?', sprintKey(k))
}

func sprintKey(k any) string {
	if id, ok := k.(identity); ok {
		return fmt.Sprintf("%T %p", id.v, id.v)
	}
	return fmt.Sprintf("%T %v", k, k)
}
