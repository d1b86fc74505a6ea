package timer

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// A reader takes parameters out of a set and collects what is wrong with them.
// A parameter that is null counts as not given.
type reader struct {
	params   *value.Dict
	known    []string
	mistakes []string
}

func newReader(params *value.Dict) *reader {
	if params == nil {
		params = value.NewDict()
	}
	return &reader{params: params}
}

func (r *reader) get(name string) (value.Value, bool) {
	r.known = append(r.known, name)
	v, ok := r.params.Get(name)
	return v, ok && v != nil
}

func (r *reader) wrong(name, format string, args ...any) {
	r.mistakes = append(r.mistakes, name+": "+fmt.Sprintf(format, args...))
}

// text returns a parameter that must be text, and whether it is there and is.
func (r *reader) text(name, example string, required bool) (string, bool) {
	v, ok := r.get(name)
	if !ok {
		if required {
			r.wrong(name, "is required, such as %s", example)
		}
		return "", false
	}
	s, ok := v.(string)
	if !ok {
		r.wrong(name, "must be text, such as %s, not %s", example, kindOf(v))
	}
	return s, ok
}

// zone returns the time zone that the parameters name, or local.
func (r *reader) zone(local *time.Location) *time.Location {
	name, ok := r.text("timezone", `"Europe/Berlin"`, false)
	if !ok || name == "" {
		return local
	}
	loc, ok := loadZone(name)
	if !ok {
		r.wrong("timezone", "%q is not a time zone; use a name of the IANA database, such as Europe/Berlin or UTC", name)
	}
	return loc
}

// err returns all mistakes as one fault, or nil. Call it when every parameter
// that the kind has was asked for: what is left over is a mistake too.
func (r *reader) err(kind string) error {
	for k := range r.params.All() {
		name, isText := k.(string)
		if !isText {
			r.mistakes = append(r.mistakes, fmt.Sprintf("the name of a parameter must be text, not %s", kindOf(k)))
			continue
		}
		if !slices.Contains(r.known, name) {
			r.wrong(name, "%s has no such parameter; it has %s", kind, strings.Join(r.known, ", "))
		}
	}
	if len(r.mistakes) == 0 {
		return nil
	}
	return fault.Newf(fault.Invalid, "%s", strings.Join(r.mistakes, "; "))
}

// loadZone finds a time zone by its name, in any case, as Python's pytz does.
func loadZone(name string) (*time.Location, bool) {
	if name == "Local" { // Go's name for the zone of the machine
		return nil, false
	}
	for _, n := range []string{name, strings.ToUpper(name), titleCase(name)} {
		if loc, err := time.LoadLocation(n); err == nil {
			return loc, true
		}
	}
	return nil, false
}

// titleCase writes a name as the IANA database writes most of them: US/Eastern,
// America/New_York, America/Port_of_Spain.
func titleCase(name string) string {
	small := map[string]bool{"of": true, "es": true, "au": true}
	var b strings.Builder
	start := 0
	word := func(end int) {
		w := strings.ToLower(name[start:end])
		switch {
		case w == "us" || w == "gmt" || w == "utc":
			w = strings.ToUpper(w)
		case w != "" && !small[w]:
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		b.WriteString(w)
	}
	for i, c := range name {
		if c == '/' || c == '_' || c == '-' {
			word(i)
			b.WriteRune(c)
			start = i + 1
		}
	}
	word(len(name))
	return b.String()
}

func kindOf(v value.Value) string {
	switch v := v.(type) {
	case bool:
		return "a boolean"
	case int64:
		return "the number " + strconv.FormatInt(v, 10)
	case *big.Int:
		return "the number " + v.String()
	case float64:
		return "the number " + strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return strconv.Quote(v)
	case *value.List:
		return "a list"
	case *value.Dict:
		return "an object"
	default:
		return fmt.Sprintf("a %T", v)
	}
}
