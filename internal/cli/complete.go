package cli

import (
	"context"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Completion must be quick or silent: nobody waits for a tabulator.
const completionTime = 2 * time.Second

// completionFunc is what cobra calls for the words that may follow.
type completionFunc = func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective)

func (a *app) completeFlag(cmd *cobra.Command, flag string, f completionFunc) {
	// The only failure is a flag that is not there, or that is completed already.
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

// suggest lists things for completion: the value of one field, and of another
// one what stands beside it.
func (a *app) suggest(cmd *cobra.Command, path string, q url.Values, field, beside string) []cobra.Completion {
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	cmd.SetContext(ctx)
	s, err := a.session(cmd)
	if err != nil {
		return nil
	}
	list, _, err := s.list(ctx, path, q)
	if err != nil {
		return nil
	}
	var out []cobra.Completion
	for _, d := range list {
		if name := textOf(d, field); name != "" {
			out = append(out, cobra.CompletionWithDesc(name, textOf(d, beside)))
		}
	}
	return out
}

// completeThings completes what names a thing of a kind.
func (a *app) completeThings(r resource) completionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		q := limited(1000)
		field := "ref"
		switch r.key {
		case "name", "name-or-id":
			field = "name"
		case "id", "key-or-id":
			field = "id"
		}
		if r.narrow {
			q.Set("include_attributes", field+",description")
		}
		return a.suggest(cmd, r.path, q, field, "description"), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeExecutions completes the ids of the latest executions.
func (a *app) completeExecutions(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	q := limited(30)
	q.Set("include_attributes", "id,action.ref,status")
	found := a.suggest(cmd, "executions", q, "id", "action.ref")
	return append(found, cobra.CompletionWithDesc("last", "the latest one")),
		cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func (a *app) completeWebhooks(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return append(a.suggest(cmd, "webhooks", nil, "parameters.url", "description"), "st2"), cobra.ShellCompDirectiveNoFileComp
}

// completeRun completes an action, and then the names of its parameters.
func (a *app) completeRun(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeThings(actionResource())(cmd, args, toComplete)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	s, err := a.session(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	action, runner, err := s.actionAndRunner(ctx, args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var out []cobra.Completion
	for _, params := range []*value.Dict{object(action, "parameters"), object(runner, "runner_parameters")} {
		for name := range params.Texts() {
			out = append(out, cobra.CompletionWithDesc(name+"=", textOf(object(params, name), "description")))
		}
	}
	return out, cobra.ShellCompDirectiveNoSpace
}
