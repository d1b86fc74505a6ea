package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func final(status string) bool { return execution.Status(status).Final() }

func statuses() []string {
	var names []string
	for _, s := range execution.Statuses() {
		names = append(names, string(s))
	}
	return names
}

func executionResource() resource {
	return resource{
		name: "execution", plural: "executions", article: "an", path: "executions", key: "id", narrow: true, last: true,
		columns: []string{"id", "action.ref", "context.user", "status", "start_timestamp", "end_timestamp"},
		shape: shape{
			order: runFields(),
			transform: map[string]transformer{
				"start_timestamp": moment, "end_timestamp": moment, "status": status, "log": logItems,
			},
		},
	}
}

// runFields are what is shown of an execution that was waited for.
func runFields() []string {
	return []string{
		"id", "action.ref", "context.user", "parameters", "status", "start_timestamp", "end_timestamp", "result",
	}
}

// logItems shows when an execution came to which status.
func logItems(s *session, d *value.Dict, v value.Value) value.Value {
	l, ok := v.(*value.List)
	if !ok {
		return v
	}
	out := value.NewList()
	for _, item := range l.Items {
		entry := value.NewDict()
		of, ok := item.(*value.Dict)
		if !ok {
			return v
		}
		for name, v := range of.Texts() {
			if name == "timestamp" {
				v = moment(s, d, v)
			}
			entry.Set(name, v)
		}
		out.Items = append(out.Items, entry)
	}
	return out
}

func (a *app) executions() *cobra.Command {
	r := executionResource()
	return group(
		&cobra.Command{Use: "execution", Aliases: []string{"executions"}, Short: "What runs and ran"},
		a.executionList(r), a.executionGet(), a.executionTail(), a.executionCancel(r),
		a.executionAsk(r, "pause", "Have workflows start nothing new", "pausing"),
		a.executionAsk(r, "resume", "Have paused workflows go on", "resuming"), a.executionReRun(),
		a.executionChildren(r), a.executionWhy(r), a.executionToTest(),
	)
}

func (a *app) executionList(r resource) *cobra.Command {
	var sort string
	var showAll bool
	cmd := a.listCommand(r, []filter{
		{flag: "action", help: "only those of this action"},
		{flag: "status", help: "only those with this status", values: statuses()},
		{flag: "user", help: "only those of this user"},
		{flag: "rule", help: "only those that this rule started"},
		{flag: "trigger-instance", spelling: "--trigger_instance", help: "only those that this event started"},
		{flag: "timestamp-gt", spelling: "-tg", help: "only those that started after this time"},
		{flag: "timestamp-lt", spelling: "-tl", help: "only those that started before this time"},
	}, func(cmd *cobra.Command, q url.Values) error {
		if !showAll {
			q.Set("parent", "null")
		}
		switch {
		case strings.HasPrefix("descending", sort):
			q.Set("sort_desc", "True")
		case strings.HasPrefix("ascending", sort):
			q.Set("sort_asc", "True")
		default:
			return &usageError{cmd, fmt.Errorf("executions are sorted ascending or descending, not %q", sort)}
		}
		if q.Has("include_attributes") {
			narrowed(q, strings.Split(q.Get("include_attributes"), ","))
		}
		return nil
	})
	f := cmd.Flags()
	f.StringVarP(&sort, "sort", "s", "descending", "by start: ascending or descending")
	f.BoolVarP(&showAll, "showall", "l", false, "those that are part of another one, too")
	a.completeFlag(cmd, "sort", cobra.FixedCompletions([]string{"ascending", "descending"}, cobra.ShellCompDirectiveNoFileComp))
	a.completeFlag(cmd, "action", a.completeThings(actionResource()))
	return cmd
}

// narrowed asks for the attributes of executions that are shown only, and for what a status is
// shown with.
func narrowed(q url.Values, attrs []string) {
	if isAll(attrs) {
		return
	}
	attrs = slices.Clone(attrs)
	if slices.Contains(attrs, "status") {
		for _, needed := range []string{"start_timestamp", "end_timestamp"} {
			if !slices.Contains(attrs, needed) {
				attrs = append(attrs, needed)
			}
		}
	}
	q.Set("include_attributes", strings.Join(attrs, ","))
}

func (a *app) executionGet() *cobra.Command {
	var v view
	cmd := &cobra.Command{
		Use:               "get <id>...",
		Short:             "Show an execution with its result",
		Long:              `Show an execution with its result. The id "last" is the latest one.`,
		Args:              args(1, -1),
		ValidArgsFunction: a.completeExecutions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			return s.each(ids, func(id string) error { return s.showExecution(cmd.Context(), id, &v) })
		},
	}
	v.add(cmd, []string{
		"id", "action.ref", "context.user", "parameters", "status", "start_timestamp", "end_timestamp", "log", "result",
	})
	cmd.Flags().BoolVarP(&v.excludeResults, "exclude-result", "x", false, "leave the result out")
	return cmd
}

func (a *app) executionChildren(r resource) *cobra.Command {
	depth := -1
	var attrs []string
	var widths []int
	cmd := &cobra.Command{
		Use:               "children <id>",
		Short:             "List the executions that an execution started",
		Args:              args(1, 1),
		ValidArgsFunction: a.completeExecutions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			q := url.Values{"depth": {strconv.Itoa(depth)}}
			narrowed(q, attrs)
			list, _, err := s.list(cmd.Context(), r.path+"/"+seg(ids[0])+"/children", q)
			if err != nil {
				return named(err, r, ids[0])
			}
			return s.table(list, attrs, r.shape, widths)
		},
	}
	cmd.Flags().IntVar(&depth, "depth", -1, "how deep to go; -1 for all")
	a.addColumns(cmd, &attrs, &widths, r.columns)
	return cmd
}

func (a *app) executionCancel(r resource) *cobra.Command {
	return &cobra.Command{
		Use:               "cancel <id>...",
		Short:             "Stop executions",
		Args:              args(1, -1),
		ValidArgsFunction: a.completeExecutions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			return s.each(ids, func(id string) error {
				d, err := s.do(cmd.Context(), http.MethodDelete, r.path+"/"+seg(id), nil)
				if err != nil {
					return named(err, r, id)
				}
				// What can't be canceled is answered with a 200 that says so.
				if refused := textOf(d, "faultstring"); refused != "" {
					return fault.Newf(fault.Conflict, "execution %s: %s", id, refused)
				}
				if s.machine() {
					return s.encode(d)
				}
				id = firstOf(textOf(d, "id"), id)
				if textOf(d, "status") == string(execution.Canceled) {
					return s.print(fmt.Sprintf("Execution %s is canceled.", id))
				}
				return s.print(fmt.Sprintf("Execution %s has been asked to stop.", id))
			})
		},
	}
}

// executionAsk has workflows pause or go on, and shows how they stand then.
func (a *app) executionAsk(r resource, verb, short, status string) *cobra.Command {
	var v view
	cmd := &cobra.Command{
		Use:               verb + " <id>...",
		Short:             short,
		Args:              args(1, -1),
		ValidArgsFunction: a.completeExecutions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			body := value.NewDict()
			body.Set("status", status)
			return s.each(ids, func(id string) error {
				d, err := s.do(cmd.Context(), http.MethodPut, r.path+"/"+seg(id), body)
				if err != nil {
					return named(err, r, id)
				}
				return s.showExecution(cmd.Context(), textOf(d, "id"), &v)
			})
		},
	}
	v.add(cmd, runFields())
	return cmd
}

func (a *app) executionReRun() *cobra.Command {
	var f runFlags
	var failed bool
	var tasks, noReset []string
	cmd := &cobra.Command{
		Use:     "re-run <id> [name=value]...",
		Aliases: []string{"rerun"},
		Short:   "Run an execution's action again, with the same parameters or with others",
		Long: "Run an execution's action again, with the same parameters but for those that are given.\n\n" +
			"A workflow that is over can also go on from some of its tasks: everything else is as it was.\n\n" + valueHelp,
		Args:              args(1, -1),
		ValidArgsFunction: a.completeExecutions,
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			ctx, id := cmd.Context(), words[0]
			body := value.NewDict()
			if (len(tasks) > 0 || failed) && len(words) > 1 {
				return &usageError{cmd, fmt.Errorf("either tasks are run again or parameters are changed, not both")}
			}
			if len(words) > 1 || f.inheritEnv {
				old, err := s.get(ctx, "executions/"+seg(id), url.Values{"include_attributes": {"action.ref"}})
				if err != nil {
					return named(err, executionResource(), id)
				}
				action, runner, err := s.actionAndRunner(ctx, textOf(old, "action.ref"))
				if err != nil {
					return err
				}
				params, err := s.parameters(action, runner, words[1:], &f)
				if err != nil {
					return err
				}
				body.Set("parameters", params)
			}
			if len(tasks) > 0 {
				body.Set("tasks", value.Of(tasks))
				body.Set("reset", value.Of(slices.DeleteFunc(slices.Clone(tasks), func(t string) bool { return slices.Contains(noReset, t) })))
			}
			if failed {
				body.Set("failed", true)
			}
			f.rest(body)
			if err := s.start(ctx, "executions/"+seg(id)+"/re_run", body, &f); err != nil {
				return named(err, executionResource(), id)
			}
			return nil
		},
	}
	f.add(cmd, false)
	cmd.Flags().StringSliceVar(&tasks, "tasks", nil, "of a workflow: run these tasks again")
	cmd.Flags().StringSliceVar(&noReset, "no-reset", nil, "of a task with items: keep what succeeded")
	cmd.Flags().BoolVar(&failed, "failed", false, "of a workflow: run the tasks again that failed")
	cmd.MarkFlagsMutuallyExclusive("tasks", "failed")
	annotate(cmd, "tasks", greedy, "")
	annotate(cmd, "no-reset", greedy, "")
	return cmd
}
