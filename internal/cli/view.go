package cli

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// view is how an execution is shown.
type view struct {
	attrs          []string
	detail, raw    bool
	showTasks      bool
	key            string
	depth          int
	widths         []int
	excludeResults bool
}

func (v *view) add(cmd *cobra.Command, fields []string) {
	f := cmd.Flags()
	f.StringSliceVar(&v.attrs, "attr", fields, `attributes to show; "all" for every one`)
	annotate(cmd, "attr", greedy, "")
	f.BoolVarP(&v.detail, "detail", "d", false, "show a table")
	f.StringVarP(&v.key, "key", "k", "", "show only this part of the result, such as stdout or body.items.0")
	f.BoolVar(&v.raw, "raw", false, "don't show the parts of a workflow")
	f.BoolVar(&v.showTasks, "show-tasks", false, "show the executions that are part of it")
	f.IntVar(&v.depth, "depth", -1, "how deep to show parts; -1 for all")
	f.IntSliceVarP(&v.widths, "width", "w", nil, "widths of the columns of the parts; one is for all")
	annotate(cmd, "width", greedy, "")
	cmd.MarkFlagsMutuallyExclusive("raw", "show-tasks")
	cmd.MarkFlagsMutuallyExclusive("key", "detail")
}

// showExecution shows an execution, and of a workflow its parts.
func (s *session) showExecution(ctx context.Context, id string, v *view) error {
	r := executionResource()
	q := url.Values{}
	attrs := v.attrs
	switch {
	case v.key != "":
		q.Set("include_attributes", "result")
	case !isAll(attrs):
		if v.excludeResults {
			attrs = slices.DeleteFunc(slices.Clone(attrs), func(a string) bool { return a == "result" || strings.HasPrefix(a, "result.") })
		}
		need := slices.Clone(attrs)
		for _, name := range []string{"action.ref", "action.runner_type", "start_timestamp", "end_timestamp", "children"} {
			if !slices.Contains(need, name) {
				need = append(need, name)
			}
		}
		q.Set("include_attributes", strings.Join(need, ","))
	case v.excludeResults:
		q.Set("exclude_attributes", "result")
	}
	d, err := s.get(ctx, r.path+"/"+seg(id), q)
	if err != nil {
		return named(err, r, id)
	}
	if v.key != "" {
		return s.showKey(d, v.key)
	}
	parts := v.showTasks || !v.raw && len(children(d)) > 0
	switch {
	case s.machine():
		return s.encode(pick(d, attrs))
	case v.detail:
		return s.properties(d, attrs, r.shape)
	}
	if err := s.lines(d, attrs, r.shape); err != nil || !parts {
		return err
	}
	return s.showParts(ctx, textOf(d, "id"), v.depth, v.widths)
}

// showKey shows a part of a result.
func (s *session) showKey(d *value.Dict, key string) error {
	got, ok := lookUp(d, "result."+key)
	if s.machine() {
		return s.encode(pick(d, []string{"result." + key}))
	}
	if !ok {
		return fault.Newf(fault.NotFound, "the result has no %s", key)
	}
	switch got := got.(type) {
	case *value.Dict, *value.List:
		b, err := indented(got)
		if err != nil {
			return err
		}
		return s.print(string(b))
	case string:
		return s.print(got) // as it is: it may go into a file
	}
	return s.print(value.Str(got))
}

func children(d *value.Dict) []value.Value {
	v, _ := d.Get("children")
	if l, ok := v.(*value.List); ok {
		return l.Items
	}
	return nil
}

// showParts lists what an execution started, in the order in which it began.
func (s *session) showParts(ctx context.Context, id string, depth int, widths []int) error {
	r := executionResource()
	list, _, err := s.list(ctx, r.path+"/"+seg(id)+"/children", url.Values{
		"depth":              {strconv.Itoa(depth)},
		"include_attributes": {"id,status,action.ref,start_timestamp,context.orquesta.task_name,context.chain.name"}, // there may be very many
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b *value.Dict) int {
		return strings.Compare(textOf(a, "start_timestamp"), textOf(b, "start_timestamp"))
	})
	attrs := []string{"id", "status", "task", "action.ref", "start_timestamp"}
	sh := r.shape
	sh.transform["task"] = func(_ *session, d *value.Dict, _ value.Value) value.Value {
		return firstOf(textOf(d, "context.orquesta.task_name"), textOf(d, "context.chain.name"))
	}
	return s.table(list, attrs, sh, widths)
}
