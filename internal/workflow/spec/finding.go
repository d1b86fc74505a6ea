package spec

import (
	"fmt"
	"strings"
)

// The categories of findings.
const (
	Syntax      = "syntax"      // the shape of the definition
	Semantics   = "semantics"   // what the tasks have to do with each other
	Expressions = "expressions" // what cannot be parsed
	Context     = "context"     // variables that have no value yet
	Contents    = "contents"    // actions that there are not, or with other inputs
)

// Finding is a mistake in a definition.
type Finding struct {
	Category   string
	Language   string // of the expression; empty: it mixes languages, or there is none
	Expression string
	Message    string
	SpecPath   string // to what is wrong: tasks.task1.next[0].do
	SchemaPath string // to what the language says of it
	Line       int    // from 1
	Column     int    // from 1, in characters
	Hint       string // what was perhaps meant; may be empty
}

// Text returns message, expression and hint.
func (f Finding) Text() string {
	text := f.Message
	if f.Expression != "" && !strings.Contains(text, f.Expression) {
		text += " (in " + f.Expression + ")"
	}
	if f.Hint != "" {
		text = strings.TrimSuffix(text, ".") + "; " + f.Hint
	}
	return text
}

func (f Finding) String() string {
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Text())
}

// Findings are the mistakes in a definition as an error.
type Findings []Finding

func (l Findings) Error() string {
	lines := make([]string, len(l))
	for i, f := range l {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}
