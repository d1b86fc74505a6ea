package value

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Of turns what Go code holds into a value: maps (their keys sorted, as Go has
// no order), slices, all numbers, [json.Number], times, and containers of
// these. A value stays as it is. Of what it does not know it takes the text, so
// that nothing is lost.
func Of(v any) Value { return of(v, 0) }

func of(v any, depth int) Value {
	if depth > maxDepth {
		return nil
	}
	switch v := v.(type) {
	case nil, bool, int64, *big.Int, float64, complex128, Bytes, *List, Tuple, *Dict:
		return v
	case string:
		if !utf8.ValidString(v) {
			return strings.ToValidUTF8(v, "\uFFFD")
		}
		return v
	case int:
		return int64(v)
	case json.Number:
		return ofNumber(v)
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		d := NewDictCap(len(v))
		for _, k := range keys {
			d.Set(k, of(v[k], depth+1))
		}
		return d
	case []any:
		l := &List{Items: make([]Value, len(v))}
		for i, item := range v {
			l.Items[i] = of(item, depth+1)
		}
		return l
	case []byte:
		return Bytes(v)
	case time.Time:
		return DateTime{Time: v, Aware: true}
	case time.Duration:
		return TimeDelta(v.Microseconds())
	case json.RawMessage:
		if parsed, err := FromJSON(v); err == nil {
			return parsed
		}
		return string(v)
	case Object:
		return v
	}
	return ofReflect(reflect.ValueOf(v), depth)
}

func ofNumber(n json.Number) Value {
	s := string(n)
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err == nil {
			return f
		}
		return s
	}
	if b, ok := new(big.Int).SetString(s, 10); ok {
		return Int(b)
	}
	return s
}

func ofReflect(v reflect.Value, depth int) Value {
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return Int(new(big.Int).SetUint64(v.Uint()))
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return of(v.String(), depth)
	case reflect.Slice, reflect.Array:
		l := &List{Items: make([]Value, v.Len())}
		for i := range l.Items {
			l.Items[i] = of(v.Index(i).Interface(), depth+1)
		}
		return l
	case reflect.Map:
		return ofMap(v, depth)
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		if s, ok := reflect.TypeAssert[fmt.Stringer](v); ok {
			return s.String()
		}
		return of(v.Elem().Interface(), depth+1)
	default:
		return fmt.Sprint(v.Interface())
	}
}

func ofMap(v reflect.Value, depth int) Value {
	type pair struct{ key, val Value }
	pairs := make([]pair, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		pairs = append(pairs, pair{of(it.Key().Interface(), depth+1), of(it.Value().Interface(), depth+1)})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if n, err := Compare(a.key, b.key); err == nil {
			return n
		}
		return strings.Compare(Str(a.key), Str(b.key))
	})
	d := NewDictCap(len(pairs))
	for _, p := range pairs {
		if d.SetKey(p.key, p.val) != nil {
			d.Set(Str(p.key), p.val)
		}
	}
	return d
}
