package value

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// JSONError says where a JSON text is wrong.
type JSONError struct {
	Msg    string
	Offset int // in bytes
	Line   int // from 1
	Column int // in code points, from 1
}

// Error returns the message in the words of Python's json.
func (e *JSONError) Error() string {
	return fmt.Sprintf("%s: line %d column %d (char %d)", e.Msg, e.Line, e.Column, e.Offset)
}

// FromJSON reads one JSON text as Python's json does: keys keep their order, of
// a key that is given twice the last value counts, a number with a fraction or
// an exponent is a float and any other an int, and NaN, Infinity and -Infinity
// are read. Half of a surrogate pair becomes U+FFFD, because text is valid
// UTF-8 here. Containers deeper than 1000 are an error.
func FromJSON(data []byte) (Value, error) {
	r := jsonReader{data: data}
	r.space()
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	r.space()
	if r.at < len(r.data) {
		return nil, r.fail("Extra data", r.at)
	}
	return v, nil
}

type jsonReader struct {
	data []byte
	at   int
}

func (r *jsonReader) fail(msg string, at int) error {
	e := &JSONError{Msg: msg, Offset: at, Line: 1, Column: 1}
	for i := 0; i < at && i < len(r.data); {
		c, n := utf8.DecodeRune(r.data[i:])
		if e.Column++; c == '\n' {
			e.Line, e.Column = e.Line+1, 1
		}
		i += n
	}
	return e
}

func (r *jsonReader) space() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// peek returns the next byte, or 0 at the end.
func (r *jsonReader) peek() byte {
	if r.at < len(r.data) {
		return r.data[r.at]
	}
	return 0
}

func (r *jsonReader) word(w string) bool {
	if len(r.data)-r.at >= len(w) && string(r.data[r.at:r.at+len(w)]) == w {
		r.at += len(w)
		return true
	}
	return false
}

func (r *jsonReader) value(depth int) (Value, error) {
	if depth > maxDepth {
		return nil, r.fail("Containers are nested too deep", r.at)
	}
	switch c := r.peek(); {
	case c == '"':
		r.at++
		return r.str()
	case c == '{':
		r.at++
		return r.object(depth)
	case c == '[':
		r.at++
		return r.array(depth)
	case c == 'n' && r.word("null"):
		return nil, nil
	case c == 't' && r.word("true"):
		return true, nil
	case c == 'f' && r.word("false"):
		return false, nil
	case c == 'N' && r.word("NaN"):
		return math.NaN(), nil
	case c == 'I' && r.word("Infinity"):
		return math.Inf(1), nil
	case c == '-' && r.word("-Infinity"):
		return math.Inf(-1), nil
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	}
	return nil, r.fail("Expecting value", r.at)
}

func (r *jsonReader) array(depth int) (Value, error) {
	list := &List{Items: []Value{}}
	r.space()
	if r.peek() == ']' {
		r.at++
		return list, nil
	}
	for {
		r.space()
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list.Items = append(list.Items, v)
		r.space()
		switch r.peek() {
		case ',':
			r.at++
		case ']':
			r.at++
			return list, nil
		default:
			return nil, r.fail("Expecting ',' delimiter", r.at)
		}
	}
}

func (r *jsonReader) object(depth int) (Value, error) {
	d := NewDict()
	r.space()
	if r.peek() == '}' {
		r.at++
		return d, nil
	}
	for {
		r.space()
		if r.peek() != '"' {
			return nil, r.fail("Expecting property name enclosed in double quotes", r.at)
		}
		r.at++
		key, err := r.str()
		if err != nil {
			return nil, err
		}
		r.space()
		if r.peek() != ':' {
			return nil, r.fail("Expecting ':' delimiter", r.at)
		}
		r.at++
		r.space()
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.Set(key, v)
		r.space()
		switch r.peek() {
		case ',':
			r.at++
		case '}':
			r.at++
			return d, nil
		default:
			return nil, r.fail("Expecting ',' delimiter", r.at)
		}
	}
}

// number reads what JSON allows and leaves the rest, as 1 of 1.x or 0 of 01.
func (r *jsonReader) number() (Value, error) {
	start := r.at
	if r.peek() == '-' {
		r.at++
	}
	switch c := r.peek(); {
	case c == '0':
		r.at++
	case c >= '1' && c <= '9':
		r.digits()
	default:
		return nil, r.fail("Expecting value", start)
	}
	float := false
	if r.peek() == '.' && r.digitAt(r.at+1) {
		float = true
		r.at++
		r.digits()
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		next := r.at + 1
		if next < len(r.data) && (r.data[next] == '+' || r.data[next] == '-') {
			next++
		}
		if r.digitAt(next) {
			float = true
			r.at = next
			r.digits()
		}
	}
	text := string(r.data[start:r.at])
	if float {
		f, _ := strconv.ParseFloat(text, 64) // out of range is an infinity, as in Python
		return f, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	if len(text) > maxIntDigits {
		return nil, r.fail("A number has too many digits", start)
	}
	n, _ := new(big.Int).SetString(text, 10)
	return Int(n), nil
}

func (r *jsonReader) digits() {
	for r.digitAt(r.at) {
		r.at++
	}
}

func (r *jsonReader) digitAt(i int) bool {
	return i < len(r.data) && r.data[i] >= '0' && r.data[i] <= '9'
}

// str reads a text whose opening quote has been read.
func (r *jsonReader) str() (string, error) {
	start := r.at
	for i := r.at; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '"':
			s := r.data[start:i]
			r.at = i + 1
			if utf8.Valid(s) {
				return string(s), nil
			}
			return string([]rune(string(s))), nil
		case c == '\\':
			return r.escaped(start, i)
		case c < ' ':
			return "", r.fail("Invalid control character at", i)
		}
	}
	return "", r.fail("Unterminated string starting at", start-1)
}

// escaped reads the rest of a text that has an escape at i.
func (r *jsonReader) escaped(start, i int) (string, error) {
	buf := append([]byte(nil), r.data[start:i]...)
	for i < len(r.data) {
		c := r.data[i]
		switch {
		case c == '"':
			r.at = i + 1
			if utf8.Valid(buf) {
				return string(buf), nil
			}
			return string([]rune(string(buf))), nil
		case c < ' ':
			return "", r.fail("Invalid control character at", i)
		case c != '\\':
			buf = append(buf, c)
			i++
			continue
		}
		if i++; i == len(r.data) {
			break
		}
		c = r.data[i]
		i++
		switch c {
		case '"', '\\', '/':
			buf = append(buf, c)
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			u, ok := r.hex4(i)
			if !ok {
				return "", r.fail("Invalid \\uXXXX escape", i)
			}
			i += 4
			if utf16.IsSurrogate(u) && i+1 < len(r.data) && r.data[i] == '\\' && r.data[i+1] == 'u' {
				if low, ok := r.hex4(i + 2); ok {
					if pair := utf16.DecodeRune(u, low); pair != utf8.RuneError {
						u = pair
						i += 6
					}
				}
			}
			buf = utf8.AppendRune(buf, u)
		default:
			return "", r.fail("Invalid \\escape", i-2)
		}
	}
	return "", r.fail("Unterminated string starting at", start-1)
}

func (r *jsonReader) hex4(i int) (rune, bool) {
	if i+4 > len(r.data) {
		return 0, false
	}
	var u rune
	for _, c := range r.data[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		u = u<<4 | rune(c)
	}
	return u, true
}
