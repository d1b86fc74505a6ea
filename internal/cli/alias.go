package cli

import (
	"context"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func aliasResource() resource {
	return resource{
		name: "action alias", plural: "action aliases", article: "an", path: "actionalias", key: "ref-or-id", narrow: true,
		columns: []string{"ref", "pack", "description", "enabled"},
		shape: shape{order: []string{
			"id", "uid", "ref", "pack", "name", "description", "enabled", "action_ref", "formats", "ack", "result", "extra", "immutable_parameters",
		}},
	}
}

func (a *app) aliases() *cobra.Command {
	r := aliasResource()
	return group(
		&cobra.Command{Use: "action-alias", Short: "What people write in a chat to run actions"},
		a.listCommand(r, []filter{packFilter()}, nil), a.getCommand(r), a.createCommand(r), a.updateCommand(r), a.deleteCommand(r, nil),
		a.switchCommand(r, true), a.switchCommand(r, false), a.aliasMatch(r), a.aliasExecute(), a.aliasTest(), a.aliasHelp(),
	)
}

func (a *app) aliasMatch(r resource) *cobra.Command {
	var attrs []string
	var widths []int
	cmd := &cobra.Command{
		Use:     "match <command>",
		Short:   "Show which action alias a command fits",
		Example: `  nightshift action-alias match 'deploy web to prod'`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			m, err := s.do(cmd.Context(), http.MethodPost, r.path+"/match", map[string]string{"command": words[0]})
			if err != nil {
				return err
			}
			return s.table([]*value.Dict{object(m, "actionalias")}, attrs, r.shape, widths)
		},
	}
	a.addColumns(cmd, &attrs, &widths, []string{"name", "description"})
	return cmd
}

// command runs the actions of the alias that a command fits.
func (s *session) command(ctx context.Context, text, user string) (*value.Dict, error) {
	return s.do(ctx, http.MethodPost, "aliasexecution/match_and_execute",
		map[string]string{"command": text, "user": user, "source_channel": "cli"})
}

func (a *app) aliasExecute() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:     "execute <command>",
		Short:   "Run the action of the alias that a command fits",
		Example: `  nightshift action-alias execute 'deploy web to prod'`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.command(cmd.Context(), words[0], user)
			if err != nil {
				return err
			}
			if s.machine() {
				return s.encode(d)
			}
			return s.started(d)
		},
	}
	cmd.Flags().StringVarP(&user, "user", "u", "", "who wrote the command, as the chat calls them")
	return cmd
}

func (a *app) aliasTest() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:   "test <command>",
		Short: "Run the action of the alias that a command fits, and show what the chat would be told",
		Long: `Run the action of the alias that a command fits, wait for its end, and show what the chat would be told of it:
the alias's result, or the usual words if it has none.`,
		Example: `  nightshift action-alias test 'deploy web to prod'`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.command(cmd.Context(), words[0], user)
			if err != nil {
				return err
			}
			for _, one := range dictsAt(d, "results") {
				if err := s.testAlias(cmd.Context(), one); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&user, "user", "u", "", "who wrote the command, as the chat calls them")
	return cmd
}

// testAlias waits for what a command has started, and shows what the chat is told.
func (s *session) testAlias(ctx context.Context, one *value.Dict) error {
	id := textOf(one, "execution.id")
	status, err := s.wait(ctx, id, textOf(one, "execution.status"))
	if err != nil {
		return stillRuns(err, id)
	}
	said, err := s.get(ctx, "/api/ns/v1/executions/"+seg(id)+"/message", nil)
	if err != nil {
		return err
	}
	enabled, _ := said.Get("enabled")
	switch {
	case s.machine():
		err = s.encode(said)
	case enabled == false:
		err = s.print("The chat is told nothing: the alias has enabled: false for its results.")
	default:
		err = s.print(textOf(said, "message"))
	}
	if err == nil && status != "succeeded" {
		return &notSucceeded{id, status}
	}
	return err
}

// dictsAt returns the objects in a list.
func dictsAt(d *value.Dict, name string) []*value.Dict {
	v, _ := d.Get(name)
	l, ok := v.(*value.List)
	if !ok {
		return nil
	}
	var out []*value.Dict
	for _, item := range l.Items {
		if one, ok := item.(*value.Dict); ok {
			out = append(out, one)
		}
	}
	return out
}

// started says what a command has started.
func (s *session) started(d *value.Dict) error {
	for _, one := range dictsAt(d, "results") {
		text := "Matching Action-alias: '" + textOf(one, "actionalias.ref") + "'\n"
		if message := textOf(one, "message"); message != "" {
			text += message + "\n"
		}
		if err := s.print(text + "To see the result:\n nightshift execution get " + textOf(one, "execution.id")); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) aliasHelp() *cobra.Command {
	var pack, filter string
	cmd := &cobra.Command{
		Use:   "help",
		Short: "Show what may be written",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			q := url.Values{"limit": {"-1"}}
			for name, v := range map[string]string{"pack": pack, "filter": filter} {
				if v != "" {
					q.Set(name, v)
				}
			}
			d, err := s.get(cmd.Context(), "actionalias/help", q)
			if err != nil {
				return err
			}
			if s.machine() {
				return s.encode(d)
			}
			t := s.newTable("command", "description", "pack")
			for _, line := range dictsAt(d, "helpstrings") {
				t.row(textOf(line, "display"), textOf(line, "description"), textOf(line, "pack"))
			}
			return t.write()
		},
	}
	cmd.Flags().StringVarP(&pack, "pack", "p", "", "only those of this pack")
	cmd.Flags().StringVar(&filter, "filter", "", "only those in which this regular expression is found")
	return cmd
}
