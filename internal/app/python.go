package app

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/python"
	"github.com/nightshift-run/nightshift/internal/runner/python/venv"
)

// usePython makes what runs the Python code of packs.
func (a *App) usePython() error {
	dir := filepath.Join(a.cfg.Data, "python")
	shim, err := python.InstallShim(dir)
	if err != nil {
		return err
	}
	opts := Environments(a.cfg.Python, a.opts.Env)
	opts.Logger = a.log("venv")
	a.envs = venv.New(a.spawner, filepath.Join(dir, "environments"), opts)
	a.python = python.New(a.spawner, shim, a.envs, python.Options{
		Env: a.opts.Env, Idle: a.cfg.Python.Idle.Or(0), Logger: a.log("python"),
		MaxOutput: a.cfg.Worker.MaxOutput << 20, MaxResult: int64(a.cfg.Worker.MaxResult) << 20,
	})
	return nil
}

// Environments are the options of the Python environments of packs.
func Environments(c config.Python, env []string) venv.Options {
	return venv.Options{
		Interpreter: c.Interpreter, Libraries: c.Libraries, Index: c.Index, Indexes: c.ExtraIndexes, Links: c.Links, Proxy: c.Proxy,
		Offline: c.Offline, Env: env,
	}
}

// preparePython makes the environments of all packs that have Python in them, so
// that no action has to wait for its own. What fails is said, and tried again when
// it is needed.
func (a *App) preparePython(ctx context.Context) {
	var packs []string
	c := a.Catalog.Get()
	for _, act := range c.Actions() {
		if act.RunnerType == runner.PythonScript && !slices.Contains(packs, act.Pack) {
			packs = append(packs, act.Pack)
		}
	}
	a.envs.Tidy(ctx, packs)
	for _, ref := range packs {
		if p, ok := c.Pack(ref); ok && p.Path != "" {
			if _, err := a.envs.Prepare(ctx, ref, p.Path); err != nil && ctx.Err() == nil {
				a.log("python").Error("environment of a pack can't be made", "pack", ref, "err", err)
			}
		}
	}
}
