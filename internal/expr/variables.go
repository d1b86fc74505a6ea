package expr

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Variable is a variable of the context that an expression uses.
type Variable struct {
	Language  string
	Statement string // the text that the expression is in
	Name      string
}

// matchers find variables, by the patterns of the reference.
type matchers struct {
	reference *pyre.Regexp   // ctx().x.y and ctx(x).y
	names     []*pyre.Regexp // x of these
}

func newMatchers() (matchers, error) {
	const (
		part = `[][a-zA-Z0-9_'"\.()]*`
		name = `[a-zA-Z0-9_-]+`
	)
	var m matchers
	var err error
	if m.reference, err = pyre.Cached(`\bctx\(['"]?`+part+`['"]?\)\.?`+part, 0); err != nil {
		return m, err
	}
	for _, pattern := range []string{
		`(?<=\bctx\(\)\.)(` + name + `)\b(?!\()\.?`,
		`(?:\bctx\((` + name + `)\))`,
		`(?:\bctx\('(` + name + `)'\))`,
		`(?:\bctx\("(` + name + `)"\))`,
	} {
		re, err := pyre.Cached(pattern, 0)
		if err != nil {
			return m, err
		}
		m.names = append(m.names, re)
	}
	return m, nil
}

// Variables returns the variables that the expressions in a statement use, sorted
// by name: x of ctx().x and of ctx(x).
func (e *Evaluator) Variables(statement value.Value) ([]Variable, error) {
	m, err := newMatchers()
	if err != nil {
		return nil, err
	}
	seen := map[Variable]bool{}
	var failed error
	walk(statement, 0, func(text string) {
		for _, language := range []string{Jinja, Yaql} {
			refs, err := m.references(language, text)
			if err != nil {
				failed = err
			}
			for _, ref := range refs {
				for _, re := range m.names {
					found, err := re.Search(ref)
					if err != nil {
						failed = err
					}
					if found == nil {
						continue
					}
					if name, ok := found.Group(1); ok && name != "" {
						seen[Variable{language, text, name}] = true
					}
				}
			}
		}
	})
	if failed != nil {
		return nil, failed
	}
	all := make([]Variable, 0, len(seen))
	for v := range seen {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b Variable) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Language, b.Language), cmp.Compare(a.Statement, b.Statement))
	})
	return all, nil
}

// References returns what the expressions of one language in a text say of the
// context, as it is written there: ctx().x.y. They are sorted.
func (e *Evaluator) References(language, text string) ([]string, error) {
	m, err := newMatchers()
	if err != nil {
		return nil, err
	}
	return m.references(language, text)
}

func (m matchers) references(language, text string) ([]string, error) {
	expressions, strip := findYaql(text), stripYaql
	if language == Jinja {
		expressions, strip = findJinja(text), stripJinja
	}
	var all []string
	for _, x := range expressions {
		found, err := m.reference.FindIter(strip(x))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			all = append(all, strings.TrimSpace(f.Text()))
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
