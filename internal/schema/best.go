package schema

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Best returns what matters most of errs: what is wrong closest to the top, and
// of the alternatives of anyOf and oneOf the one that came furthest.
func Best(errs []*Error) *Error {
	if len(errs) == 0 {
		return nil
	}
	best := errs[0]
	for _, e := range errs[1:] {
		if relevance(e, best) > 0 {
			best = e
		}
	}
	for len(best.context) > 0 {
		least := slices.Clone(best.context)
		slices.SortStableFunc(least, relevance)
		if len(least) >= 2 && relevance(least[0], least[1]) == 0 {
			return best
		}
		best = least[0]
	}
	return best
}

// relevance compares how much two errors matter.
func relevance(a, b *Error) int {
	return cmp.Or(
		cmp.Compare(-len(a.Path), -len(b.Path)),
		slices.CompareFunc(a.Path, b.Path, compareSteps),
		compareBools(!weak(a), !weak(b)),
		compareBools(!a.rightType(), !b.rightType()),
	)
}

func compareSteps(a, b any) int {
	i, ok1 := a.(int)
	j, ok2 := b.(int)
	if ok1 && ok2 {
		return cmp.Compare(i, j)
	}
	return strings.Compare(value.Str(value.Of(a)), value.Str(value.Of(b)))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// weak reports whether another error at the same place says more.
func weak(e *Error) bool { return e.Keyword == "anyOf" || e.Keyword == "oneOf" }

// rightType reports whether the value is at least of the type that was expected.
func (e *Error) rightType() bool {
	typ, ok := e.schema.Get("type")
	return ok && slices.ContainsFunc(types(typ), func(name string) bool { return isType(e.instance, name) })
}
