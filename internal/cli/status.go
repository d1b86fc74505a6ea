package cli

import (
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show whether the server is ready, what runs and what waits",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			return s.status()
		},
	}
}

// status asks whether the server is ready, which everybody may, and then what
// only who is known may.
func (s *session) status() error {
	ctx := s.cmd.Context()
	out := value.NewDict()
	out.Set("server", s.url)
	if err := s.client.Get(ctx, "/readyz", nil, nil); err != nil {
		return s.advise(err)
	}
	out.Set("ready", true)
	about, err := s.get(ctx, "/api/v1", nil)
	if err != nil {
		if printed := s.showStatus(out, nil); printed != nil {
			return printed
		}
		return err
	}
	out.Set("version", textOf(about, "version"))
	counts := value.NewDict()
	for _, st := range execution.Statuses() {
		if st.Final() {
			continue
		}
		q := limited(1)
		q.Set("status", string(st))
		q.Set("include_attributes", "id")
		list, page, err := s.list(ctx, "executions", q)
		if err != nil {
			return err
		}
		n := max(page.Total, len(list))
		if n > 0 {
			counts.Set(string(st), int64(n))
		}
	}
	out.Set("executions", counts)
	var running []*value.Dict
	if counts.Has(string(execution.Running)) {
		r := executionResource()
		running, _, err = s.list(ctx, "executions", url.Values{
			"status": {string(execution.Running)}, "limit": {"10"}, "include_attributes": {strings.Join(r.columns, ",")},
		})
		if err != nil {
			return err
		}
	}
	return s.showStatus(out, running)
}

func (s *session) showStatus(d *value.Dict, running []*value.Dict) error {
	if s.machine() {
		items := make([]value.Value, len(running))
		for i, r := range running {
			items[i] = r
		}
		d.Set("running", value.NewList(items...))
		return s.encode(d)
	}
	lines := []string{"Server   " + s.url}
	if v := textOf(d, "version"); v != "" {
		lines = append(lines, "Version  "+v)
	}
	lines = append(lines, "Ready    "+s.paint(green, "yes"))
	if _, known := d.Get("executions"); known {
		counts := object(d, "executions")
		now, _ := counts.Get(string(execution.Running))
		if now == nil {
			now = int64(0)
		}
		lines = append(lines, "Running  "+value.Str(now))
		var waiting []string
		for name, n := range counts.Texts() {
			if name != string(execution.Running) {
				waiting = append(waiting, value.Str(n)+" "+name)
			}
		}
		lines = append(lines, "Waiting  "+firstOf(strings.Join(waiting, ", "), "0"))
	}
	if err := s.print(strings.Join(lines, "\n")); err != nil || len(running) == 0 {
		return err
	}
	return s.table(running, []string{"id", "action.ref", "context.user", "status", "start_timestamp"}, executionResource().shape, nil)
}
