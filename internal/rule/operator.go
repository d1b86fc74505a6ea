package rule

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// operator decides on a value of the event and a pattern of the rule. An error
// means that the two cannot be compared, as a number and a text with contains.
type operator struct {
	apply func(a *arguments) (bool, error)

	nullToo bool // a null pattern is asked about, too; else it is simply not met
	regex   bool // the pattern is a regular expression with these flags
	flags   pyre.Flags
	glob    bool // the pattern is a wildcard, which becomes a regular expression
}

// arguments are what an operator gets.
type arguments struct {
	ctx            context.Context
	now            time.Time
	value, pattern value.Value
	re             *pyre.Regexp // the pattern, if it is a regular expression
}

// search is the one operator that has criteria for a pattern; see search.go.
const search = "search"

// operatorNamed returns an operator by any of its names.
func operatorNamed(name string) (operator, bool) {
	switch strings.ToLower(name) {
	case "equals", "eq":
		return operator{apply: equals}, true
	case "nequals", "neq":
		return operator{apply: not(equals), nullToo: true}, true
	case "iequals", "ieq":
		return operator{apply: onTexts(func(v, p string) bool { return v == p }, value.Lower)}, true
	case "contains":
		return operator{apply: contains}, true
	case "ncontains":
		return operator{apply: not(contains)}, true
	case "icontains":
		return operator{apply: onTexts(strings.Contains, value.Lower)}, true
	case "incontains":
		return operator{apply: not(onTexts(strings.Contains, value.Lower))}, true
	case "startswith":
		return operator{apply: onTexts(strings.HasPrefix, nil)}, true
	case "istartswith":
		return operator{apply: onTexts(strings.HasPrefix, value.Lower)}, true
	case "endswith":
		return operator{apply: onTexts(strings.HasSuffix, nil)}, true
	case "iendswith":
		return operator{apply: onTexts(strings.HasSuffix, value.Lower)}, true
	case "lessthan", "lt":
		return operator{apply: ordered("<", -1)}, true
	case "greaterthan", "gt":
		return operator{apply: ordered(">", 1)}, true
	case "matchwildcard":
		return operator{apply: matches((*pyre.Regexp).Match), regex: true, glob: true}, true
	case "matchregex":
		return operator{apply: matches((*pyre.Regexp).Match), regex: true, flags: pyre.DotAll}, true
	case "regex":
		return operator{apply: matches((*pyre.Regexp).Search), regex: true}, true
	case "iregex":
		return operator{apply: matches((*pyre.Regexp).Search), regex: true, flags: pyre.IgnoreCase}, true
	case "timediff_lt", "td_lt":
		return operator{apply: timeDiff(-1)}, true
	case "timediff_gt", "td_gt":
		return operator{apply: timeDiff(1)}, true
	case "exists":
		return operator{apply: exists, nullToo: true}, true
	case "nexists":
		return operator{apply: not(exists), nullToo: true}, true
	case "inside", "in":
		return operator{apply: inside}, true
	case "ninside", "nin":
		return operator{apply: not(inside)}, true
	}
	return operator{}, false
}

// Operators returns the names of all operators, sorted.
func Operators() []string {
	return []string{
		"contains", "endswith", "eq", "equals", "exists", "greaterthan", "gt", "icontains", "iendswith",
		"ieq", "iequals", "in", "incontains", "inside", "iregex", "istartswith", "lessthan", "lt",
		"matchregex", "matchwildcard", "ncontains", "neq", "nequals", "nexists", "nin", "ninside",
		"regex", search, "startswith", "td_gt", "td_lt", "timediff_gt", "timediff_lt",
	}
}

// isOperator reports whether name is that of an operator, search included.
func isOperator(name string) bool {
	_, ok := slices.BinarySearch(Operators(), strings.ToLower(name))
	return ok
}

// run applies an operator other than search.
func (o operator) run(a *arguments) (bool, error) {
	if a.pattern == nil && !o.nullToo {
		return false, nil
	}
	var err error
	if a.value, err = decoded(a.value); err != nil {
		return false, err
	}
	if a.pattern, err = decoded(a.pattern); err != nil {
		return false, err
	}
	if o.regex && a.re == nil {
		if a.re, err = o.compile(a.pattern); err != nil {
			return false, err
		}
	}
	return o.apply(a)
}

// compile makes a regular expression of a pattern.
func (o operator) compile(pattern value.Value) (*pyre.Regexp, error) {
	text, ok := pattern.(string)
	if !ok {
		return nil, value.TypeError.Errorf("the pattern must be a text, not %s", article(pattern))
	}
	if o.glob {
		return pyre.Cached(fromWildcard(text), 0)
	}
	return pyre.Cached(text, o.flags)
}

// decoded makes a text of bytes, which is what they are in a payload.
func decoded(v value.Value) (value.Value, error) {
	b, ok := v.(value.Bytes)
	if !ok {
		return v, nil
	}
	if !utf8.Valid(b) {
		return nil, value.ValueError.Errorf("the bytes are no UTF-8 text")
	}
	return string(b), nil
}

// article names the type of a value in a sentence.
func article(v value.Value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a text"
	case *value.List:
		return "a list"
	case *value.Dict:
		return "an object"
	case float64:
		return "a number"
	default:
		if value.TypeName(v) == "int" {
			return "a number"
		}
		return value.TypeName(v)
	}
}

func not(f func(*arguments) (bool, error)) func(*arguments) (bool, error) {
	return func(a *arguments) (bool, error) {
		met, err := f(a)
		return !met && err == nil, err
	}
}

func equals(a *arguments) (bool, error) { return value.Equal(a.value, a.pattern), nil }

func exists(a *arguments) (bool, error) { return a.value != nil, nil }

func contains(a *arguments) (bool, error) { return value.Contains(a.ctx, a.value, a.pattern) }

func inside(a *arguments) (bool, error) { return value.Contains(a.ctx, a.pattern, a.value) }

// onTexts compares two texts, perhaps after changing both.
func onTexts(compare func(v, p string) bool, change func(string) string) func(*arguments) (bool, error) {
	return func(a *arguments) (bool, error) {
		v, ok := a.value.(string)
		if !ok {
			return false, value.TypeError.Errorf("the value must be a text, not %s", article(a.value))
		}
		p, ok := a.pattern.(string)
		if !ok {
			return false, value.TypeError.Errorf("the pattern must be a text, not %s", article(a.pattern))
		}
		if change != nil {
			v, p = change(v), change(p)
		}
		return compare(v, p), nil
	}
}

// ordered compares by order; want is the sign that meets it.
func ordered(op string, want int) func(*arguments) (bool, error) {
	return func(a *arguments) (bool, error) {
		c, err := value.CompareOp(op, a.value, a.pattern)
		// 2 and -2 stand for no order, which meets nothing.
		return c == want && err == nil, err
	}
}

// matches asks a regular expression.
func matches(f func(*pyre.Regexp, string) (*pyre.Match, error)) func(*arguments) (bool, error) {
	return func(a *arguments) (bool, error) {
		v, ok := a.value.(string)
		if !ok {
			return false, value.TypeError.Errorf("the value must be a text, not %s", article(a.value))
		}
		m, err := f(a.re, v)
		return m != nil, err
	}
}

// timeDiff compares how many seconds ago the value was.
func timeDiff(want int) func(*arguments) (bool, error) {
	return func(a *arguments) (bool, error) {
		then, err := parseTime(a.value)
		if err != nil {
			return false, err
		}
		seconds, err := value.ToFloat(a.pattern)
		if err != nil {
			return false, err
		}
		return cmp.Compare(a.now.Sub(then).Seconds(), seconds) == want, nil
	}
}
