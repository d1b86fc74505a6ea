package pack

import (
	"path"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// workflow is the definition that actions of the pack have as their entry point.
type workflow struct {
	file  string // in the pack
	chain bool   // an action chain; else a workflow of Orquesta
	text  []byte
}

// workflow keeps the definition of an action that is one.
func (r *reader) workflow(s *source, a *action.Action) {
	isChain := sameRunner(a.RunnerType, "action-chain")
	if !isChain && !sameRunner(a.RunnerType, "orquesta") {
		return
	}
	file := path.Join("actions", a.EntryPoint)
	if a.EntryPoint == "" || path.IsAbs(a.EntryPoint) || !r.exists(file) {
		return
	}
	for _, w := range r.content.workflows {
		if w.file == file && w.chain == isChain {
			return
		}
	}
	text, err := r.bytes(file)
	if err != nil {
		s.add(Warning, []any{"entry_point"}, false, "", "%s cannot be read: %v", file, err)
		return
	}
	r.content.workflows = append(r.content.workflows, workflow{file, isChain, text})
}

func sameRunner(a, b string) bool { return strings.ReplaceAll(a, "_", "-") == b }

// Workflows returns the files in the pack that are the definitions of workflows and
// action chains, in the order of the actions that have them.
func (c *Content) Workflows() []string {
	files := make([]string, len(c.workflows))
	for i, w := range c.workflows {
		files[i] = w.file
	}
	return files
}

// CheckWorkflows returns the mistakes in the workflows and action chains of the
// pack, which may start actions of any pack. The action of a workflow that can't
// run stays, as in StackStorm, so all of them are warnings.
func (c *Content) CheckWorkflows(actions spec.Actions) Findings {
	var found Findings
	evaluator := expr.New(expr.Options{})
	for _, w := range c.workflows {
		add := func(line, column int, msg, hint string) {
			found = append(found, Finding{File: w.file, Line: line, Column: column, Severity: Warning, Msg: msg, Hint: hint})
		}
		if w.chain {
			for _, m := range chain.Inspect(w.text, actions) {
				add(m.Line, m.Column, m.Msg, m.Hint)
			}
			continue
		}
		for _, f := range spec.Check(w.text, spec.Options{Expr: evaluator, Actions: actions, Values: true}) {
			add(f.Line, f.Column, strings.TrimSuffix(f.Sentence(), "."), f.Hint)
		}
	}
	found.sort()
	return found
}
