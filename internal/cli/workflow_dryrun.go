package cli

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

// dryRunFlags are the flags of workflow dry-run.
type dryRunFlags struct {
	assume, test, datastore string
	packs                   []string
}

func (a *app) workflowDryRun() *cobra.Command {
	var f dryRunFlags
	cmd := &cobra.Command{
		Use:   "dry-run <file> [name=value]...",
		Short: "Show what a workflow would start, without running anything",
		Long: `Show which tasks of a workflow would start, and what their actions would be called with. Nothing is run.

What follows depends on how the actions end. With --assume succeeded, each is taken to succeed, with a result of
the form that its runner says, its texts empty; with --assume failed, each is taken to fail. With --test, those
that a test has results for end as it says.

Values are JSON where they look like it, and texts otherwise.`,
		Example: `  nightshift workflow dry-run repair.yaml service=nginx
  nightshift workflow dry-run repair.yaml service=nginx --assume succeeded
  nightshift workflow dry-run repair.yaml --test repair.test.yaml --assume failed`,
		Args: args(1, -1),
		RunE: func(cmd *cobra.Command, words []string) error {
			switch f.assume {
			case "", string(execution.Succeeded), string(execution.Failed):
			default:
				return fault.Newf(fault.Invalid, "actions can be assumed to have succeeded or failed, not %s", f.assume)
			}
			d, err := a.definition(words[0])
			if err != nil {
				return err
			}
			if d.chain {
				return fault.Newf(fault.Invalid, "%s is an action chain; dry-run knows workflows only", d.file)
			}
			if all := d.mistakes(nil); len(all) > 0 {
				return a.tell(all, 1)
			}
			t, err := a.dryTest(words[1:], &f)
			if err != nil {
				return err
			}
			actions, err := a.catalogOf(f.packs)
			if err != nil {
				return err
			}
			report, err := t.Walk(cmd.Context(), d.text, rehearsal.Suppose(execution.Status(f.assume), actions))
			if err != nil {
				return err
			}
			return a.showPlay(report)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.assume, "assume", "", "how actions end, so that what follows is shown: succeeded or failed")
	fl.StringVar(&f.test, "test", "", "file of a test, whose inputs and results are taken")
	fl.StringVar(&f.datastore, "datastore", "", "file of JSON or YAML with the keys that st2kv finds, below system and user")
	fl.StringArrayVarP(&f.packs, "packs", "p", nil, "folder of a pack, or with packs: what their actions give is known")
	a.completeFlag(cmd, "assume", cobra.FixedCompletions([]string{"succeeded", "failed"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// dryTest returns what is known of the inputs and results of a dry run.
func (a *app) dryTest(words []string, f *dryRunFlags) (*rehearsal.Test, error) {
	t := rehearsal.New(nil)
	if f.test != "" {
		text, err := a.readFile(f.test)
		if err != nil {
			return nil, err
		}
		if t, err = rehearsal.Read([]byte(text), readBeside(f.test, "")); err != nil {
			return nil, fault.Newf(fault.Invalid, "%s: %v", f.test, err)
		}
	}
	if f.datastore != "" {
		d, err := a.readObject(f.datastore)
		if err != nil {
			return nil, err
		}
		t.Datastore = d
	}
	for _, w := range words {
		name, v, ok := strings.Cut(w, "=")
		if !ok {
			return nil, fault.Newf(fault.Invalid, "%q is not name=value", w)
		}
		t.Inputs.Set(name, jsonOrText(v))
	}
	return t, nil
}

// showPlay shows what a workflow would start, and where that leaves it.
func (a *app) showPlay(r *rehearsal.Report) error {
	if a.machine() {
		return a.encode(r.Entry())
	}
	for _, c := range r.Calls {
		if err := a.print(clean(callText(c))); err != nil {
			return err
		}
	}
	for _, line := range errorLines(r.Outcome.Errors) {
		if err := a.print(clean("  " + line)); err != nil {
			return err
		}
	}
	end := "Then the workflow would be " + string(r.Outcome.Status) + outputText(r) + "."
	if !r.Outcome.Status.Final() {
		end = "What follows depends on how these end: see --assume."
	}
	return a.print(clean(end))
}

// readBeside reads the files that a test names.
func readBeside(test, base string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) { return os.ReadFile(beside(test, base, name)) }
}

// jsonOrText reads a value as JSON if it looks like it.
func jsonOrText(text string) value.Value {
	if v, err := value.FromJSON([]byte(text)); err == nil {
		return v
	}
	return text
}
