package rehearsal

import (
	"fmt"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// mostDifferences is how many differences of one value are told.
const mostDifferences = 20

// differ finds where a value is not as expected, part by part. The path is where what
// is expected is in the test.
func (p *player) differ(path []any, what string, want, got value.Value) {
	before := len(p.report.Findings)
	p.parts(path, what, want, got, before+mostDifferences)
}

func (p *player) parts(path []any, what string, want, got value.Value, most int) {
	if len(p.report.Findings) >= most || value.Equal(want, got) {
		return
	}
	switch w := want.(type) {
	case *value.Dict:
		if g, ok := got.(*value.Dict); ok {
			p.dicts(path, what, w, g, most)
			return
		}
	case *value.List:
		if g, ok := got.(*value.List); ok && len(w.Items) == len(g.Items) {
			for i := range w.Items {
				p.parts(append(slices.Clip(path), i), fmt.Sprintf("%s[%d]", what, i), w.Items[i], g.Items[i], most)
			}
			return
		}
	}
	p.fail(path, "%s is %s; expected is %s", what, shown(got), shown(want))
}

func (p *player) dicts(path []any, what string, want, got *value.Dict, most int) {
	for k, w := range want.All() {
		at := append(slices.Clip(path), k)
		name := what + "." + value.Str(k)
		g, ok, _ := got.GetKey(k)
		switch {
		case len(p.report.Findings) >= most:
			return
		case !ok:
			p.fail(at, "%s is missing; expected is %s", name, shown(w))
		default:
			p.parts(at, name, w, g, most)
		}
	}
	for k, g := range got.All() {
		if _, ok, _ := want.GetKey(k); !ok && len(p.report.Findings) < most {
			p.fail(path, "%s.%s is %s, which is not expected", what, value.Str(k), shown(g))
		}
	}
}

// longest is how much of a value is shown, in bytes.
const longest = 300

// shown writes a value so that it can be read in a line.
func shown(v value.Value) string {
	b, err := value.AppendJSONOptions(nil, v, value.JSONOptions{Item: ", ", Key: ": "})
	if err != nil {
		b = []byte(value.Repr(v))
	}
	if len(b) > longest {
		return string(b[:longest]) + "…"
	}
	return string(b)
}
