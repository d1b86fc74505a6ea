package value

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSONOptions say how JSON is written. The zero value is compact UTF-8 with
// null for what JSON has no number for.
type JSONOptions struct {
	Item, Key string // separators; "" is "," and ":"
	Indent    *string
	SortKeys  bool
	ASCII     bool // escape what is not ASCII
	NaN       bool // write NaN, Infinity and -Infinity as Python does
	Default   func(v Value) (Value, error)
	Limit     int // bytes; 0 is 64 MiB
}

// ToJSON returns v in JSON: see [AppendJSON].
func ToJSON(v Value) ([]byte, error) { return AppendJSON(nil, v) }

// AppendJSON appends v in JSON to dst, compact and in UTF-8. Floats look as in
// Python; NaN and the infinities, which JSON lacks, become null so that every
// reader can read the text. Tuples become lists, times become ISO text, keys
// that are no text become text as in Python's json. Sets and other things are an
// error of class TypeError.
func AppendJSON(dst []byte, v Value) ([]byte, error) {
	return AppendJSONOptions(dst, v, JSONOptions{})
}

// AppendJSONOptions is [AppendJSON] with options.
func AppendJSONOptions(dst []byte, v Value, o JSONOptions) ([]byte, error) {
	if o.Item == "" {
		o.Item = ","
	}
	if o.Key == "" {
		o.Key = ":"
	}
	if o.Limit == 0 {
		o.Limit = maxText
	}
	w := jsonWriter{buf: dst, start: len(dst), opts: o}
	if err := w.value(v, 0); err != nil {
		return dst, err
	}
	return w.buf, nil
}

type jsonWriter struct {
	buf   []byte
	start int
	opts  JSONOptions
}

func (w *jsonWriter) value(v Value, depth int) error {
	if len(w.buf)-w.start > w.opts.Limit {
		return MemoryError.Errorf("the JSON text is longer than %d bytes", w.opts.Limit)
	}
	if depth > maxDepth {
		return ValueError.Errorf("Circular reference detected")
	}
	switch v := v.(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	case int64:
		w.buf = strconv.AppendInt(w.buf, v, 10)
	case *big.Int:
		w.buf = v.Append(w.buf, 10)
	case float64:
		w.float(v)
	case string:
		w.str(v)
	case Markup:
		w.str(string(v))
	case *List:
		return w.array(v.Items, depth)
	case Tuple:
		return w.array(v, depth)
	case *NamedTuple:
		return w.array(v.Items, depth)
	case *Dict:
		return w.object(v, depth)
	case JSONAppender:
		b, err := v.AppendJSON(w.buf)
		if err != nil {
			return err
		}
		w.buf = b
	default:
		if w.opts.Default != nil {
			d, err := w.opts.Default(v)
			if err != nil {
				return err
			}
			return w.value(d, depth+1)
		}
		return TypeError.Errorf("Object of type %s is not JSON serializable", TypeName(v))
	}
	return nil
}

func (w *jsonWriter) float(f float64) {
	switch {
	case !math.IsNaN(f) && !math.IsInf(f, 0):
		w.buf = appendFloat(w.buf, f)
	case !w.opts.NaN:
		w.buf = append(w.buf, "null"...)
	case math.IsNaN(f):
		w.buf = append(w.buf, "NaN"...)
	case f > 0:
		w.buf = append(w.buf, "Infinity"...)
	default:
		w.buf = append(w.buf, "-Infinity"...)
	}
}

func (w *jsonWriter) line(depth int) {
	if w.opts.Indent == nil {
		return
	}
	w.buf = append(w.buf, '\n')
	for range depth {
		w.buf = append(w.buf, *w.opts.Indent...)
	}
}

func (w *jsonWriter) array(items []Value, depth int) error {
	if len(items) == 0 {
		w.buf = append(w.buf, "[]"...)
		return nil
	}
	w.buf = append(w.buf, '[')
	for i, item := range items {
		if i > 0 {
			w.buf = append(w.buf, w.opts.Item...)
		}
		w.line(depth + 1)
		if err := w.value(item, depth+1); err != nil {
			return err
		}
	}
	w.line(depth)
	w.buf = append(w.buf, ']')
	return nil
}

func (w *jsonWriter) object(d *Dict, depth int) error {
	if d.Len() == 0 {
		w.buf = append(w.buf, "{}"...)
		return nil
	}
	entries := d.entries
	if w.opts.SortKeys {
		sorted, err := sortedEntries(d)
		if err != nil {
			return err
		}
		entries = sorted
	}
	w.buf = append(w.buf, '{')
	first := true
	for _, e := range entries {
		if e.gone {
			continue
		}
		if !first {
			w.buf = append(w.buf, w.opts.Item...)
		}
		first = false
		w.line(depth + 1)
		if err := w.key(e.key); err != nil {
			return err
		}
		w.buf = append(w.buf, w.opts.Key...)
		if err := w.value(e.val, depth+1); err != nil {
			return err
		}
	}
	w.line(depth)
	w.buf = append(w.buf, '}')
	return nil
}

func sortedEntries(d *Dict) ([]entry, error) {
	var failed error
	entries := make([]entry, 0, d.Len())
	for _, e := range d.entries {
		if !e.gone {
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		n, err := Compare(a.key, b.key)
		if err != nil {
			failed = err
		}
		return n
	})
	return entries, failed
}

func (w *jsonWriter) key(k Value) error {
	switch k := k.(type) {
	case string:
		w.str(k)
	case Markup:
		w.str(string(k))
	case nil, bool, int64, *big.Int, float64:
		w.buf = append(w.buf, '"')
		if err := w.value(k, 0); err != nil {
			return err
		}
		w.buf = append(w.buf, '"')
	default:
		return TypeError.Errorf("keys must be str, int, float, bool or None, not %s", TypeName(k))
	}
	return nil
}

// plain reports whether c stands for itself in a JSON text.
func plain(c byte) bool { return c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf }

func (w *jsonWriter) str(s string) {
	if len(s) > 4<<10 { // room for some escapes, too: what is large is copied once
		w.buf = slices.Grow(w.buf, len(s)+len(s)/16)
	}
	w.buf = append(w.buf, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain(c) {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if !w.opts.ASCII && (r != utf8.RuneError || n > 1) {
				i += n
				continue
			}
			w.buf = append(w.buf, s[from:i]...)
			w.rune(r)
			i += n
			from = i
			continue
		}
		w.buf = append(w.buf, s[from:i]...)
		w.escape(c)
		i++
		from = i
	}
	w.buf = append(w.buf, s[from:]...)
	w.buf = append(w.buf, '"')
}

func (w *jsonWriter) rune(r rune) {
	switch {
	case !w.opts.ASCII:
		w.buf = utf8.AppendRune(w.buf, r)
	case r >= 0x10000:
		r -= 0x10000
		w.buf = fmt.Appendf(w.buf, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
	default:
		w.buf = fmt.Appendf(w.buf, `\u%04x`, r)
	}
}

func (w *jsonWriter) escape(c byte) {
	if i := strings.IndexByte("\"\\\n\r\t\b\f", c); i >= 0 {
		w.buf = append(w.buf, '\\', `"\nrtbf`[i])
		return
	}
	w.buf = append(w.buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
