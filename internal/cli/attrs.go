package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// all is the name of an attribute that stands for every one.
const all = "all"

// splitPath cuts a.b."c.d" at the dots outside of quotes.
func splitPath(path string) []string {
	var parts []string
	var b strings.Builder
	quoted := false
	for _, r := range path {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '.' && !quoted:
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteRune(r)
		}
	}
	return append(parts, b.String())
}

// lookUp finds what a dotted path means in v; numbers reach into lists.
func lookUp(v value.Value, path string) (value.Value, bool) {
	for _, name := range splitPath(path) {
		switch of := v.(type) {
		case *value.Dict:
			found, ok := of.Get(name)
			if !ok {
				return nil, false
			}
			v = found
		case *value.List:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(of.Items) {
				return nil, false
			}
			v = of.Items[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// pick returns what the paths mean in d, in objects like those of d. What is
// not there is left out.
func pick(d *value.Dict, paths []string) *value.Dict {
	if isAll(paths) {
		return d
	}
	out := value.NewDict()
	for _, path := range paths {
		v, ok := lookUp(d, path)
		if !ok {
			continue
		}
		parts := splitPath(path)
		at := out
		for _, name := range parts[:len(parts)-1] {
			next, _ := at.Get(name)
			inner, ok := next.(*value.Dict)
			if !ok {
				inner = value.NewDict()
				at.Set(name, inner)
			}
			at = inner
		}
		at.Set(parts[len(parts)-1], v)
	}
	return out
}

func isAll(paths []string) bool {
	return len(paths) == 0 || slices.Contains(paths, all)
}

// text returns the text of a field, or nothing.
func textOf(d *value.Dict, path string) string {
	v, _ := lookUp(d, path)
	s, _ := v.(string)
	return s
}

// object returns the object in a field, or an empty one.
func object(d *value.Dict, path string) *value.Dict {
	v, _ := lookUp(d, path)
	if o, ok := v.(*value.Dict); ok {
		return o
	}
	return value.NewDict()
}
