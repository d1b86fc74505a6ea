package cli

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/fault"
)

// createCommand makes a thing as a file says.
func (a *app) createCommand(r resource) *cobra.Command {
	return &cobra.Command{
		Use:   "create <file>",
		Short: "Create " + r.an() + " from a file of JSON or YAML",
		Long:  "Create " + r.an() + " from a file of JSON or YAML. A dash reads from standard input.",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, names []string) error {
			body, err := a.readObject(names[0])
			if err != nil {
				return err
			}
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.do(cmd.Context(), http.MethodPost, r.path, body)
			if err != nil {
				return err
			}
			return s.show(d, []string{all}, r.shape)
		},
	}
}

// updateCommand makes a thing what a file says.
func (a *app) updateCommand(r resource) *cobra.Command {
	return &cobra.Command{
		Use:               "update <" + r.key + "> <file>",
		Short:             "Replace " + r.an() + " by what a file of JSON or YAML says",
		Long:              "Replace " + r.an() + " by what a file of JSON or YAML says. A dash reads from standard input.",
		Args:              args(2, 2),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, names []string) error {
			body, err := a.readObject(names[1])
			if err != nil {
				return err
			}
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			old, err := s.get(cmd.Context(), r.path+"/"+seg(names[0]), nil)
			if err != nil {
				return named(err, r, names[0])
			}
			if id := textOf(body, "id"); id != "" && id != textOf(old, "id") {
				return fault.Newf(fault.Invalid, "the file is of another %s: its id is %s, and that of %s is %s", r.name, id, names[0], textOf(old, "id"))
			}
			d, err := s.do(cmd.Context(), http.MethodPut, r.path+"/"+seg(textOf(old, "id")), body)
			if err != nil {
				return err
			}
			return s.show(d, []string{all}, r.shape)
		},
	}
}

// deleteCommand deletes a thing. Body may be nil.
func (a *app) deleteCommand(r resource, body func() any) *cobra.Command {
	return &cobra.Command{
		Use:               "delete <" + r.key + ">...",
		Aliases:           []string{"rm"},
		Short:             "Delete " + r.an(),
		Args:              args(1, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, names []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			var b any
			if body != nil {
				b = body()
			}
			return s.each(names, func(name string) error {
				if _, err := s.client.Do(cmd.Context(), http.MethodDelete, r.path+"/"+seg(name), nil, b, nil); err != nil {
					return named(s.advise(err), r, name)
				}
				return s.done(fmt.Sprintf("Deleted the %s %s.", r.name, name))
			})
		},
	}
}

// switchCommand enables or disables things.
func (a *app) switchCommand(r resource, on bool) *cobra.Command {
	verb, done := "enable", "Enabled"
	if !on {
		verb, done = "disable", "Disabled"
	}
	return &cobra.Command{
		Use:               verb + " <" + r.key + ">...",
		Short:             strings.ToUpper(verb[:1]) + verb[1:] + " " + r.an(),
		Args:              args(1, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, names []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			return s.each(names, func(name string) error {
				d, err := s.get(cmd.Context(), r.path+"/"+seg(name), nil)
				if err != nil {
					return named(err, r, name)
				}
				d.Set("enabled", on)
				for _, name := range r.omit {
					d.Delete(name)
				}
				d, err = s.do(cmd.Context(), http.MethodPut, r.path+"/"+seg(textOf(d, "id")), d)
				if err != nil {
					return err
				}
				if s.machine() {
					return s.encode(d)
				}
				return s.print(fmt.Sprintf("%s the %s %s.", done, r.name, firstOf(textOf(d, "ref"), name)))
			})
		},
	}
}

// done says that something happened of which there is nothing to show. Programs
// know by the exit code.
func (s *session) done(line string) error {
	if s.machine() {
		return nil
	}
	return s.print(line)
}
