package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

const problemsPath = "/api/ns/v1/problems"

func (a *app) problems() *cobra.Command {
	return group(&cobra.Command{Use: "problem", Short: "What is broken, and what is done about it"}, a.problemList(), a.problemClose(), a.problemReopen())
}

func (a *app) problemList() *cobra.Command {
	var closed bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show what is broken by alerts and probes, and what is done about it",
		Long: `Show what is broken by alerts and probes, the latest first, with what rules have started because of it.
What somebody has closed is left out; --closed shows that instead, with who closed it and why.`,
		Args: args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.get(cmd.Context(), problemsPath, nil)
			if err != nil {
				return s.advise(err)
			}
			key, columns := "problems", []string{"id", "name", "resource", "status", "severity", "since", "handling"}
			if closed {
				key, columns = "closed", []string{"id", "name", "resource", "since", "closing.by", "closing.at", "closing.reason"}
			}
			if complete, _ := d.Get("complete"); complete == false {
				a.note("There is more than is shown: only the latest was looked at.")
			}
			return s.table(dictsAt(d, key), columns, shape{transform: map[string]transformer{
				"since": moment, "closing.at": moment, "handling": handled,
			}}, nil)
		},
	}
	cmd.Flags().BoolVar(&closed, "closed", false, "show what somebody has closed")
	return cmd
}

// handled is the latest that was done about a problem.
func handled(_ *session, _ *value.Dict, v value.Value) value.Value {
	l, ok := v.(*value.List)
	if !ok || len(l.Items) == 0 {
		return "nothing"
	}
	h, ok := l.Items[0].(*value.Dict)
	if !ok {
		return v
	}
	if status := textOf(h, "status"); status != "" {
		return textOf(h, "action") + " " + status
	}
	return textOf(h, "rule") + ": " + textOf(h, "reason")
}

func (a *app) problemClose() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "close <id>...",
		Short: "Say that problems are over, though their sender has not",
		Long: `Say that problems are over, though their sender has not said so. Who did that and why is shown beside them and in
the audit log. With the next event that tells of it, or the next time that a probe finds it broken, the problem is open again.`,
		Example: `  nightshift problem close 6b0c066148bd3bf05fa88f34 --reason "the host is gone for good"`,
		Args:    args(1, -1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			if reason == "" {
				return fault.Newf(fault.Invalid, "say why nothing has to be done, by --reason")
			}
			body := value.NewDict()
			body.Set("reason", reason)
			return a.eachProblem(cmd, ids, func(s *session, id string) (string, error) {
				_, err := s.do(cmd.Context(), http.MethodPut, problemsPath+"/"+seg(id)+"/closing", body)
				return "Problem " + id + " is closed.", err
			})
		},
	}
	cmd.Flags().StringVarP(&reason, "reason", "r", "", "why nothing has to be done")
	return cmd
}

func (a *app) problemReopen() *cobra.Command {
	return &cobra.Command{
		Use:   "reopen <id>...",
		Short: "Take back that problems are over",
		Args:  args(1, -1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return a.eachProblem(cmd, ids, func(s *session, id string) (string, error) {
				return "Problem " + id + " is open again.", s.client.Delete(cmd.Context(), problemsPath+"/"+seg(id)+"/closing", nil)
			})
		},
	}
}

// eachProblem does something with problems, and says what.
func (a *app) eachProblem(cmd *cobra.Command, ids []string, f func(s *session, id string) (string, error)) error {
	s, err := a.session(cmd)
	if err != nil {
		return err
	}
	return s.each(ids, func(id string) error {
		said, err := f(s, id)
		if err != nil {
			return s.advise(err)
		}
		return s.done(said)
	})
}
