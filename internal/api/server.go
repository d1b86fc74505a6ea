package api

import (
	"context"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
)

const (
	seeServices = "To see services"
	saysNothing = "it says nothing of what the server does"
)

func (a *API) serverRoutes() []*route {
	metrics := to("GET", noService, "/metrics", "", (*call).metrics, "Show figures in the form of Prometheus.").sends("text/plain").anybody("they name nothing")
	if a.opts.MetricsPublic {
		metrics.public()
	}
	return []*route{
		to("GET", noService, "/healthz", "", (*call).healthy, "Say whether the server lives.").public(),
		to("GET", noService, "/readyz", "", (*call).ready, "Say whether the server can do its work.").public(),
		metrics,
		to("GET", apiService, "/service_registry/groups", "", (*call).serviceGroups, "List the kinds of services that are known to run.").
			gives(http.StatusOK, wire.ServiceGroups{}).admins(seeServices),
		to("GET", apiService, "/service_registry/groups/{id}/members", "", (*call).serviceMembers, "List the services of a kind that run.").
			gives(http.StatusOK, wire.ServiceMembers{}).admins(seeServices),
		to("GET", apiService, "/openapi.json", "", (*call).openAPI, "Describe the API, in the form of OpenAPI 3.1.").public(),
		to("GET", apiService, "/{$}", "", (*call).root, "Say what the server is.").
			gives(http.StatusOK, wire.Version{}).anybody(saysNothing),
		to("GET", ourService, "/version", "", (*call).version, "Say what the server is.").
			gives(http.StatusOK, wire.Version{}).anybody(saysNothing),
	}
}

func (c *call) healthy() error {
	return c.json(http.StatusOK, map[string]string{"status": "ok"})
}

func (c *call) ready() error {
	if !c.Ready() {
		return fault.Newf(fault.Busy, "The services do not run yet.")
	}
	ctx, cancel := context.WithTimeout(c.ctx(), 2*time.Second)
	defer cancel()
	if _, err := c.Store.Reader().CountUsers(ctx); err != nil {
		return &fault.Fault{Kind: fault.Busy, Msg: "The store does not answer.", Err: err}
	}
	return c.json(http.StatusOK, map[string]string{"status": "ready"})
}

func (c *call) metrics() error {
	promhttp.HandlerFor(c.Metrics, promhttp.HandlerOpts{}).ServeHTTP(c.w, c.r)
	return nil
}

func (c *call) root() error {
	return c.json(http.StatusOK, wire.Version{Version: c.Version, DocsURL: "https://github.com/nightshift-run/nightshift"})
}

func (c *call) version() error {
	return c.json(http.StatusOK, wire.Version{Version: c.Version, Go: runtime.Version()})
}
