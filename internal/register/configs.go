package register

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Configure sets the configuration of a pack: in its file and in what is registered.
// What does not fit the schema changes nothing.
func (r *Registrar) Configure(ctx context.Context, ref string, values *value.Dict) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(ctx); err != nil {
		return err
	}
	if _, ok := r.have[key{store.Packs, ref}]; !ok {
		return fault.Newf(fault.NotFound, "Resource with a ref or id \"%s\" not found", ref)
	}
	if r.opts.Configs == "" {
		return fault.Newf(fault.Invalid, "This server has no folder for the configurations of packs.")
	}
	text, err := pyyaml.Marshal(values, pyyaml.Options{Unicode: true})
	if err != nil {
		return fault.Newf(fault.Invalid, "The configuration can't be written: %v", err)
	}
	// It is read from a file like any other before it counts.
	fresh := filepath.Join(r.opts.Configs, ".new")
	if err := os.MkdirAll(fresh, 0o700); err != nil {
		return fmt.Errorf("configure the pack %s: %w", ref, err)
	}
	file := filepath.Join(fresh, ref+".yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil { // it may hold secrets
		return fmt.Errorf("configure the pack %s: %w", ref, err)
	}
	config, found := pack.ReadConfig(os.DirFS(fresh), ref, r.src.ConfigSchemas[ref], classes(r.src.Sensors, ref))
	if err := mistakes(found, config == nil); err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(file)))
	}
	if err := os.Rename(file, filepath.Join(r.opts.Configs, ref+".yaml")); err != nil {
		return fmt.Errorf("configure the pack %s: %w", ref, err)
	}
	c := r.change()
	c.put(store.Configs, ref, ref, "", config)
	return r.apply(ctx, c)
}

// classes returns the names of a pack's sensors.
func classes(sensors []*pack.Sensor, ref string) []string {
	var out []string
	for _, s := range sensors {
		if s.Pack == ref {
			out = append(out, s.Name)
		}
	}
	return out
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
