package value

import "strings"

// Escape returns text that is safe to put into HTML.
func Escape(s string) Markup {
	if !strings.ContainsAny(s, `&<>"'`) {
		return Markup(s)
	}
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; c {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&#34;")
		case '\'':
			b.WriteString("&#39;")
		default:
			b.WriteByte(c)
		}
	}
	return Markup(b.String())
}

// HTMLer is an object that knows how it looks in HTML.
type HTMLer interface {
	HTML() Markup
}

// EscapeValue returns v as text for HTML; what is safe already stays as it is.
func EscapeValue(v Value) Markup {
	switch v := v.(type) {
	case Markup:
		return v
	case HTMLer:
		return v.HTML()
	}
	return Escape(Str(v))
}

// EscapeDeep returns v so that its texts come out escaped when it is formatted
// with %: the items of a tuple and the values of a dict one by one.
func EscapeDeep(v Value) Value {
	switch v := v.(type) {
	case Tuple:
		t := make(Tuple, len(v))
		for i, item := range v {
			t[i] = escapeArg(item)
		}
		return t
	case *Dict:
		d := v.Clone()
		for i := range d.entries {
			d.entries[i].val = escapeArg(d.entries[i].val)
		}
		return d
	}
	return escapeArg(v)
}

func escapeArg(v Value) Value {
	switch v := v.(type) {
	case nil, bool, int64, float64, Markup:
		return v
	case string:
		return escaped{v}
	case HTMLer:
		return v.HTML()
	}
	if isNumber(v) {
		return v
	}
	return escaped{v}
}

// escaped prints a value escaped.
type escaped struct{ v Value }

// TypeName implements [Object].
func (e escaped) TypeName() string { return TypeName(e.v) }

// Str implements [Printer].
func (e escaped) Str() string { return string(EscapeValue(e.v)) }

// Repr implements [Printer].
func (e escaped) Repr() string { return string(Escape(Repr(e.v))) }
