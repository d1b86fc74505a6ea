package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
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

// Sentence returns what is wrong, with the expression that it is wrong in.
func (f Finding) Sentence() string {
	if f.Expression != "" && !strings.Contains(f.Message, f.Expression) {
		return f.Message + " (in " + f.Expression + ")"
	}
	return f.Message
}

// Text returns the sentence and the hint.
func (f Finding) Text() string {
	if f.Hint == "" {
		return f.Sentence()
	}
	return strings.TrimSuffix(f.Sentence(), ".") + "; " + f.Hint
}

func (f Finding) String() string {
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Text())
}

// Entry returns the finding in the form in which StackStorm shows it, in the answer
// to an inspection and in the result of a workflow that could not start. Line,
// column and hint are ours.
func (f Finding) Entry() *value.Dict {
	d := value.NewDict()
	set := func(key, text string) {
		if text != "" {
			d.Set(key, text)
		}
	}
	d.Set("type", strings.TrimSuffix(f.Category, "s"))
	d.Set("message", f.Message)
	set("language", f.Language)
	set("expression", f.Expression)
	d.Set("spec_path", f.SpecPath)
	d.Set("schema_path", f.SchemaPath)
	d.Set("line", int64(f.Line))
	d.Set("column", int64(f.Column))
	set("hint", f.Hint)
	return d
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

// Entries returns the findings in the order in which StackStorm shows them: by type
// and by path in the language.
func (l Findings) Entries() []*value.Dict {
	all := slices.Clone(l)
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Category, b.Category), strings.Compare(a.SchemaPath, b.SchemaPath))
	})
	entries := make([]*value.Dict, len(all))
	for i, f := range all {
		entries[i] = f.Entry()
	}
	return entries
}

// Explain is what the execution of a workflow shows that could not start because of
// the mistakes.
func (l Findings) Explain() *value.Dict {
	list := value.NewList()
	for _, entry := range l.Entries() {
		list.Items = append(list.Items, entry)
	}
	d := value.NewDictCap(2)
	d.Set("errors", list)
	d.Set("output", nil)
	return d
}

// ByPlace returns the findings in the order of the text.
func (l Findings) ByPlace() Findings {
	all := slices.Clone(l)
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return all
}
