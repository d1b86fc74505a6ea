package value

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Str returns v as Python's str does. Of a container that is larger than any
// text may be (64 MiB), the rest is left out; [AppendStr] tells.
func Str(v Value) string {
	switch v := v.(type) {
	case string:
		return v
	case Markup:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		if v {
			return "True"
		}
		return "False"
	case nil:
		return "None"
	}
	b, _ := AppendStr(nil, v, maxText)
	return string(b)
}

// Repr returns v as Python's repr does, within the same bound as [Str].
func Repr(v Value) string {
	p := printer{limit: maxText}
	p.repr(v)
	return string(p.buf)
}

// AppendStr appends v to dst as Python's str does. A text of more than limit
// bytes is an error of class MemoryError.
func AppendStr(dst []byte, v Value, limit int) ([]byte, error) {
	switch v := v.(type) {
	case string:
		if len(v) > limit {
			return dst, tooLong(limit)
		}
		return append(dst, v...), nil
	case Markup:
		return AppendStr(dst, string(v), limit)
	}
	p := printer{buf: dst, start: len(dst), limit: limit}
	if o, ok := v.(Printer); ok {
		p.text(o.Str())
	} else {
		p.repr(v)
	}
	if p.over {
		return p.buf, tooLong(limit)
	}
	return p.buf, nil
}

func tooLong(limit int) error {
	return MemoryError.Errorf("the text of a value is longer than %d bytes", limit)
}

// printer writes representations. It keeps the containers that it is inside of,
// because a list can hold itself.
type printer struct {
	buf          []byte
	start, limit int
	inside       []any
	over         bool
}

func (p *printer) text(s string) {
	if len(p.buf)-p.start+len(s) > p.limit {
		p.over = true
		return
	}
	p.buf = append(p.buf, s...)
}

func (p *printer) repr(v Value) {
	if p.over {
		return
	}
	switch v := v.(type) {
	case nil:
		p.text("None")
	case bool:
		if v {
			p.text("True")
		} else {
			p.text("False")
		}
	case int64:
		p.buf = strconv.AppendInt(p.buf, v, 10)
	case *big.Int:
		p.text(v.String())
	case float64:
		p.buf = appendFloat(p.buf, v)
	case complex128:
		p.text(formatComplex(v))
	case string:
		if len(v) > p.limit {
			p.over = true
			return
		}
		p.buf = appendQuoted(p.buf, v)
	case Markup:
		p.text("Markup(")
		p.repr(string(v))
		p.text(")")
	case Bytes:
		p.buf = appendQuotedBytes(p.buf, v)
	case *List:
		p.sequence(v, "[", v.Items, "]", "[...]")
	case Tuple:
		end := ")"
		if len(v) == 1 {
			end = ",)"
		}
		p.sequence(nil, "(", v, end, "(...)")
	case *NamedTuple:
		p.namedTuple(v)
	case *Dict:
		p.dict(v)
	case *Set:
		p.set(v)
	case Printer:
		p.text(v.Repr())
	case Object:
		p.text("<" + v.TypeName() + " object>")
	default:
		p.text(fmt.Sprintf("<%T object>", v))
	}
	if len(p.buf)-p.start > p.limit {
		p.over = true
	}
}

// enter reports whether container may be printed now, and if not prints
// instead.
func (p *printer) enter(container any, instead string) bool {
	if container != nil && slices.Contains(p.inside, container) {
		p.text(instead)
		return false
	}
	if len(p.inside) > maxDepth {
		p.text("...")
		return false
	}
	p.inside = append(p.inside, container)
	return true
}

func (p *printer) leave() { p.inside = p.inside[:len(p.inside)-1] }

func (p *printer) sequence(container any, start string, items []Value, end, again string) {
	if !p.enter(container, again) {
		return
	}
	p.text(start)
	for i, item := range items {
		if i > 0 {
			p.text(", ")
		}
		if p.repr(item); p.over {
			break
		}
	}
	p.text(end)
	p.leave()
}

func (p *printer) dict(d *Dict) {
	if !p.enter(d, "{...}") {
		return
	}
	p.text("{")
	first := true
	for k, v := range d.All() {
		if !first {
			p.text(", ")
		}
		first = false
		p.repr(k)
		p.text(": ")
		if p.repr(v); p.over {
			break
		}
	}
	p.text("}")
	p.leave()
}

func (p *printer) set(s *Set) {
	start, end := "{", "}"
	switch {
	case s.Len() == 0:
		p.text(s.TypeName() + "()")
		return
	case s.Frozen:
		start, end = "frozenset({", "})"
	}
	p.sequence(s, start, s.Items(), end, s.TypeName()+"(...)")
}

func (p *printer) namedTuple(n *NamedTuple) {
	if n.Plain {
		p.repr(n.Items)
		return
	}
	if !p.enter(n, n.Class+"(...)") {
		return
	}
	p.text(n.Class + "(")
	for i, item := range n.Items {
		if i > 0 {
			p.text(", ")
		}
		if i < len(n.Fields) {
			p.text(n.Fields[i] + "=")
		}
		if p.repr(item); p.over {
			break
		}
	}
	p.text(")")
	p.leave()
}

func formatComplex(c complex128) string {
	part := func(f float64) string { return strings.TrimSuffix(FormatFloat(f), ".0") }
	im := part(imag(c)) + "j"
	if real(c) == 0 {
		return im
	}
	if im[0] != '-' {
		im = "+" + im
	}
	return "(" + part(real(c)) + im + ")"
}

const hexDigits = "0123456789abcdef"

// quoteFor chooses the quote as Python does: single quotes, unless the text has
// one and no double quote.
func quoteFor(single, double bool) byte {
	if single && !double {
		return '"'
	}
	return '\''
}

func appendQuoted(dst []byte, s string) []byte {
	quote := quoteFor(strings.IndexByte(s, '\'') >= 0, strings.IndexByte(s, '"') >= 0)
	dst = append(dst, quote)
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = appendQuotedByte(dst, c, quote)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = appendQuotedRune(dst, r)
		i += n
	}
	return append(dst, quote)
}

func appendQuotedByte(dst []byte, c, quote byte) []byte {
	switch {
	case c == quote || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	case c < ' ' || c >= 0x7f:
		return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(dst, c)
}

func appendQuotedRune(dst []byte, r rune) []byte {
	if Printable(r) {
		return utf8.AppendRune(dst, r)
	}
	return appendEscapedRune(dst, r)
}

func appendEscapedRune(dst []byte, r rune) []byte {
	switch {
	case r < 0x100:
		return fmt.Appendf(dst, `\x%02x`, r)
	case r < 0x10000:
		return fmt.Appendf(dst, `\u%04x`, r)
	}
	return fmt.Appendf(dst, `\U%08x`, r)
}

// Printable reports whether Python's str.isprintable would be true of r: neither
// a control, nor unassigned, nor a space other than the ASCII one.
func Printable(r rune) bool {
	return r == ' ' || unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
}

func appendQuotedBytes(dst []byte, b Bytes) []byte {
	s := string(b)
	quote := quoteFor(strings.IndexByte(s, '\'') >= 0, strings.IndexByte(s, '"') >= 0)
	dst = append(dst, 'b', quote)
	for _, c := range b {
		dst = appendQuotedByte(dst, c, quote)
	}
	return append(dst, quote)
}

// Raiser is an object that cannot be printed, nor compared: Raise tells why, or
// nothing if it can.
type Raiser interface {
	Raise() error
}

// ToStr returns v as Python's str does, or the error of a [Raiser].
func ToStr(v Value) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case Markup:
		return string(v), nil
	case nil, bool, int64, float64:
		return Str(v), nil
	case Raiser:
		if err := v.Raise(); err != nil {
			return "", err
		}
	}
	b, err := AppendStr(nil, v, maxText)
	return string(b), err
}
