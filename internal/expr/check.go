package expr

import (
	"errors"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Problem is an expression that cannot be evaluated, whatever the context.
type Problem struct {
	Language   string // "" for a text that mixes languages
	Expression string
	Message    string
	Err        error // knows the place in the expression, if it is known
}

// Check returns what is wrong with the expressions in a statement, those in keys
// included, without evaluating them.
func (e *Evaluator) Check(statement value.Value) []Problem {
	var found []Problem
	walk(statement, 0, func(text string) {
		y, j := hasYaql(text), hasJinja(text)
		switch {
		case y && j:
			found = append(found, Problem{Expression: text, Message: "Expression with multiple types is not supported."})
		case y:
			found = append(found, e.CheckText(Yaql, text)...)
		case j:
			found = append(found, e.CheckText(Jinja, text)...)
		}
	})
	return found
}

// walk calls f for each text in a statement.
func walk(v value.Value, depth int, f func(text string)) {
	if depth > maxNested {
		return
	}
	switch v := v.(type) {
	case string:
		f(v)
	case *value.List:
		for _, item := range v.Items {
			walk(item, depth+1, f)
		}
	case *value.Dict:
		for k, item := range v.All() {
			walk(k, depth+1, f)
			walk(item, depth+1, f)
		}
	}
}

// CheckText returns what is wrong with the expressions of one language in a text.
func (e *Evaluator) CheckText(language, text string) []Problem {
	var found []Problem
	if language == Yaql {
		for _, x := range findYaql(text) {
			if _, err := e.yaql.Parse(stripYaql(x)); err != nil {
				found = append(found, problem(Yaql, x, err))
			}
		}
		return found
	}
	if _, err := e.jinja.Parse(text); isSyntax(err) {
		found = append(found, problem(Jinja, text, err))
	}
	for _, x := range findJinja(text) {
		if slices.ContainsFunc(found, func(p Problem) bool { return p.Expression == x }) {
			continue
		}
		// What follows a complete expression is a matter of the whole text.
		if _, err := e.jinja.Expr(stripJinja(x)); isSyntax(err) && !strings.Contains(err.Error(), "chunk after expression") {
			found = append(found, problem(Jinja, x, err))
		}
	}
	return found
}

// isSyntax reports whether an error is one of syntax: filters that do not exist are
// found when they are used.
func isSyntax(err error) bool {
	e, ok := errors.AsType[*jinja.Error](err)
	return err != nil && (!ok || e.Class != jinja.AssertionError)
}

func problem(language, expression string, err error) Problem {
	_, msg, _ := describe(err)
	return Problem{Language: language, Expression: expression, Message: msg, Err: err}
}
