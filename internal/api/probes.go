package api

import (
	"net/http"

	"github.com/nightshift-run/nightshift/internal/api/wire"
)

func (a *API) probeRoutes() []*route {
	return []*route{
		to("GET", ourService, "/probes", "sensor_type_list", (*call).listProbes, "Show how probes fare.").
			gives(http.StatusOK, []wire.Probe{}).overall(),
	}
}

func (c *call) listProbes() error {
	out := []wire.Probe{}
	seen := c.sight().triggers
	for _, r := range c.Probes() {
		if !has(seen, r.Trigger) {
			continue
		}
		out = append(out, wire.Probe{
			Trigger: r.Trigger, Type: r.Type, Target: r.Target, State: r.State, Failures: r.Failures, Events: r.Events, Message: r.Message,
			Since: wire.TimeOf(r.Since), CheckedAt: wire.TimeOf(r.CheckedAt),
		})
	}
	return c.json(http.StatusOK, out)
}
