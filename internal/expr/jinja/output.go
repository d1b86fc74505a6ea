package jinja

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// output collects what a body prints: text, or in a native environment values.
type output struct {
	buf    []byte
	vals   []value.Value
	native bool
	mute   bool
	limit  int
}

func (o *output) tooLong() error {
	return limitError("output", "more than %d bytes of output", o.limit)
}

func (o *output) text(s string) error {
	if o.mute {
		return nil
	}
	if o.native {
		o.vals = append(o.vals, s)
		return nil
	}
	if len(o.buf)+len(s) > o.limit {
		return o.tooLong()
	}
	o.buf = append(o.buf, s...)
	return nil
}

// print adds a value.
func (f *frame) print(v value.Value) error {
	o := f.rt.out
	if o.native && !o.mute {
		if r, ok := v.(value.Raiser); ok {
			if err := r.Raise(); err != nil && len(o.vals) > 0 {
				return err
			}
		}
		o.vals = append(o.vals, v)
		return nil
	}
	switch s := v.(type) {
	case string:
		if f.rt.autoescape {
			return o.text(string(value.Escape(s)))
		}
		return o.text(s)
	case value.Markup:
		return o.text(string(s))
	}
	v, err := f.force(v)
	if err != nil {
		return err
	}
	if f.rt.autoescape {
		m, err := escapeValue(v)
		if err != nil {
			return err
		}
		return o.text(string(m))
	}
	if r, ok := v.(value.Raiser); ok {
		if err := r.Raise(); err != nil {
			return err
		}
	}
	if o.mute {
		return nil
	}
	if o.buf, err = value.AppendStr(o.buf, v, o.limit-len(o.buf)); err != nil {
		return o.tooLong()
	}
	return nil
}

// force looks a lazy value up.
func (f *frame) force(v value.Value) (value.Value, error) {
	if l, ok := v.(value.Lazy); ok {
		return l.Force(f.rt.ctx)
	}
	return v, nil
}

// escapeValue returns v as text for HTML.
func escapeValue(v value.Value) (value.Markup, error) {
	switch v.(type) {
	case value.Markup, value.HTMLer:
		return value.EscapeValue(v), nil
	}
	s, err := value.ToStr(v)
	return value.Escape(s), err
}

// capture returns what body prints: text, safe where autoescape is on, or a
// native value.
func (f *frame) capture(body func() error) (value.Value, error) {
	outer := f.rt.out
	f.rt.out = &output{native: outer.native, limit: outer.limit}
	err := body()
	inner := f.rt.out
	f.rt.out = outer
	if err != nil {
		return nil, err
	}
	if inner.native {
		return nativeConcat(inner.vals)
	}
	if err := f.rt.use(len(inner.buf)); err != nil {
		return nil, err
	}
	if f.rt.autoescape {
		return value.Markup(inner.buf), nil
	}
	return string(inner.buf), nil
}

// nativeConcat makes one value of several: a single one stays what it is, unless
// it is text that reads as a literal of Python, as the texts together do.
func nativeConcat(vals []value.Value) (value.Value, error) {
	var text string
	switch len(vals) {
	case 0:
		return nil, nil
	case 1:
		s, ok := vals[0].(string)
		if !ok {
			return vals[0], nil
		}
		text = s
	default:
		var b strings.Builder
		for _, v := range vals {
			s, err := value.ToStr(v)
			if err != nil {
				return nil, err
			}
			b.WriteString(s)
		}
		text = b.String()
	}
	if v, err := value.ParseLiteral(text); err == nil {
		return v, nil
	}
	return text, nil
}
