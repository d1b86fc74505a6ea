package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/pack/builtin"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Uninstall removes packs with their files. It refuses while one is in use, unless
// it is forced.
func (i *Installer) Uninstall(ctx context.Context, refs []string, force bool) error {
	return i.remove(ctx, refs, force, func(ref string) error {
		if err := i.registrar.UnloadPack(ctx, ref); err != nil && fault.KindOf(err) != fault.NotFound {
			return fmt.Errorf("unload the pack %s: %w", ref, err)
		}
		return nil
	})
}

// Delete removes the files of packs, and leaves what is registered of them. Files that
// something registered or running needs go when it does not any more.
func (i *Installer) Delete(ctx context.Context, refs []string) error {
	return i.remove(ctx, refs, true, func(string) error { return nil })
}

// remove removes the files of packs, each after something else.
func (i *Installer) remove(ctx context.Context, refs []string, force bool, first func(ref string) error) error {
	done, err := i.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	var errs []error
	for _, ref := range refs {
		errs = append(errs, i.removable(ctx, ref, refs, force))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, ref := range refs {
		if err := first(ref); err != nil {
			return err
		}
		if err := i.disk.unlink(ref); err != nil {
			return fmt.Errorf("remove the pack %s: %w", ref, err)
		}
	}
	i.tidy(ctx)
	return nil
}

// removable says why a pack can't be removed.
func (i *Installer) removable(ctx context.Context, ref string, with []string, force bool) error {
	c := i.catalog.Get()
	p, ok := c.Pack(ref)
	switch {
	case slices.Contains(builtin.Names(), ref):
		return fault.Newf(fault.Invalid, "Resources belonging to system level packs can't be manipulated")
	case !ok && !i.disk.has(ref):
		return fault.Newf(fault.NotFound, "The pack \"%s\" is not installed.", ref)
	case ok && p.Path != "" && !i.disk.holds(p.Path):
		return fault.Newf(fault.Invalid, "The pack \"%s\" was not installed here: remove its folder %s and register the packs again.", ref, p.Path)
	case force:
		return nil
	}
	uses, err := i.uses(ctx, c, ref, with)
	if err != nil {
		return err
	}
	if len(uses) > 0 {
		return fault.Newf(fault.Conflict, "The pack \"%s\" is in use by %s. Use force to remove it nevertheless.", ref, strings.Join(uses, ", "))
	}
	return nil
}

// uses says who uses a pack, less the packs that are named.
func (i *Installer) uses(ctx context.Context, c *catalog.Catalog, ref string, but []string) ([]string, error) {
	const most = 10
	var uses []string
	running, err := i.unfinished(ctx, ref, time.Time{}, most+1)
	if err != nil {
		return nil, err
	}
	for _, e := range running {
		uses = append(uses, "the execution "+e.ID)
	}
	for _, p := range c.Packs() {
		if p.Ref == ref || slices.Contains(but, p.Ref) {
			continue
		}
		for _, text := range p.Dependencies {
			if name, _, _ := strings.Cut(text, "="); name == ref {
				uses = append(uses, "the pack "+p.Ref)
			}
		}
	}
	for _, r := range c.Rules() {
		owner, _, _ := pack.SplitRef(r.Action.Ref)
		if owner == ref && r.Enabled && r.Pack != ref && !slices.Contains(but, r.Pack) {
			uses = append(uses, "the rule "+r.Ref)
		}
	}
	if len(uses) > most {
		uses = append(uses[:most], "others")
	}
	return uses, nil
}

// unfinished returns executions of a pack that have not ended, at most some. With a
// time, only those that were requested before.
func (i *Installer) unfinished(ctx context.Context, ref string, before time.Time, limit int) ([]*execution.Execution, error) {
	q := store.Executions{Pack: ref, Before: before}
	for _, s := range execution.Statuses() {
		if !s.Final() {
			q.Status = append(q.Status, s)
		}
	}
	list, _, err := i.store.Reader().ListExecutions(ctx, q, store.Page{Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("look for executions of the pack %s that have not ended: %w", ref, err)
	}
	return list, nil
}
