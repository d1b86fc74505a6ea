// Package packtest runs the unit tests that a pack brings along, in the
// environment that the pack's actions run in and with what its tests ask for.
// It needs no server.
package packtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner/python"
	"github.com/nightshift-run/nightshift/internal/runner/python/venv"
)

// Options say how tests are run.
type Options struct {
	Data         string       // the data folder, where environments are
	Environments venv.Options // how environments are made; its Env is that of the tests, too
	Tests        []string     // files in the folder tests, or parts of them; default all
	Out, Err     io.Writer    // get what the tests print
}

// ErrFailed is returned when tests failed. What failed has been printed.
var ErrFailed = errors.New("tests failed")

// Run runs the tests of the pack in a folder.
func Run(ctx context.Context, dir string, opts Options) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "tests")); errors.Is(err, os.ErrNotExist) {
		return fault.Newf(fault.NotFound, "The pack in %s has no tests: there is no folder tests in it.", dir)
	}
	home, err := filepath.Abs(filepath.Join(opts.Data, "python"))
	if err != nil {
		return err
	}
	shim, err := python.InstallShim(home)
	if err != nil {
		return err
	}
	spawner := process.New(process.Options{})
	defer spawner.Close()
	envs := venv.New(spawner, filepath.Join(home, "environments"), opts.Environments)
	defer envs.Close()
	env, err := envs.PrepareTests(ctx, dir)
	if err != nil {
		return err
	}
	vars := slices.DeleteFunc(slices.Clone(opts.Environments.Env), func(entry string) bool {
		return strings.HasPrefix(entry, "PYTHONPATH=") || strings.HasPrefix(entry, "PYTHONDONTWRITEBYTECODE=")
	})
	vars = append(vars, "PYTHONPATH="+shim+string(os.PathListSeparator)+filepath.Join(shim, "client"),
		"PYTHONDONTWRITEBYTECODE=1", "NIGHTSHIFT_PACKS="+filepath.Dir(dir))
	exit, err := spawner.Run(ctx, &process.Cmd{
		Path: env.Python, Args: append([]string{env.Python, "-m", "nightshift.packtest", dir}, opts.Tests...), Dir: dir, Env: vars,
		Stdout: func(piece []byte) { _, _ = opts.Out.Write(piece) }, // who does not listen misses it
		Stderr: func(piece []byte) { _, _ = opts.Err.Write(piece) },
	})
	switch {
	case err != nil:
		return err
	case exit.Cause != nil:
		return exit.Cause
	case exit.Code < 0:
		return fmt.Errorf("the tests were ended by signal %d", -exit.Code)
	case exit.Code != 0:
		return ErrFailed
	}
	return nil
}
