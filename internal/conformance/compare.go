package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Compare returns an error that says where got differs from want. It is
// stricter than the languages are: 1, 1.0 and true differ, as do a list and a
// tuple. NaN agrees with NaN. The order of keys does not count, nor does that of
// lists if unordered.
func Compare(want, got value.Value, unordered bool) error {
	if unordered {
		want, got = Sorted(want), Sorted(got)
	}
	return compare("", want, got)
}

// CompareResult compares with the recorded result of c.
func (c Case) CompareResult(got value.Value) error {
	want, err := c.Value("result")
	if err != nil {
		return err
	}
	return Compare(want, got, c.Unordered)
}

func differ(path string, want, got value.Value) error {
	at := ""
	if path != "" {
		at = "at " + path + ": "
	}
	return fmt.Errorf("%sgot %s %s\nwant %s %s", at, value.TypeName(got), value.Repr(got), value.TypeName(want), value.Repr(want))
}

func compare(path string, want, got value.Value) error {
	switch w := want.(type) {
	case *value.Dict:
		if g, ok := got.(*value.Dict); ok {
			return compareDicts(path, w, g)
		}
		return differ(path, want, got)
	case *value.List:
		if g, ok := got.(*value.List); ok {
			return compareItems(path, want, got, w.Items, g.Items)
		}
		return differ(path, want, got)
	case value.Tuple:
		if g, ok := got.(value.Tuple); ok {
			return compareItems(path, want, got, w, g)
		}
		return differ(path, want, got)
	}
	if nan(want) && nan(got) {
		return nil
	}
	if value.TypeName(want) != value.TypeName(got) || !value.Equal(want, got) {
		return differ(path, want, got)
	}
	return nil
}

func compareItems(path string, want, got value.Value, w, g []value.Value) error {
	if len(w) != len(g) {
		return differ(path, want, got)
	}
	for i := range w {
		if err := compare(fmt.Sprintf("%s[%d]", path, i), w[i], g[i]); err != nil {
			return err
		}
	}
	return nil
}

func compareDicts(path string, want, got *value.Dict) error {
	for k, w := range want.All() {
		at := path + "[" + value.Repr(k) + "]"
		g, ok, _ := got.GetKey(k)
		if !ok {
			return fmt.Errorf("at %s: missing\ngot %s\nwant %s", at, value.Repr(got), value.Repr(want))
		}
		if err := compare(at, w, g); err != nil {
			return err
		}
	}
	for k := range got.All() {
		if _, ok, _ := want.GetKey(k); !ok {
			return fmt.Errorf("at %s[%s]: not wanted\ngot %s\nwant %s", path, value.Repr(k), value.Repr(got), value.Repr(want))
		}
	}
	return nil
}

// Sorted returns a copy of v in which all lists are sorted by their text.
func Sorted(v value.Value) value.Value {
	sorted := func(items []value.Value) []value.Value {
		out := make([]value.Value, len(items))
		for i, item := range items {
			out[i] = Sorted(item)
		}
		slices.SortStableFunc(out, func(a, b value.Value) int { return strings.Compare(sortKey(a), sortKey(b)) })
		return out
	}
	switch v := v.(type) {
	case *value.List:
		return value.NewList(sorted(v.Items)...)
	case value.Tuple:
		return value.Tuple(sorted(v))
	case *value.Dict:
		d := value.NewDictCap(v.Len())
		for k, item := range v.All() {
			_ = d.SetKey(k, Sorted(item)) // a key of a dict can be a key
		}
		return d
	}
	return v
}

// sortKey is a text of v that does not depend on the order of keys.
func sortKey(v value.Value) string {
	if b, err := value.AppendJSONOptions(nil, v, value.JSONOptions{SortKeys: true}); err == nil {
		return string(b)
	}
	return value.Repr(v)
}
