package yaql

import (
	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// matchOperator evaluates =~ and !~ with a text or a pattern on the right.
func matchOperator(op string, a, b value.Value) (value.Value, error) {
	s, ok := a.(string)
	if !ok {
		return nil, noMatch("#operator_" + op)
	}
	var found bool
	var err error
	switch p := b.(type) {
	case regex:
		found, err = search(p.re, s)
	case string:
		found, err = searchText(p, s)
	default:
		return nil, noMatch("#operator_" + op)
	}
	return found == (op == "=~"), err
}

func search(re *pyre.Regexp, s string) (bool, error) {
	m, err := re.Search(s)
	return m != nil, err
}

func searchText(pattern, s string) (bool, error) {
	re, err := pyre.Cached(pattern, 0)
	if err != nil {
		return false, err
	}
	return search(re, s)
}

func regexFunctions(b *builder) {
	b.module = "regex"
	b.fn("regex", "pattern str, ignoreCase bool? = false, multiLine bool? = false, dotAll bool? = false", func(c *call) (value.Value, error) {
		var flags pyre.Flags
		for i, f := range []pyre.Flags{pyre.IgnoreCase, pyre.MultiLine, pyre.DotAll} {
			if c.truth(i + 1) {
				flags |= f
			}
		}
		re, err := pyre.Cached(c.str(0), flags)
		return regex{re}, err
	}, "Returns a compiled pattern.", `regex("a.c").matches(abc)`, "true")
	b.method("matches", "regexp regex, string str", func(c *call) (value.Value, error) { return search(c.re(0).re, c.str(1)) },
		"Returns whether the pattern is found in a text.", `regex("b").matches(abc)`, "true")
	b.method("matches", "string str, regexp str", func(c *call) (value.Value, error) { return searchText(c.str(1), c.str(0)) },
		"Returns whether a pattern is found in the text.", `abc.matches("b")`, "true")
	b.method("search", "regexp regex, string str, selector lambda = null", func(c *call) (value.Value, error) {
		m, err := c.re(0).re.Search(c.str(1))
		if m == nil || err != nil {
			return nil, err
		}
		return c.found(m)
	}, "Returns the first match in a text, or what the selector makes of it: $ is the match, $2 its first group, each with value, start and end.",
		`regex("b(.)").search(abc, $2.value)`, `"c"`).keepsScope()
	b.method("searchAll", "regexp regex, string str, selector lambda = null", func(c *call) (value.Value, error) {
		all, err := c.re(0).re.FindIter(c.str(1))
		if err != nil {
			return nil, err
		}
		i := -1
		return c.ev.gen(func() (value.Value, bool, error) {
			if i++; i >= len(all) {
				return nil, false, nil
			}
			v, err := c.found(all[i])
			return v, true, err
		}), nil
	}, "Returns all matches in a text, or what the selector makes of each.", `regex("[ab]").searchAll(abc)`, `["a", "b"]`).keepsScope()
	split := func(c *call, re regex, s string) (value.Value, error) {
		parts, err := re.re.Split(s, c.num(2))
		if err != nil {
			return nil, err
		}
		l := &pyList{make([]value.Value, len(parts))}
		for i, p := range parts {
			if !p.Missing {
				l.items[i] = p.Text
			}
		}
		return l, nil
	}
	b.method("split", "regexp regex, string str, maxSplit int = 0", func(c *call) (value.Value, error) { return split(c, c.re(0), c.str(1)) },
		"Returns the parts of a text between matches, and the groups of the pattern.", `regex("-+").split("a--b")`, `["a", "b"]`)
	b.method("split", "string str, regexp regex, maxSplit int = 0", func(c *call) (value.Value, error) { return split(c, c.re(1), c.str(0)) },
		"Returns the parts of the text between matches, and the groups of the pattern.", `"a--b".split(regex("-+"))`, `["a", "b"]`)
	replace := func(c *call, re regex, s string) (value.Value, error) {
		v, _, err := re.re.Sub(c.str(2), s, c.num(3))
		return v, err
	}
	b.method("replace", "regexp regex, string str, repl str, count int = 0", func(c *call) (value.Value, error) { return replace(c, c.re(0), c.str(1)) },
		`Returns a text with all, or the first so many, matches replaced; \1 stands for the first group.`, `regex("b+").replace(abbc, x)`, `"axc"`)
	b.method("replace", "string str, regexp regex, repl str, count int = 0", func(c *call) (value.Value, error) { return replace(c, c.re(1), c.str(0)) },
		`Returns the text with all, or the first so many, matches replaced; \1 stands for the first group.`, `abbc.replace(regex("b+"), x)`, `"axc"`)
	replaceBy := func(c *call, re regex, s string) (value.Value, error) {
		v, _, err := re.re.SubFunc(func(m *pyre.Match) (string, error) {
			v, err := c.found(m)
			if err != nil {
				return "", err
			}
			text, ok := v.(string)
			if !ok {
				return "", value.TypeError.Errorf("expected str instance, %s found", value.TypeName(v))
			}
			return text, c.ev.use(len(text))
		}, s, c.num(3))
		return v, err
	}
	b.method("replaceBy", "regexp regex, string str, repl lambda, count int = 0", func(c *call) (value.Value, error) { return replaceBy(c, c.re(0), c.str(1)) },
		"Returns a text with matches replaced by what the expression makes of each.", `regex("b").replaceBy(abc, $.value.toUpper())`, `"aBc"`).keepsScope()
	b.method("replaceBy", "string str, regexp regex, repl lambda, count int = 0", func(c *call) (value.Value, error) { return replaceBy(c, c.re(1), c.str(0)) },
		"Returns the text with matches replaced by what the expression makes of each.", `abc.replaceBy(regex("b"), $.value.toUpper())`, `"aBc"`).keepsScope()
	b.fn("escapeRegex", "string str", func(c *call) (value.Value, error) { return pyre.Escape(c.str(0)), nil },
		"Returns a pattern that matches the text and nothing else.", `escapeRegex("a.b")`, `"a\\.b"`)
	b.fn("isRegex", "value", func(c *call) (value.Value, error) {
		_, ok := c.args[0].(regex)
		return ok, nil
	}, "Returns whether the value is a compiled pattern.", `isRegex("a")`, "false")
}

// found returns what the selector, the third argument, makes of a match, or its
// text if there is no selector.
func (c *call) found(m *pyre.Match) (value.Value, error) {
	l := c.lambda(2)
	if l == nil {
		return m.Text(), nil
	}
	s := c.outer.child()
	record := func(text value.Value, start, end int) value.Value {
		d := value.NewDictCap(3)
		d.Set("value", text)
		d.Set("start", int64(start))
		d.Set("end", int64(end))
		return &pyDict{d}
	}
	start, end := m.Span(0)
	s.set("1", record(m.Text(), start, end))
	for i, g := range m.Groups() {
		start, end := m.Span(i + 1)
		var text value.Value
		if !g.Missing {
			text = g.Text
		}
		rec := record(text, start, end)
		s.set(itoa(i+2), rec)
		for name, n := range m.Regexp().GroupIndex() {
			if n == i+1 {
				s.set(name, rec)
			}
		}
	}
	return l.in(s)
}
