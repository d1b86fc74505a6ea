package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// register registers the built-in packs and those in the configured folders. A
// mistake in a pack is told and keeps nothing else from working.
func (a *App) register(ctx context.Context) error {
	if err := os.MkdirAll(a.ownPacks(), 0o755); err != nil { //nolint:gosec // actions may run as others, who have to read packs
		return fmt.Errorf("make the folder of packs: %w", err)
	}
	a.Registry = register.New(a.Store, a.Catalog, a.Bus, register.Options{
		Runners: runner.Types(a.runners, a.languages), Folders: a.packFolders(), Logger: a.log("register"),
		Builtin: filepath.Join(a.cfg.Data, "builtin"), Configs: filepath.Join(a.cfg.Data, "configs"),
		Parse: intake.ParseTemplates(a.templates),
	})
	report, err := a.Registry.Packs(fromFiles(ctx, a.packFolders()...))
	if err != nil {
		return err
	}
	log := a.log("register")
	for _, f := range report.Findings {
		if f.Severity == pack.Error {
			log.Error("mistake in a pack", "finding", f.String())
		} else {
			log.Warn("remark about a pack", "finding", f.String())
		}
	}
	return nil
}

// packFolders are where packs are: those that were installed, which any other
// folder's replace.
func (a *App) packFolders() []string {
	folders := []string{a.ownPacks()}
	for _, dir := range a.cfg.Packs {
		abs, err := filepath.Abs(dir) // programs of packs run in other folders
		if err != nil {
			abs = dir
		}
		if abs != a.ownPacks() {
			folders = append(folders, abs)
		}
	}
	return folders
}
