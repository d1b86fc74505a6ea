// Package ssh runs commands and scripts on other machines over SSH: the runner
// types remote-shell-cmd and remote-shell-script.
//
// Results are those of StackStorm: one entry for each host, with return_code,
// stdout and stderr, and error where it could not be reached. Hosts are worked on
// at the same time, and one that is down or slow costs the others nothing.
//
// Connections are kept and shared. Whoever needs a host that somebody has logged in
// to with the same name and secrets gets a session of that connection, in
// milliseconds; a connection that nobody needed for a while is closed, one that
// died is made anew. A command is sent once: what fails before that is tried again
// on a new connection, what fails afterwards is an error, because nobody can know how
// far the command came.
//
// Whose key a host may show is a setting, see [HostKeys]; there is no quiet way
// around it. An action that is stopped ends on the other machine too, as far as the
// login's rights go.
package ssh

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/nightshift-run/nightshift/internal/cmdline"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// Options are the settings of a [Remote].
type Options struct {
	// User is who logs in where neither the action nor the configuration file says.
	// Default: the server's own user.
	User string
	// Key is the file of the private key where an action brings neither a key nor a
	// password. Default: those of Agent, and id_ed25519, id_ecdsa and id_rsa in the
	// folder .ssh of the server's own user.
	Key string
	// Agent is the socket of a key agent. Default: none.
	Agent string
	// Config is a file in the format of OpenSSH's ssh_config. HostName, Port, User,
	// IdentityFile, ProxyJump and ProxyCommand are heard. Default: none.
	Config string
	// Spawner runs ProxyCommand, with the environment Env. Default: ProxyCommand is
	// refused.
	Spawner *process.Spawner
	Env     []string

	// HostKeys says which keys hosts may show. Default: [AcceptNew].
	HostKeys HostKeys
	// KnownHosts are files of known keys, which are only read; those that don't exist
	// are no error. Default: .ssh/known_hosts of the server's own user and
	// /etc/ssh/ssh_known_hosts.
	KnownHosts []string
	// Learned is the file in which [AcceptNew] keeps keys. Default: they are known
	// until the process ends.
	Learned string

	// ConnectTimeout is how long it may take to log in. Default: a minute.
	ConnectTimeout time.Duration
	// Idle is how long a connection that nobody needs is kept. Default: 5 minutes.
	Idle time.Duration
	// KeepAlive is how often a connection is asked whether it lives; one that does not
	// answer until the next time is given up. Default: 15 seconds.
	KeepAlive time.Duration
	// Sessions is how many sessions a connection has at a time at most. A host that
	// refuses earlier is believed. Default: 10, as in OpenSSH's server.
	Sessions int
	// Connections is how many connections a login has to one host at a time at most;
	// what needs more waits. Default: 4.
	Connections int
	// Parallel is how many hosts of one action are worked on at a time. Default: 50.
	Parallel int

	// Partial lets an action succeed when it succeeds on one host.
	Partial bool
	// MaxOutput is how many bytes of each of stdout and stderr a result keeps, of
	// all hosts together. Default: [runner.MaxKept].
	MaxOutput int
	// Dial makes connections. Default: as package net does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Logger hears of connections and commands. Default: nobody does.
	Logger *slog.Logger
}

// Remote runs commands and scripts on other machines.
type Remote struct {
	opts   Options
	home   string // of the server's own user
	pool   *pool
	config *configFile
}

// New returns a Remote. Nothing is connected before there is something to run.
func New(opts Options) *Remote {
	self, home := strconv.Itoa(os.Getuid()), ""
	if u, err := user.LookupId(self); err == nil {
		self, home = u.Username, u.HomeDir
	}
	setDefault(&opts.User, self)
	setDefault(&opts.HostKeys, AcceptNew)
	setDefault(&opts.ConnectTimeout, time.Minute)
	setDefault(&opts.Idle, 5*time.Minute)
	setDefault(&opts.KeepAlive, 15*time.Second)
	setDefault(&opts.Sessions, 10)
	setDefault(&opts.Connections, 4)
	setDefault(&opts.Parallel, 50)
	setDefault(&opts.MaxOutput, runner.MaxKept)
	if opts.KnownHosts == nil {
		opts.KnownHosts = []string{home + "/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"}
	}
	if opts.Dial == nil {
		opts.Dial = new(net.Dialer).DialContext
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Remote{opts: opts, home: home, config: &configFile{path: expand(opts.Config, home)}}
	r.pool = newPool(&r.opts, newKeyring(opts.HostKeys, expandAll(opts.KnownHosts, home), opts.Learned))
	return r
}

func setDefault[T comparable](field *T, def T) {
	var zero T
	if *field == zero {
		*field = def
	}
}

// Commands returns the runner of remote-shell-cmd.
func (r *Remote) Commands() runner.Runner { return commands{r} }

// Scripts returns the runner of remote-shell-script.
func (r *Remote) Scripts() runner.Runner { return scripts{r} }

// Close closes all connections. What runs over them fails.
func (r *Remote) Close() { r.pool.close() }

type commands struct{ *Remote }

// Run implements [runner.Runner].
func (c commands) Run(ctx context.Context, t runner.Task, out runner.Output) runner.Outcome {
	cmd := t.Parameter("cmd", nil)
	if cmd == nil {
		return runner.Failed(errors.New("there is nothing to run: the parameter cmd is not given"))
	}
	return c.run(ctx, &t, out, cmdline.Line{Command: value.Str(cmd)}, nil)
}

type scripts struct{ *Remote }

// Run implements [runner.Runner].
func (s scripts) Run(ctx context.Context, t runner.Task, out runner.Output) runner.Outcome {
	if t.EntryPoint == "" {
		return runner.Failed(errors.New("the action names no script: its entry_point is empty; remote-shell-cmd needs none"))
	}
	op := value.Str(t.Parameter("kwarg_op", "--"))
	positional, named, err := cmdline.Arguments(t.ActionParameters, t.Schema, op)
	if err != nil {
		return runner.Failed(err)
	}
	p, err := parcelOf(&t)
	if err != nil {
		return runner.Failed(err)
	}
	defer p.close()
	return s.run(ctx, &t, out, cmdline.Line{Script: p.script(), Named: named, Positional: positional}, p)
}
