package alert

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// mistakes collects what is wrong with a body, each with its place.
type mistakes struct {
	what  string // what the body should be, to begin the message with
	found []string
	more  int // how many were found after the first few
}

func (m *mistakes) at(path, format string, args ...any) {
	const most = 20 // a sender that is wrong is wrong everywhere
	if len(m.found) == most {
		m.more++
		return
	}
	if path != "" {
		path += " "
	}
	m.found = append(m.found, path+fmt.Sprintf(format, args...))
}

// fault returns all mistakes as one sentence, or nil.
func (m *mistakes) fault() error {
	if len(m.found) == 0 {
		return nil
	}
	text := strings.Join(m.found, "; ")
	if m.more > 0 {
		text += fmt.Sprintf("; and %d more", m.more)
	}
	return fault.Newf(fault.Invalid, "this is not %s: %s", m.what, text)
}

// readJSON reads a body or a part of one.
func readJSON(what string, body []byte) (value.Value, error) {
	if len(body) == 0 {
		return nil, fault.Newf(fault.Invalid, "this is not %s: the body is empty", what)
	}
	v, err := value.FromJSON(body)
	if err != nil {
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: fmt.Sprintf("this is not %s: the body is not JSON: %v", what, err), Err: err}
	}
	return v, nil
}

func tooMany(what string, n int) error {
	return fault.Newf(fault.TooLarge, "%d %s in one body are more than the %d that are taken; send several smaller ones", n, what, MaxEvents)
}

// A reader reads the fields of one object and collects what is wrong with them.
type reader struct {
	*mistakes
	dict *value.Dict
	path string
}

// read returns a reader of v, or reports that v is no object. An empty path is
// the whole body.
func (m *mistakes) read(v value.Value, path string) (reader, bool) {
	d, ok := v.(*value.Dict)
	if !ok {
		whole := path
		if whole == "" {
			whole = "the body"
		}
		m.at(whole, "must be an object, not %s", describe(v))
	}
	return reader{mistakes: m, dict: d, path: path}, ok
}

func (r reader) pathOf(name string) string {
	plain := name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
	switch {
	case !plain:
		return r.path + "[" + strconv.Quote(name) + "]"
	case r.path == "":
		return name
	default:
		return r.path + "." + name
	}
}

func (r reader) wrong(name, format string, args ...any) {
	r.at(r.pathOf(name), format, args...)
}

// text returns the text of a field. A field that is absent or null is "".
func (r reader) text(name string) string {
	switch v, _ := r.dict.Get(name); v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		r.wrong(name, "must be text, not %s", describe(v))
		return ""
	}
}

// required returns the text of a field that must be there.
func (r reader) required(name string) string {
	if v, _ := r.dict.Get(name); v == nil || v == "" {
		r.wrong(name, "is missing")
		return ""
	}
	return r.text(name)
}

// texts returns a field that is an object of texts. One that is absent or null
// is empty.
func (r reader) texts(name string) *value.Dict {
	v, _ := r.dict.Get(name)
	if v == nil {
		return value.NewDict()
	}
	inner, ok := r.read(v, r.pathOf(name))
	if !ok {
		return value.NewDict()
	}
	for k, v := range inner.dict.All() {
		if _, ok := v.(string); !ok {
			inner.wrong(value.Str(k), "must be text, not %s", describe(v))
		}
	}
	return inner.dict
}

// list returns a field that must be there and be a list.
func (r reader) list(name string) []value.Value {
	v, ok := r.dict.Get(name)
	l, isList := v.(*value.List)
	switch {
	case !ok:
		r.wrong(name, "is missing; it must be a list")
		return nil
	case !isList:
		r.wrong(name, "must be a list, not %s", describe(v))
		return nil
	}
	return l.Items
}

// time returns a field that holds a time, or the zero time if it is absent.
func (r reader) time(name string, required bool) time.Time {
	v, _ := r.dict.Get(name)
	text, ok := v.(string)
	switch {
	case required && (v == nil || v == ""):
		r.wrong(name, "is missing; it must be a time such as 2026-11-22T14:51:07Z")
		return time.Time{}
	case v == nil || v == "":
		return time.Time{}
	case !ok:
		r.wrong(name, "must be a time such as 2026-11-22T14:51:07Z, not %s", describe(v))
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.wrong(name, "must be a time such as 2026-11-22T14:51:07Z, not %q", shorten(text))
	}
	return t.UTC()
}

func describe(v value.Value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return strconv.Quote(shorten(v))
	case int64, *big.Int, float64:
		return "the number " + shorten(value.Str(v))
	case *value.List:
		return "a list"
	case *value.Dict:
		return "an object"
	default:
		return fmt.Sprintf("a %T", v)
	}
}

// shorten keeps a message readable whatever was sent.
func shorten(s string) string {
	const most = 60
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most]) + "…"
}
