package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/exchange"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/install"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/native"
	"github.com/nightshift-run/nightshift/internal/store"
)

// usePacks makes what finds and installs packs, and removes what an installation
// left that broke off.
func (a *App) usePacks(ctx context.Context) error {
	a.exchange = exchange.New(exchange.Options{
		Indexes: a.cfg.Exchange.Index, Fresh: a.cfg.Exchange.Fresh.Or(0), Cache: filepath.Join(a.cfg.Data, "cache"),
		Proxy: a.opts.Proxy, Env: a.opts.Env, Logger: a.log("exchange"),
	})
	a.installer = install.New(a.ownPacks(), a.exchange, a.Registry, a.Catalog, a.Store, install.Options{
		Prepare: a.preparePack, Logger: a.log("install"),
	})
	return a.installer.Tidy(ctx)
}

// ownPacks is the folder of installed packs.
func (a *App) ownPacks() string { return filepath.Join(a.cfg.Data, "packs") }

// natives makes the runner of actions that are functions of ours.
func (a *App) natives() runner.Runner {
	funcs := native.Builtins()
	for name, f := range a.packFunctions() {
		funcs[name] = func(ctx context.Context, c native.Call, out runner.Output) (value.Value, error) {
			return f(store.ByItself(ctx, audit.Record{User: c.User, Execution: c.ExecutionID, Origin: "the action " + c.Action}), c, out)
		}
	}
	maps.Copy(funcs, a.chatFunctions())
	funcs["wait_for_ssh"] = a.waitForSSH
	return native.New(funcs)
}

// packFunctions are the native actions of the pack packs.
func (a *App) packFunctions() map[string]native.Func {
	return map[string]native.Func{
		"packs_install": func(ctx context.Context, c native.Call, out runner.Output) (value.Value, error) {
			return a.installed(a.installer.Install(ctx, packRefs(c), request(c, out)))
		},
		"packs_update": func(ctx context.Context, c native.Call, out runner.Output) (value.Value, error) {
			return a.installed(a.installer.Update(ctx, packRefs(c), request(c, out)))
		},
		"packs_uninstall": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			force, _ := c.Parameters.Get("force")
			packs := packRefs(c)
			if err := a.installer.Uninstall(ctx, packs, value.Truth(force)); err != nil {
				return nil, err
			}
			return jsonValue(map[string]any{"packs_list": packs})
		},
		"packs_download": func(ctx context.Context, c native.Call, out runner.Output) (value.Value, error) {
			sources := listed(c, "dependency_list")
			if len(sources) == 0 {
				sources = packRefs(c)
			}
			r, err := a.installer.Download(ctx, sources, request(c, out))
			if err != nil {
				return nil, err
			}
			done := value.NewDict() // as StackStorm's
			for _, p := range r.Packs {
				done.Set(p.Ref, "Success.")
			}
			return done, nil
		},
		"packs_delete": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			return nil, a.installer.Delete(ctx, packRefs(c))
		},
		"packs_get_config": func(context.Context, native.Call, runner.Output) (value.Value, error) {
			group := strconv.Itoa(os.Getgid())
			if g, err := user.LookupGroupId(group); err == nil {
				group = g.Name
			}
			return jsonValue(map[string]any{"pack_path": a.ownPacks(), "pack_group": group})
		},
		"packs_load": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			counts, findings, err := a.Registry.RegisterPacks(ctx, packRefs(c), kinds(c))
			if err != nil {
				return nil, err
			}
			out := map[string]any{}
			for kind, n := range counts {
				out[kind] = n
			}
			if len(findings) > 0 {
				out["findings"] = findings
			}
			return jsonValue(out)
		},
		"packs_unload": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			packs := packRefs(c)
			for _, ref := range packs {
				if err := a.Registry.UnloadPack(ctx, ref); err != nil {
					return nil, fmt.Errorf("unload the pack %s: %w", ref, err)
				}
			}
			return jsonValue(packs)
		},
		"packs_get": func(_ context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			p, ok := a.Catalog.Get().Pack(text(c, "pack"))
			if !ok {
				return jsonValue(map[string]any{"pack": nil, "git_status": "Pack is not installed."})
			}
			return jsonValue(map[string]any{"pack": wire.PackOf(p)})
		},
		"packs_show": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			d, err := a.exchange.Pack(ctx, text(c, "pack"))
			if fault.KindOf(err) == fault.NotFound {
				return jsonValue(map[string]any{"pack": nil})
			}
			if err != nil {
				return nil, err
			}
			out := value.NewDict()
			out.Set("pack", d)
			return out, nil
		},
		"packs_search": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			found, err := a.exchange.Search(ctx, text(c, "query"))
			if err != nil {
				return nil, err
			}
			list := value.NewList()
			for _, d := range found {
				list.Items = append(list.Items, d)
			}
			return list, nil
		},
		"packs_setup_virtualenv": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			packs := packRefs(c)
			for _, ref := range packs {
				p, ok := a.Catalog.Get().Pack(ref)
				if !ok {
					return nil, fmt.Errorf("there is no pack %q", ref)
				}
				if err := a.preparePack(ctx, ref, p.Path); err != nil {
					return nil, err
				}
			}
			return "Successfully set up virtualenv for the following packs: " + strings.Join(packs, ", "), nil
		},
	}
}

// preparePack makes the Python environment of a pack that has Python in it.
func (a *App) preparePack(ctx context.Context, ref, dir string) error {
	if dir == "" {
		return nil
	}
	for _, pattern := range []string{"actions/*.py", "actions/*/*.py", "sensors/*.py", "requirements.txt"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		if len(found) > 0 {
			_, err := a.envs.Prepare(ctx, ref, dir)
			return err
		}
	}
	return nil
}

// installed is the result of an installation, in the form that StackStorm's has.
func (a *App) installed(r install.Report, err error) (value.Value, error) {
	if err != nil {
		return nil, err
	}
	refs := make([]string, len(r.Packs))
	for i, p := range r.Packs {
		refs[i] = p.Ref
	}
	v, err := jsonValue(map[string]any{
		"packs_list": refs, "conflict_list": []string{}, "warning_list": r.Findings, "message": "", "packs": r.Packs,
	})
	return native.WorkflowResult{Value: v}, err
}

func request(c native.Call, out runner.Output) install.Request {
	force, _ := c.Parameters.Get("force")
	skip, _ := c.Parameters.Get("skip_dependencies")
	return install.Request{
		Force: value.Truth(force), SkipDependencies: value.Truth(skip), Types: kinds(c),
		Say: func(text string) { out.Print(runner.Stdout, text+"\n") },
	}
}

// kinds returns which kinds of content to register; none is all.
func kinds(c native.Call) []string {
	if kind := text(c, "register"); kind != "" && kind != "all" {
		return []string{kind}
	}
	return nil
}

func text(c native.Call, name string) string {
	v, _ := c.Parameters.Get(name)
	s, _ := v.(string)
	return s
}

// packRefs returns the packs that an action is asked about.
func packRefs(c native.Call) []string { return listed(c, "packs") }

// listed returns the texts in a list, each once.
func listed(c native.Call, name string) []string {
	v, _ := c.Parameters.Get(name)
	list, _ := v.(*value.List)
	if list == nil {
		return nil
	}
	out := make([]string, 0, len(list.Items))
	for _, item := range list.Items {
		if s := value.Str(item); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// jsonValue returns what v is as JSON.
func jsonValue(v any) (value.Value, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return value.FromJSON(b)
}
