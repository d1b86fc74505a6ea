package cli

import (
	"bufio"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func userResource() resource {
	return resource{
		name: "user", plural: "users", path: "/api/ns/v1/users", key: "name",
		columns: []string{"name", "admin", "disabled", "has_password", "groups"},
		shape: shape{
			order:     []string{"name", "admin", "disabled", "has_password", "groups", "created_at"},
			transform: map[string]transformer{"created_at": moment},
		},
	}
}

func (a *app) users() *cobra.Command {
	r := userResource()
	list := a.listCommand(r, nil, nil)
	list.Long = `List those who have logged in or were added here. Whom a directory or a password file knows is
listed, with the groups that it says, after the first log-in.`
	return group(
		&cobra.Command{Use: "user", Short: "People who may log in"},
		list, a.getCommand(r), a.userAdd(r), a.userPassword(r),
		a.userSet(r, "enable", "Let users in again", "disabled", false, "Enabled"),
		a.userSet(r, "disable", "Shut users out at once, with all their tokens and API keys", "disabled", true, "Disabled"),
		a.userSet(r, "promote", "Let users do everything", "admin", true, "Promoted"),
		a.userSet(r, "demote", "Let users do only what roles allow", "admin", false, "Demoted"),
		a.userRevoke(r), a.deleteCommand(r, nil),
	)
}

// newPassword asks for a new password, on the terminal twice.
func (s *session) newPassword(input *bufio.Reader, user string) (string, error) {
	password, err := s.secret(input, "New password of "+user+": ")
	if err != nil || !s.InTerminal {
		return password, err
	}
	again, err := s.secret(input, "Once more: ")
	if err == nil && again != password {
		err = fault.Newf(fault.Invalid, "the two are not the same")
	}
	return password, err
}

func (a *app) userAdd(r resource) *cobra.Command {
	var admin, without bool
	cmd := &cobra.Command{
		Use:   "add <name>",
		Short: "Add a user, whose password is asked for",
		Long: `Add a user of this server. The password is asked for on the terminal, or read from standard input.
With --no-password nobody logs in by a password kept here: the user is for API keys, or is
known to a directory.`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			body := value.NewDict()
			body.Set("name", words[0])
			body.Set("admin", admin)
			if !without {
				password, err := s.newPassword(bufio.NewReader(s.In), words[0])
				if err != nil {
					return err
				}
				body.Set("password", password)
			}
			d, err := s.do(cmd.Context(), http.MethodPost, r.path, body)
			if err != nil {
				return err
			}
			return s.show(d, []string{all}, r.shape)
		},
	}
	cmd.Flags().BoolVar(&admin, "admin", false, "who may do everything")
	cmd.Flags().BoolVar(&without, "no-password", false, "without a password")
	return cmd
}

func (a *app) userPassword(r resource) *cobra.Command {
	return &cobra.Command{
		Use:   "passwd [name]",
		Short: "Change a password, which ends all sessions that began with the old one",
		Long: `Change your own password, or as an administrator that of another user. Passwords are asked for on
the terminal, or read from standard input, each on a line: for your own the old one first.`,
		Args:              args(0, 1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			input, body := bufio.NewReader(s.In), value.NewDict()
			var user, path, field string
			if len(words) > 0 {
				user, path, field = words[0], r.path+"/"+seg(words[0]), "password"
			} else {
				path, field = "/api/ns/v1/password", "new"
				me, err := s.get(cmd.Context(), "user", nil)
				if err != nil {
					return err
				}
				user = textOf(me, "username")
				old, err := s.secret(input, "Old password of "+user+": ")
				if err != nil {
					return err
				}
				body.Set("old", old)
			}
			password, err := s.newPassword(input, user)
			if err != nil {
				return err
			}
			body.Set(field, password)
			if _, err := s.client.Do(cmd.Context(), http.MethodPut, path, nil, body, nil); err != nil {
				return named(s.advise(err), r, user)
			}
			return s.done("Changed the password of " + user + ".")
		},
	}
}

// userSet sets a flag of users.
func (a *app) userSet(r resource, verb, short, field string, on bool, done string) *cobra.Command {
	return &cobra.Command{
		Use:               verb + " <name>...",
		Short:             short,
		Args:              args(1, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, names []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			body := value.NewDict()
			body.Set(field, on)
			return s.each(names, func(name string) error {
				if _, err := s.do(cmd.Context(), http.MethodPut, r.path+"/"+seg(name), body); err != nil {
					return named(err, r, name)
				}
				return s.done(fmt.Sprintf("%s the user %s.", done, name))
			})
		},
	}
}

func (a *app) userRevoke(r resource) *cobra.Command {
	return &cobra.Command{
		Use:               "revoke <name>...",
		Short:             "Take away all tokens and API keys of users, who may log in again",
		Args:              args(1, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, names []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			return s.each(names, func(name string) error {
				var n wire.Revoked
				if _, err := s.client.Do(cmd.Context(), http.MethodDelete, r.path+"/"+seg(name)+"/credentials", nil, nil, &n); err != nil {
					return named(s.advise(err), r, name)
				}
				return s.done(fmt.Sprintf("Took %d tokens and %d API keys away from %s.", n.Tokens, n.APIKeys, name))
			})
		},
	}
}
