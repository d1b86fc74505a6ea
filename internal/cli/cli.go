// Package cli is the command line of Nightshift: what people and scripts say to
// a server, in the words that StackStorm's users know.
//
// Every command is a few requests to the HTTP API, and nothing here knows more
// of a server than its API tells. Where it reads, writes and asks, and what the
// environment holds, is told to it in [Options], so that a test can be the
// terminal. Commands print what was asked for to Out; progress, notes and errors
// go to Err.
package cli

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

// Options are what the command line needs of the machine.
type Options struct {
	Version string // of the program

	In       io.Reader
	Out, Err io.Writer

	InTerminal  bool // a person types
	OutTerminal bool // a person reads what was asked for: colours and fitting tables
	ErrTerminal bool // a person reads the rest: progress

	// Width returns how many columns the terminal has; 0 when that is not known.
	// Default: not known.
	Width func() int

	// ReadPassword reads a line from the terminal without showing it. Default:
	// passwords are read from In.
	ReadPassword func() (string, error)

	// Raw lets keys of the terminal come one by one, as editing a line needs, until
	// restore is called. Default: lines are read as they come.
	Raw func() (restore func() error, err error)

	Getenv  func(name string) string // default: no variable is set
	Environ func() []string          // as os.Environ; default: none
	Home    string                   // of the user, for ~/.nightshift; default: no files are read or written
	HTTP    *http.Client             // default: one without a time limit
}

// app is what the commands share.
type app struct {
	Options
	flags flags
}

// flags are those that every command has.
type flags struct {
	url, authURL, apiURL string
	token, apiKey        string
	caCert, configFile   string
	skipConfig, debug    bool
	json, yaml           bool
}

// WithDefaults returns o with something for each field that is not optional: an empty
// environment, and streams that are empty or go nowhere.
func (o Options) WithDefaults() Options {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Environ == nil {
		o.Environ = func() []string { return nil }
	}
	if o.Width == nil {
		o.Width = func() int { return 0 }
	}
	if o.In == nil {
		o.In = strings.NewReader("")
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Err == nil {
		o.Err = io.Discard
	}
	return o
}

// New returns the command nightshift with everything that speaks to a server.
// [Execute] runs it.
func New(o Options) *cobra.Command {
	a := &app{Options: o.WithDefaults()}
	root := group(&cobra.Command{
		Use:     "nightshift",
		Short:   "Repairs what breaks at night, and says why",
		Version: o.Version,
		Long: `Nightshift takes the night shift: an event arrives, a rule recognises it, an action repairs what
broke, and whoever asks is told why. This command starts a server and speaks to one.`,
		Example: `  nightshift serve                          start a server
  nightshift login                          say who you are
  nightshift run core.local cmd=date        run an action, and wait for it
  nightshift execution list                 see what ran
  nightshift rule why                       see which rules matched the latest event, and why the others did not`,
		SilenceErrors: true,
		SilenceUsage:  true,
	})
	root.SetIn(o.In)
	root.SetOut(o.Out)
	root.SetErr(o.Err)
	root.SetVersionTemplate("nightshift {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{cmd, err} })
	a.addFlags(root)
	for _, g := range []*cobra.Group{
		{ID: groupServer, Title: "Server:"},
		{ID: groupRun, Title: "Run and watch:"},
		{ID: groupContent, Title: "Content:"},
		{ID: groupEvents, Title: "Events:"},
		{ID: groupAccess, Title: "Who you are:"},
	} {
		root.AddGroup(g)
	}
	add(root, groupRun, a.run(), a.executions(), a.inquiries(), a.status(), a.serviceRegistry())
	add(root, groupContent, a.actions(), a.aliases(), a.rules(), a.packs(), a.policies(), a.policyTypes(), a.runners(), a.workflows(), a.keys(), a.secrets(), a.audit(), a.eval())
	add(root, groupEvents, a.triggers(), a.instances(), a.enforcements(), a.traces(), a.sensors(), a.probes(), a.problems(), a.timers(), a.webhooks())
	add(root, groupAccess, a.login(), a.logout(), a.auth(), a.whoami(), a.apiKeys(), a.users(), a.roles(), a.roleAssignments(), a.rbac())
	root.AddCommand(a.version())
	return root
}

// The groups under which commands are listed in the help. Commands that start a
// server belong to [groupServer], whose id is [GroupServer] for others.
const (
	groupServer  = GroupServer
	groupRun     = "run"
	groupContent = "content"
	groupEvents  = "events"
	groupAccess  = "access"
)

// GroupServer is the GroupID of commands that run a server.
const GroupServer = "server"

func add(to *cobra.Command, id string, cmds ...*cobra.Command) {
	for _, c := range cmds {
		c.GroupID = id
		to.AddCommand(c)
	}
}

func (a *app) addFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&a.flags.url, "url", "", "where the server is (NIGHTSHIFT_URL; default "+defaultURL+")")
	f.StringVar(&a.flags.authURL, "auth-url", "", "where tokens are given, if that is elsewhere (ST2_AUTH_URL)")
	f.StringVar(&a.flags.apiURL, "api-url", "", "as --url, for scripts that know st2 (ST2_API_URL)")
	f.StringVarP(&a.flags.token, "token", "t", "", "token to come in with (NIGHTSHIFT_TOKEN)")
	f.StringVar(&a.flags.apiKey, "api-key", "", "API key to come in with (NIGHTSHIFT_API_KEY)")
	f.StringVar(&a.flags.caCert, "cacert", "", "file with the certificates to trust (NIGHTSHIFT_CACERT)")
	f.StringVar(&a.flags.configFile, "config-file", "", "file to read instead of ~/.nightshift/config and ~/.st2/config")
	f.BoolVar(&a.flags.skipConfig, "skip-config", false, "read no configuration file")
	f.BoolVar(&a.flags.debug, "debug", false, "print each request as a curl command to stderr, without secrets")
	f.BoolVarP(&a.flags.json, "json", "j", false, "print JSON")
	f.BoolVarP(&a.flags.yaml, "yaml", "y", false, "print YAML")
	root.MarkFlagsMutuallyExclusive("json", "yaml")
}

// group makes cmd one that only holds others: alone it shows its help, and a
// word that is none of its commands is a mistake.
func group(cmd *cobra.Command, cmds ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		msg := "there is no command " + cmd.CommandPath() + " " + args[0]
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			msg += "; did you mean " + strings.Join(near, " or ") + "?"
		}
		return &usageError{cmd, errors.New(msg)}
	}
	cmd.AddCommand(cmds...)
	return cmd
}

// args checks how many arguments there are; a max below zero is no bound.
func args(minimum, maximum int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < minimum:
			_, words, _ := strings.Cut(cmd.Use, " ")
			return &usageError{cmd, errors.New("something is missing: " + cmd.CommandPath() + " " + words)}
		case maximum >= 0 && len(args) > maximum:
			return &usageError{cmd, errors.New("nothing is known of the argument " + args[maximum])}
		}
		return nil
	}
}

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			return a.print("nightshift " + a.Version)
		},
	}
}

// print writes a line of what was asked for.
func (a *app) print(line string) error {
	_, err := io.WriteString(a.Out, line+"\n")
	return err
}

// note writes a line beside what was asked for. It is a courtesy: when it can't
// be written, nothing is lost.
func (a *app) note(line string) {
	_, _ = io.WriteString(a.Err, line+"\n") // see above
}
