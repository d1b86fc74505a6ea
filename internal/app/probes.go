package app

import (
	"github.com/nightshift-run/nightshift/internal/prober"
	"github.com/nightshift-run/nightshift/internal/prober/check"
)

// newProber makes what runs probes.
func (a *App) newProber() *prober.Prober {
	checker := check.New(check.Options{Version: a.opts.Version, Proxy: a.opts.Proxy})
	return prober.New(a.Store, a.Catalog, a.Bus, a.Intake, checker, prober.Options{
		Rate: a.cfg.Probes.Rate, Checks: a.cfg.Probes.Parallel, Logger: a.log("prober"),
	})
}
