package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func (a *app) traces() *cobra.Command {
	r := resource{
		name: "trace", plural: "traces", path: "traces", key: "id", narrow: true, last: true,
		columns: []string{"id", "trace_tag", "start_timestamp"},
		shape:   shape{transform: map[string]transformer{"start_timestamp": moment}},
	}
	return group(&cobra.Command{Use: "trace", Short: "What came of events, and of executions that somebody asked for"},
		a.listCommand(r, []filter{
			{flag: "trace-tag", short: "c", help: "only those with this tag"},
			{flag: "execution", short: "e", help: "only the one of this execution"},
			{flag: "rule", short: "r", help: "only those that this rule was part of lately"},
			{flag: "trigger-instance", short: "g", help: "only the one of this event"},
		}, nil), a.traceGet(r))
}

func (a *app) traceGet(r resource) *cobra.Command {
	return &cobra.Command{
		Use:   "get <id>...",
		Short: "Show what came of something, as a tree of causes",
		Args:  args(1, -1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			return s.each(ids, func(id string) error {
				d, err := s.get(cmd.Context(), r.path+"/"+seg(id), nil)
				if err != nil {
					return named(err, r, id)
				}
				if s.machine() {
					return s.encode(d)
				}
				return s.tree(d)
			})
		},
	}
}

// tree prints a trace: each part below what caused it, further to the right.
func (s *session) tree(trace *value.Dict) error {
	below := map[string][]*value.Dict{} // parts by the id of their cause
	for _, kind := range [][2]string{{"trigger_instances", "event"}, {"rules", "rule"}, {"action_executions", "execution"}} {
		list, _ := lookUp(trace, kind[0])
		l, ok := list.(*value.List)
		if !ok {
			continue
		}
		for _, item := range l.Items {
			if part, ok := item.(*value.Dict); ok {
				part.Set("kind", kind[1])
				cause := textOf(part, "caused_by.id")
				below[cause] = append(below[cause], part)
			}
		}
	}
	var lines []string
	var add func(cause string, depth int)
	add = func(cause string, depth int) {
		parts := below[cause]
		delete(below, cause) // so that nothing is shown twice
		for _, p := range parts {
			id := textOf(p, "object_id")
			lines = append(lines, strings.Repeat("  ", depth)+textOf(p, "kind")+" "+clean(textOf(p, "ref"))+" "+id+" "+
				value.Str(moment(s, p, textOf(p, "updated_at"))))
			if textOf(p, "kind") == "rule" {
				id += ":" + cause
			}
			add(id, depth+1)
		}
	}
	add("", 0)
	if more, _ := lookUp(trace, "truncated"); more == true {
		lines = append(lines, "... and more")
	}
	return s.print(strings.Join(lines, "\n"))
}
