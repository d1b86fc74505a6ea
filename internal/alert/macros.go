package alert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

const nagiosWhat = "a Nagios or Icinga event"

// macros are the fields of one event of Nagios, by the names that Nagios gives
// them, whatever the sender wrote: HOSTNAME, $HOSTNAME$, NAGIOS_HOSTNAME,
// host_name and host.name are one.
type macros map[string]string

func newMacros(raw *value.Dict) macros {
	m := macros{}
	for k, v := range raw.All() {
		var text string
		switch v := v.(type) {
		case string:
			text = strings.TrimSpace(v)
			if strings.HasPrefix(text, "$") && strings.HasSuffix(text, "$") {
				continue // a macro that Nagios did not know and left as it was
			}
		case int64, bool:
			text = value.Str(v)
		case float64: // Icinga writes whole numbers with a fraction
			text = strconv.FormatFloat(v, 'f', -1, 64)
		}
		name := macroName(value.Str(k))
		if _, have := m[name]; text != "" && !have {
			m[name] = text
		}
	}
	return m
}

func macroName(key string) string {
	key = strings.ToUpper(strings.Trim(key, "$"))
	for _, prefix := range []string{"NAGIOS_", "ICINGA_"} {
		key = strings.TrimPrefix(key, prefix)
	}
	return strings.Map(func(c rune) rune {
		if c == '_' || c == '.' || c == '-' || c == ' ' {
			return -1
		}
		return c
	}, key)
}

// first returns the first of the macros that the sender gave.
func (m macros) first(names ...string) string {
	for _, n := range names {
		if v := m[n]; v != "" {
			return v
		}
	}
	return ""
}

// number returns the first of the macros that is a whole number, or null.
func (m macros) number(names ...string) value.Value {
	for _, n := range names {
		f, err := strconv.ParseFloat(m[n], 64)
		if err == nil && f == float64(int64(f)) {
			return int64(f)
		}
	}
	return nil
}

// nagiosBodies returns the events in a body as they were sent: one for a form,
// one or a list of them for JSON. JSON is recognised by its first character,
// because curl -d calls everything a form.
func nagiosBodies(r Request) ([]value.Value, bool, error) {
	body := bytes.TrimSpace(r.Body)
	if len(body) == 0 {
		return nil, false, fault.Newf(fault.Invalid, "this is not %s: the body is empty", nagiosWhat)
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	switch {
	case body[0] == '{' || body[0] == '[':
		v, err := readJSON(nagiosWhat, r.Body)
		if err != nil {
			return nil, false, err
		}
		if l, ok := v.(*value.List); ok {
			return l.Items, true, nil
		}
		return []value.Value{v}, false, nil
	case kind == "multipart/form-data":
		d, err := readMultipart(r.Body, params["boundary"])
		return []value.Value{d}, false, err
	case kind == "application/x-www-form-urlencoded" || kind == "":
		d, err := readForm(string(body))
		return []value.Value{d}, false, err
	default:
		return nil, false, fault.Newf(fault.Invalid, "this is not %s: the body is %q; send application/json or application/x-www-form-urlencoded", nagiosWhat, shorten(kind))
	}
}

// maxFields is how many fields one event may have: Nagios knows some 200
// macros, and custom ones come on top.
const maxFields = 2000

// readForm reads a form and keeps the order of its fields. Output of plugins in
// other encodings than UTF-8 is kept as well as can be.
func readForm(body string) (*value.Dict, error) {
	d := value.NewDict()
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		rawKey, rawVal, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fault.Newf(fault.Invalid, "this is not %s: the form has %q, which is no name=value", nagiosWhat, shorten(valid(pair)))
		}
		key, err1 := url.QueryUnescape(rawKey)
		val, err2 := url.QueryUnescape(rawVal)
		if err1 != nil || err2 != nil {
			return nil, fault.Newf(fault.Invalid, "this is not %s: the form has %q, whose escapes cannot be read; use curl --data-urlencode", nagiosWhat, shorten(valid(pair)))
		}
		d.Set(valid(key), valid(val))
		if d.Len() > maxFields {
			return nil, fault.Newf(fault.TooLarge, "more than %d fields in one event", maxFields)
		}
	}
	return d, nil
}

func readMultipart(body []byte, boundary string) (*value.Dict, error) {
	d := value.NewDict()
	if boundary == "" {
		return nil, fault.Newf(fault.Invalid, "this is not %s: the Content-Type names no boundary", nagiosWhat)
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return d, nil
		}
		var text []byte
		if err == nil {
			text, err = io.ReadAll(part) // bounded by the body, which is in memory
		}
		if err != nil {
			return nil, &fault.Fault{Kind: fault.Invalid, Msg: fmt.Sprintf("this is not %s: the form cannot be read: %v", nagiosWhat, err), Err: err}
		}
		d.Set(valid(part.FormName()), valid(string(text)))
		if d.Len() > maxFields {
			return nil, fault.Newf(fault.TooLarge, "more than %d fields in one event", maxFields)
		}
	}
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
