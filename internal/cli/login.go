package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ini"
)

// credentials are the flags of commands that log in.
type credentials struct {
	password string
	ttl      int64
}

func (c *credentials) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&c.password, "password", "p", "", "the password; better leave it out and be asked")
	cmd.Flags().Int64VarP(&c.ttl, "ttl", "l", 0, "seconds for which the token is good; default: as the server says")
}

// logIn gets a token of a user, whose name and password are asked for if they
// were not given.
func (s *session) logIn(ctx context.Context, words []string, c *credentials) (t wire.Token, password string, err error) {
	var user string
	input := bufio.NewReader(s.In)
	switch {
	case len(words) > 0:
		user = words[0]
	case s.user != "":
		user = s.user
	default:
		if user, err = s.askLine(input, "User: "); err != nil {
			return t, "", err
		}
	}
	if password = c.password; password == "" {
		if password, err = s.secret(input, fmt.Sprintf("Password of %s at %s: ", user, s.url)); err != nil {
			return t, "", err
		}
	}
	if user == "" || password == "" {
		return t, "", fault.Newf(fault.Invalid, "a user and a password are needed to log in")
	}
	t, err = s.authClient().Login(ctx, user, password, time.Duration(c.ttl)*time.Second)
	if err != nil {
		if fault.KindOf(err) == fault.Unauthorized {
			return t, "", fmt.Errorf("%s is not let in: %w", user, err)
		}
		return t, "", advise(err, s.authURL, false)
	}
	return t, password, nil
}

// secret reads a secret from the terminal, or else a line of the input.
func (a *app) secret(input *bufio.Reader, prompt string) (string, error) {
	if a.InTerminal && a.ReadPassword != nil {
		return a.ask(prompt)
	}
	return a.askLine(input, "")
}

// ask reads a secret from the terminal.
func (a *app) ask(prompt string) (string, error) {
	_, _ = io.WriteString(a.Err, prompt) // whoever does not see it will not type
	s, err := a.ReadPassword()
	a.note("")
	if err != nil {
		return "", fmt.Errorf("read from the terminal: %w", err)
	}
	return s, nil
}

func (a *app) askLine(r *bufio.Reader, prompt string) (string, error) {
	if a.InTerminal {
		_, _ = io.WriteString(a.Err, prompt) // see ask
	}
	line, err := r.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read from standard input: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func (a *app) login() *cobra.Command {
	var c credentials
	var write, sso bool
	var provider string
	cmd := &cobra.Command{
		Use:   "login [user]",
		Short: "Log in, and be known from then on",
		Long: `Log in with a password, and keep the token and the address of the server in ~/.nightshift, where only
you can read them. The password is asked for on the terminal, or read from standard input.

With --sso nothing is typed here: a code is shown, to be confirmed in a browser, on whatever machine.`,
		Example: `  nightshift login admin
  nightshift login --sso
  nightshift login --url https://nightshift.example.com`,
		Args: args(0, 1),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.anonymous(cmd)
			if err != nil {
				return err
			}
			if a.configPath() == "" || a.Home == "" {
				return fault.Newf(fault.Invalid, "there is no home folder to keep the token in; use nightshift auth")
			}
			var t wire.Token
			var password string
			if provider != "" {
				sso = true
			}
			if sso {
				t, err = s.logInBySSO(cmd.Context(), &c, provider)
			} else {
				t, password, err = s.logIn(cmd.Context(), words, &c)
			}
			if err != nil {
				return err
			}
			if !write {
				password = ""
			}
			if err := a.remember(s, t, password); err != nil {
				return err
			}
			line := "Logged in as " + t.User
			if !t.Expiry.IsZero() {
				line += fmt.Sprintf(" until %s", moment(s, nil, t.Expiry.String()))
			}
			return s.print(line + ".")
		},
	}
	c.add(cmd)
	cmd.Flags().BoolVar(&sso, "sso", false, "log in by single sign-on, in a browser")
	cmd.Flags().StringVar(&provider, "provider", "", "by which service, where there are several; its name as the log-in page has it")
	cmd.Flags().BoolVarP(&write, "write-password", "w", false, "keep the password, too, and log in by itself when the token ends")
	return cmd
}

// remember keeps who is logged in where. A password that is not to be written
// is taken out: it may be another one by now.
func (a *app) remember(s *session, t wire.Token, password string) error {
	path := a.configPath()
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fault.Newf(fault.Invalid, "read the configuration: %v", err)
	}
	f := ini.Parse(string(old))
	f.Set("general", "base_url", s.url)
	if s.authURL != s.url {
		f.Set("auth", "url", s.authURL)
	} else {
		f.Remove("auth", "url")
	}
	f.Remove("api", "url")
	f.Set("credentials", "username", t.User)
	f.Remove("credentials", "api_key")
	f.Remove("credentials", "password")
	if password != "" {
		f.Set("credentials", "password", password)
	}
	if err := WritePrivate(path, []byte(f.String())); err != nil {
		return err
	}
	return a.writeToken(t, s.url)
}

func (a *app) logout() *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "Take away the token that login got, and forget it",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.anonymous(cmd)
			if err != nil {
				return err
			}
			token, ok := a.readToken(s.user, s.url)
			if !ok {
				return s.done("Nobody is logged in at " + s.url + ".")
			}
			s.client.Token = token
			_, refused := s.client.Do(cmd.Context(), http.MethodDelete, "/api/ns/v1/token", nil, nil, nil)
			if err := os.Remove(a.tokenPath(s.user)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("forget the token: %w", err)
			}
			// One that is no token any more is away as well.
			if refused != nil && fault.KindOf(refused) != fault.Unauthorized {
				return fmt.Errorf("the token is forgotten here, but not taken away: %w", s.advise(refused))
			}
			return s.done("Logged out " + s.user + ".")
		},
	}
}

func (a *app) auth() *cobra.Command {
	var c credentials
	var only bool
	cmd := &cobra.Command{
		Use:   "auth [user]",
		Short: "Get a token, and keep nothing",
		Long: `Get a token with a password, print it and keep nothing. The password is asked for on the terminal, or
read from standard input.`,
		Example: `  export NIGHTSHIFT_TOKEN=$(nightshift auth admin --only-token)`,
		Args:    args(0, 1),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.anonymous(cmd)
			if err != nil {
				return err
			}
			t, _, err := s.logIn(cmd.Context(), words, &c)
			if err != nil {
				return err
			}
			if only {
				return s.print(t.Token)
			}
			d := value.NewDict()
			d.Set("user", t.User)
			d.Set("token", t.Token)
			d.Set("expiry", t.Expiry.String())
			return s.show(d, []string{"user", "token", "expiry"}, shape{})
		},
	}
	c.add(cmd)
	cmd.Flags().BoolVar(&only, "only-token", false, "print the token and nothing else; also -t")
	annotate(cmd, "only-token", spelling, "-t")
	return cmd
}

func (a *app) whoami() *cobra.Command {
	return &cobra.Command{
		Use:   "whoami",
		Short: "Show who the server takes you for",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.get(cmd.Context(), "user", nil)
			if err != nil {
				return err
			}
			if s.machine() {
				return s.encode(d)
			}
			lines := []string{
				fmt.Sprintf("Currently logged in as %q at %s.", textOf(d, "username"), s.url), "",
				"Authentication method: " + textOf(d, "authentication.method"),
			}
			if at := textOf(d, "authentication.token_expire"); at != "" {
				lines = append(lines, fmt.Sprintf("Authentication token expire time: %s", moment(s, nil, at)))
			}
			enabled, _ := lookUp(d, "rbac.enabled")
			roles, _ := lookUp(d, "rbac.roles")
			admin, _ := lookUp(d, "rbac.is_admin")
			lines = append(lines, "", "RBAC:", " - Enabled: "+cell(enabled), " - Roles: "+cell(roles), " - Administrator: "+cell(admin))
			return s.print(strings.Join(lines, "\n"))
		},
	}
}
