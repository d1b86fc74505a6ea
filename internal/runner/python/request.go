package python

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// request returns what a child is asked for, as JSON.
func (r *Runner) request(t *runner.Task, env Environment) ([]byte, error) {
	vars, err := r.environment(t, env)
	if err != nil {
		return nil, err
	}
	d := job("action", vars, t.EntryPoint, t.ContentDir, t.Pack, t.Config)
	d.Set("user", t.User)
	d.Set("parameters", t.ActionParameters)
	d.Set("log_level", t.Parameter("log_level", "DEBUG"))
	text, err := value.ToJSON(d)
	if err != nil {
		return nil, fmt.Errorf("hand the parameters to Python: %w", err)
	}
	return text, nil
}

// job is what a child needs to know whatever it is to do.
func job(kind string, vars value.Value, entryPoint, content, pack string, config *value.Dict) *value.Dict {
	if config == nil {
		config = value.NewDict()
	}
	d := value.NewDictCap(10)
	d.Set("job", kind)
	d.Set("env", vars)
	d.Set("entry_point", entryPoint)
	first, last := importPaths(entryPoint, content)
	d.Set("first_paths", first)
	d.Set("last_paths", last)
	d.Set("pack", pack)
	d.Set("config", config)
	return d
}

// importPaths returns where packs expect to find what they import, as far as it is
// there: before all other folders, and after them.
//
// The libraries of actions go first. The folder of the file itself goes behind the
// installed libraries, so that a file called json.py does no harm, and the pack's
// other folders go last.
func importPaths(entryPoint, content string) (first, last *value.List) {
	folders := func(paths ...string) *value.List {
		list := value.NewList()
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				list.Items = append(list.Items, path)
			}
		}
		return list
	}
	if real, err := filepath.EvalSymlinks(entryPoint); err == nil {
		entryPoint = real // what is beside a file is beside where it lies
	}
	actions := filepath.Join(content, "actions")
	return folders(filepath.Join(actions, "lib")), folders(filepath.Dir(entryPoint), actions, filepath.Join(content, "lib"))
}

// environment returns the variables of an action. An action finds the server by
// them, and so does a client that it makes without any argument.
func (r *Runner) environment(t *runner.Task, env Environment) (*value.Dict, error) {
	more, err := t.Environment()
	if err != nil {
		return nil, err
	}
	vars := value.NewDictCap(len(r.opts.Env) + len(more) + 8)
	for _, entry := range r.opts.Env {
		name, v, _ := strings.Cut(entry, "=")
		vars.Set(name, v)
	}
	for name, v := range more {
		vars.Set(name, v)
	}
	if env.Bin != "" {
		path, _ := vars.Get("PATH")
		vars.Set("PATH", strings.TrimSuffix(env.Bin+string(os.PathListSeparator)+value.Str(path), string(os.PathListSeparator)))
	}
	// Programs in Python that an action starts find what it finds itself. Its own
	// idea of this is not heard, as in StackStorm: it would reach other packs' code.
	vars.Set("PYTHONPATH", strings.Join([]string{
		filepath.Join(t.ContentDir, "actions", "lib"), r.shim, filepath.Join(r.shim, "client"),
	}, string(os.PathListSeparator)))
	if url := t.Env["ST2_ACTION_API_URL"]; url != "" {
		base := strings.TrimSuffix(strings.TrimRight(url, "/"), "/v1")
		vars.Set("ST2_BASE_URL", base)
		vars.Set("ST2_API_URL", base+"/v1")
		vars.Set("ST2_AUTH_URL", base+"/auth/v1")
		vars.Set("ST2_STREAM_URL", base+"/stream/v1")
	}
	if token := t.Env["ST2_ACTION_AUTH_TOKEN"]; token != "" {
		vars.Set("ST2_AUTH_TOKEN", token)
	}
	if t.ContentDir != "" {
		vars.Set("NIGHTSHIFT_PACKS", filepath.Dir(t.ContentDir))
	}
	return vars, nil
}
