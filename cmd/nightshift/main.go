// Command nightshift is all of Nightshift: the server, and the command line
// that speaks to one.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nightshift-run/nightshift/internal/app/program"
	"github.com/nightshift-run/nightshift/internal/cli"
	"github.com/nightshift-run/nightshift/internal/cli/st2"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("GOGC") == "" {
		// What lives is little and what dies is much, so collecting less often
		// costs a few megabytes and saves a twentieth of the processor.
		debug.SetGCPercent(300)
	}
	// The first signal asks to end; a second one ends at once.
	context.AfterFunc(ctx, stop)

	if name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"); name == "st2" {
		return st2.Execute(ctx, options(ctx), os.Args[1:])
	}
	return cli.Execute(ctx, command(ctx), os.Args[1:])
}

// options are what the command line needs of this machine.
func options(ctx context.Context) cli.Options {
	return cli.Options{
		Version:     version(),
		In:          os.Stdin,
		Out:         os.Stdout,
		Err:         os.Stderr,
		InTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Width:       width,
		ReadPassword: func() (string, error) {
			b, err := readPassword(ctx)
			return string(b), err
		},
		Raw:     rawTerminal,
		Getenv:  os.Getenv,
		Environ: os.Environ,
		Home:    home(),
	}
}

// command is the whole command line. The commands that run a server belong to
// [cli.GroupServer] and are added here.
func command(ctx context.Context) *cobra.Command {
	root := cli.New(options(ctx))
	opts := program.Options{Version: version(), Env: os.Environ(), Proxy: http.ProxyFromEnvironment}
	for _, c := range program.Commands(opts) {
		c.GroupID = cli.GroupServer
		root.AddCommand(c)
	}
	for _, c := range root.Commands() {
		switch c.Name() {
		case "pack":
			c.AddCommand(program.PackCommands(opts)...)
		case "secrets":
			c.AddCommand(program.SecretsCommands()...)
		case "user":
			c.AddCommand(program.UserCommands()...)
		}
	}
	return root
}

// version is what the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
		if rev := settings["vcs.revision"]; len(rev) >= 12 {
			v += "-" + rev[:12]
		}
	}
	return v
}

func width() int {
	w, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// rawTerminal lets keys come one by one until restore is called.
func rawTerminal() (restore func() error, err error) {
	fd := int(os.Stdin.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return nil, err
	}
	return func() error { return term.Restore(fd, before) }, nil
}

func home() string {
	dir, err := os.UserHomeDir()
	if err != nil {
		return "" // then nothing is kept
	}
	return dir
}

// readPassword reads a line that the terminal does not show. An interrupt gives
// the terminal its echo back before the program ends.
func readPassword(ctx context.Context) ([]byte, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("look at the terminal: %w", err)
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1) // the reader may outlive us: the terminal can't be told to stop
	go func() {
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		return l.text, l.err
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), term.Restore(fd, before))
	}
}
