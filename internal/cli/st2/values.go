package st2

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/expr/jsonpath"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func itoa(n int) string { return strconv.Itoa(n) }

var plainPath = regexp.MustCompile(`^([a-zA-Z0-9\-_]+\.)*[a-zA-Z0-9\-_]+$`)

// lookUp finds a value by names with dots between them, or by a JSONPath; nil if
// there is none.
func lookUp(doc value.Value, key string) (value.Value, error) {
	if key == "" {
		return nil, errors.New("key is None or empty: ''")
	}
	d, ok := doc.(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("doc is not an instance of dict: type=<class '%s'> value='%s'", value.TypeName(doc), value.Str(doc))
	}
	if !plainPath.MatchString(key) {
		p, err := jsonpath.Parse(key)
		if err != nil {
			return nil, err
		}
		found, err := p.Find(context.Background(), d)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		return found[0], nil
	}
	var v value.Value = d
	for name := range strings.SplitSeq(key, ".") {
		d, ok := v.(*value.Dict)
		if !ok {
			return nil, nil
		}
		if v, ok = d.Get(name); !ok {
			return nil, nil
		}
	}
	return v, nil
}

// pick returns the part of an object that keys name, each in its place.
func pick(doc value.Value, keys []string) (*value.Dict, error) {
	out := value.NewDict()
	for _, key := range keys {
		v, err := lookUp(doc, key)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		in := out
		names := strings.Split(key, ".")
		for _, name := range names[:len(names)-1] {
			inner, ok := field(in, name).(*value.Dict)
			if !ok {
				inner = value.NewDict()
				in.Set(name, inner)
			}
			in = inner
		}
		in.Set(names[len(names)-1], v)
	}
	return out, nil
}

// unescape undoes what results write of line ends and quotes.
func unescape(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\"`, `"`).Replace(s)
}

func withoutReturns(s string) string { return strings.NewReplacer(`\r`, "", "\r", "").Replace(s) }

// formatTime writes a time for people.
func formatTime(t time.Time) string { return t.Format("Mon, 02 Jan 2006 15:04:05 MST") }

// shape is how attributes are shown, by name.
type shape map[string]func(value.Value) value.Value

// moment shows a time of the API in the user's time zone.
func (a *app) moment(v value.Value) value.Value {
	s, ok := v.(string)
	if !ok {
		if v == nil {
			return ""
		}
		return v
	}
	t, err := wire.ParseTime(s)
	if err != nil {
		return v
	}
	return formatTime(t.In(a.settings.zone))
}

const masked = "********"

// hidden shows parameters without those whose names say that they are secret.
func hidden(v value.Value) value.Value {
	d, ok := v.(*value.Dict)
	if !ok {
		return v
	}
	d = d.Clone()
	for _, name := range []string{"password", "private_key"} {
		if d.Has(name) {
			d.Set(name, masked)
		}
	}
	return d
}

// colored shows a status in the colour of its kind. How long it took stands behind
// it, and stays as it is.
func (a *app) colored(v value.Value) value.Value {
	s, ok := v.(string)
	if !ok {
		return v
	}
	status, rest, more := strings.Cut(s, "(")
	color, known := map[string]string{
		"succeeded": "\x1b[92m", "delayed": "\x1b[94m", "failed": "\x1b[91m", "timeout": "\x1b[33m", "running": "\x1b[93m",
	}[strings.TrimSpace(status)]
	if !known {
		color = "\x1b[93m"
	}
	if status = a.color(strings.TrimSpace(status), color); more {
		status += " (" + rest
	}
	return status
}

// color colours a text for terminals that can.
func (a *app) color(s, color string) string {
	if !a.OutTerminal || a.Getenv("ST2_COLORIZE") != "" || s == "" {
		return s
	}
	switch strings.ToLower(a.Getenv("TERM")) {
	case "xterm", "xterm-color", "screen", "vt100", "vt100-color", "xterm-256color":
		return color + s + "\x1b[0m"
	}
	return s
}

// withElapsed returns an execution whose status says how long it took, or takes so
// far.
func withElapsed(d *value.Dict) *value.Dict {
	status := text(d, "status")
	start, err := wire.ParseTime(text(d, "start_timestamp"))
	if err != nil {
		return d
	}
	end, ended := time.Now(), completed(status)
	if ended {
		if end, err = wire.ParseTime(text(d, "end_timestamp")); err != nil {
			return d
		}
	} else if status != "running" {
		return d
	}
	d = d.Clone()
	d.Set("status", fmt.Sprintf("%s (%ds elapsed)", status, end.Unix()-start.Unix()))
	return d
}

// completed reports whether a status is a final one.
func completed(status string) bool {
	switch status {
	case "succeeded", "failed", "timeout", "canceled", "abandoned":
		return true
	}
	return false
}
