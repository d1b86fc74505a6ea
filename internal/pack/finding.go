package pack

import (
	"fmt"
	"slices"
	"strings"
)

// Severity is how bad a finding is.
type Severity string

// What is found with Error is left out; what is found with Warning is read, but
// perhaps not as it was meant.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Finding is a mistake in a pack.
type Finding struct {
	File     string   `json:"file"` // in the pack, with slashes; empty for what came over the API
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
	Severity Severity `json:"severity"`
	Msg      string   `json:"message"`
	Hint     string   `json:"hint,omitempty"` // what would be right
}

// Text returns message and hint.
func (f Finding) Text() string {
	if f.Hint == "" {
		return f.Msg
	}
	return f.Msg + "; " + f.Hint
}

// Position returns the place as compilers print it: file:line:column.
func (f Finding) Position() string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
}

// String returns the finding on one line.
func (f Finding) String() string {
	if f.File == "" {
		return f.Text()
	}
	return fmt.Sprintf("%s: %s: %s", f.Position(), f.Severity, f.Text())
}

// Findings are the mistakes in a pack, by file and place.
type Findings []Finding

// Failed reports whether one of the findings is an error.
func (fs Findings) Failed() bool {
	return slices.ContainsFunc(fs, func(f Finding) bool { return f.Severity == Error })
}

// String returns one line for each finding.
func (fs Findings) String() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

func (fs Findings) sort() {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		if n := strings.Compare(a.File, b.File); n != 0 {
			return n
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}
