package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
	"github.com/nightshift-run/nightshift/internal/workflow/draw"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

func (a *app) workflows() *cobra.Command {
	return group(
		&cobra.Command{Use: "workflow", Short: "Actions that start other actions"},
		a.workflowCheck(), a.workflowInspect(), a.workflowGraph(), a.workflowTest(), a.workflowDryRun(),
	)
}

// definition is the text of a workflow, and where it was read.
type definition struct {
	file  string
	text  []byte
	chain bool // an action chain
}

func (a *app) definition(file string) (definition, error) {
	text, err := a.readFile(file)
	d := definition{file: file, text: []byte(text)}
	if file == "-" {
		d.file = "stdin"
	}
	if v, err := pyyaml.Unmarshal(d.text); err == nil {
		root, isDict := v.(*value.Dict)
		d.chain = isDict && root.Has("chain") && !root.Has("tasks")
	}
	return d, err
}

// mistake is something wrong with a definition, whichever language it is in.
type mistake struct {
	spec.Finding
	file    string
	warning bool
}

func (m mistake) String() string {
	severity := "error"
	if m.warning {
		severity = "warning"
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", m.file, m.Line, m.Column, severity, strings.TrimSuffix(m.Text(), "."))
}

// entry is the mistake for programs.
func (m mistake) entry() *value.Dict {
	d := value.NewDict()
	d.Set("file", m.file)
	d.Set("severity", "error")
	if m.warning {
		d.Set("severity", "warning")
	}
	d.Update(m.Entry())
	return d
}

// mistakes returns what is wrong with a definition.
func (d definition) mistakes(actions spec.Actions) []mistake {
	var all []mistake
	if !d.chain {
		for _, f := range spec.Check(d.text, spec.Options{Actions: actions, Values: true}) {
			all = append(all, mistake{f, d.file, false})
		}
		return all
	}
	found := chain.Check(d.text)
	if actions != nil {
		found = chain.Inspect(d.text, actions)
	}
	for _, m := range found {
		f := spec.Finding{Category: "chain", Message: m.Msg, Hint: m.Hint, Line: m.Line, Column: m.Column}
		all = append(all, mistake{f, d.file, m.Warning})
	}
	return all
}

func (a *app) workflowCheck() *cobra.Command {
	var folders []string
	cmd := &cobra.Command{
		Use:   "check <file-or-folder>...",
		Short: "Find all mistakes in workflows, without a server",
		Long: `Find all mistakes in the definitions of workflows and action chains, without a server: each is told with
its file, line and column, and what was perhaps meant. A dash reads from standard input. Of a folder, which is
that of a pack, or one with packs in it, all workflows are checked that its actions have.

With --packs or a folder, the actions are looked at, too: that they exist, and take what they are given. The packs
that come with the server are there in any case.

It ends with 2 if a workflow can't run. Warnings are about action chains that begin and perhaps fail later.`,
		Example: `  nightshift workflow check actions/workflows/repair.yaml
  nightshift workflow check packs
  nightshift workflow check --packs . actions/workflows/*.yaml
  cat repair.yaml | nightshift workflow check - -j`,
		Args: args(1, -1),
		RunE: func(_ *cobra.Command, words []string) error {
			var files []string
			for _, word := range words {
				if info, err := os.Stat(word); err != nil || !info.IsDir() {
					files = append(files, word)
					continue
				}
				found, err := packWorkflows(word)
				if err != nil {
					return err
				}
				files, folders = append(files, found...), append(folders, word)
			}
			var actions spec.Actions
			if len(folders) > 0 {
				c, err := a.catalogOf(folders)
				if err != nil {
					return err
				}
				actions = c
			}
			var all []mistake
			for _, file := range files {
				d, err := a.definition(file)
				if err != nil {
					return err
				}
				all = append(all, d.mistakes(actions)...)
			}
			return a.tell(all, len(files))
		},
	}
	cmd.Flags().StringArrayVarP(&folders, "packs", "p", nil, "folder of a pack, or with packs, whose actions there are; may be given several times")
	return cmd
}

// tell prints mistakes, and returns the error that there are some.
func (a *app) tell(all []mistake, files int) error {
	entries := value.NewList()
	errors := 0
	for _, m := range all {
		entries.Items = append(entries.Items, m.entry())
		if !m.warning {
			errors++
		}
		if !a.machine() {
			if err := a.print(clean(m.String())); err != nil {
				return err
			}
		}
	}
	if a.machine() {
		if err := a.encode(entries); err != nil {
			return err
		}
	}
	switch {
	case errors == 1:
		return fault.Newf(fault.Invalid, "one mistake was found")
	case errors > 1:
		return fault.Newf(fault.Invalid, "%d mistakes were found", errors)
	case len(all) > 0 || a.machine():
		return nil
	case files == 1:
		return a.print("No mistakes found.")
	}
	return a.print(fmt.Sprintf("No mistakes found in %d files.", files))
}

func (a *app) workflowGraph() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "graph <file>",
		Short: "Draw a workflow",
		Long: `Draw a workflow or an action chain, as text for Mermaid or Graphviz. A dash reads from standard input.

Ways on success are green and those on failure red; others are named by their condition. Tasks that run for each
item, wait for others, are retried, delayed or undone say so. What no way leads to is dotted.`,
		Example: `  nightshift workflow graph repair.yaml                              for pages that draw Mermaid
  nightshift workflow graph repair.yaml --format dot | dot -Tsvg -o repair.svg`,
		Args: args(1, 1),
		RunE: func(_ *cobra.Command, words []string) error {
			if format != "mermaid" && format != "dot" {
				return fault.Newf(fault.Invalid, "there is no format %s; it is mermaid or dot", format)
			}
			g, err := a.drawn(words[0])
			if err != nil {
				return err
			}
			text := g.Mermaid()
			if format == "dot" {
				text = g.DOT()
			}
			return a.print(strings.TrimSuffix(text, "\n"))
		},
	}
	cmd.Flags().StringVarP(&format, "format", "f", "mermaid", "mermaid or dot")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions( // the flag is there
		[]string{"mermaid", "dot"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// drawn returns the graph of the definition in a file. Mistakes that leave a graph
// are for workflow check to tell.
func (a *app) drawn(file string) (*draw.Graph, error) {
	d, err := a.definition(file)
	if err != nil {
		return nil, err
	}
	if d.chain {
		tasks, err := chain.Outline(d.text)
		if err != nil {
			return nil, d.unreadable(err)
		}
		return draw.Chain(tasks), nil
	}
	w, err := spec.Parse(d.text)
	if err != nil {
		return nil, d.unreadable(err)
	}
	return draw.Workflow(w), nil
}

// unreadable says what keeps a definition from being read.
func (d definition) unreadable(err error) error {
	lines := []string{}
	for _, m := range d.mistakes(nil) {
		if !m.warning {
			lines = append(lines, m.String())
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("read %s: %w", d.file, err)
	}
	return fault.Newf(fault.Invalid, "%s", strings.Join(lines, "\n"))
}
