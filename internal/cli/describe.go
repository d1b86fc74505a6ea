package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// helpWithParameters lets --help after an action show what the action takes.
func (a *app) helpWithParameters(cmd *cobra.Command) {
	plain := cmd.HelpFunc()
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		words := cmd.Flags().Args()
		if len(words) == 0 {
			plain(cmd, args)
			return
		}
		if err := a.actionHelp(cmd, words[0]); err != nil {
			plain(cmd, args)
			report(a.Err, err)
		}
	})
}

func (a *app) actionHelp(cmd *cobra.Command, ref string) error {
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s, err := a.session(cmd)
	if err != nil {
		return err
	}
	action, runner, err := s.actionAndRunner(ctx, ref)
	if err != nil {
		return err
	}
	return a.print(describe(action, runner))
}

// describe says what an action does and takes.
func describe(action, runner *value.Dict) string {
	var b strings.Builder
	b.WriteString(textOf(action, "ref") + "\n")
	if d := textOf(action, "description"); d != "" {
		b.WriteString(clean(d) + "\n")
	}
	all := object(runner, "runner_parameters").Clone()
	for name, v := range object(action, "parameters").Texts() {
		merged := object(all, name).Clone()
		if own, ok := v.(*value.Dict); ok {
			merged.Update(own)
		}
		all.Set(name, merged)
	}
	for _, part := range []struct {
		title    string
		required bool
	}{{"Required parameters:", true}, {"Optional parameters:", false}} {
		title := "\n" + part.title + "\n"
		for name := range all.Texts() {
			p := object(all, name)
			if required, _ := p.Get("required"); (required == true) != part.required {
				continue
			}
			if fixed, _ := p.Get("immutable"); fixed == true {
				continue
			}
			b.WriteString(title)
			title = ""
			describeParameter(&b, name, p)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func describeParameter(b *strings.Builder, name string, p *value.Dict) {
	fmt.Fprintf(b, "  %s (%s)\n", name, kind(p))
	if d := textOf(p, "description"); d != "" {
		b.WriteString("      " + clean(d) + "\n")
	}
	if v, ok := p.Get("enum"); ok {
		b.WriteString("      One of: " + cell(v) + "\n")
	}
	if v, ok := p.Get("default"); ok && v != nil {
		b.WriteString("      Default: " + cell(v) + "\n")
	}
}
