// Package api serves HTTP: StackStorm's API, authentication and streams under
// the paths that its clients use, alert receivers, and what is ours.
//
// There is one table of routes. A request finds its route, its caller is
// recognised, and the route's handler answers or returns an error; one table
// turns kinds of errors into statuses. What was accepted with 201 or 202 is in
// the ledger before the answer is sent. Handlers keep nothing between requests
// except caches that are bounded and may be lost.
package api

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Launcher starts and stops executions.
type Launcher interface {
	// Launch records an execution. With an error there may be an execution, too:
	// a failed one, whose parameters could not be rendered.
	Launch(ctx context.Context, r execution.Request) (*execution.Execution, error)
	Cancel(ctx context.Context, id, user string) (*execution.Execution, error)
	Pause(ctx context.Context, id, user string) (*execution.Execution, error)
	Resume(ctx context.Context, id, user string) (*execution.Execution, error)
	// Render renders templates on behalf of a user. A mistake in one is a fault of
	// kind Invalid.
	Render(ctx context.Context, v value.Value, user string, vars *value.Dict) (value.Value, error)
}

// Intake takes events in.
type Intake interface {
	Take(ctx context.Context, events ...intake.Event) ([]intake.Receipt, error)
	// Env is what the criteria of rules are asked with.
	Env(now time.Time) rule.Env
}

// Deps are what the API works on. All but Roles are needed.
type Deps struct {
	Store     *store.Store
	Catalog   *catalog.Holder
	Bus       bus.Bus
	Launcher  Launcher
	Intake    Intake
	Inquiries Inquiries
	Roles     Roles // nil: they are off
	Registrar Registrar
	// SensorLog returns at most so many bytes of the end of a sensor's log.
	SensorLog func(ref string, most int) ([]byte, error)
	Probes    func() []probe.Report // how they fare
	Exchange  Exchange
	Passwords Passwords  // default: the users of the ledger
	SSO       []Provider // of single sign-on; the first is that for who names none
	Signer    *access.Signer
	Secrets   Secrets
	Metrics   *prometheus.Registry
	Ready     func() bool // whether the services run
	Version   string
	Logger    *slog.Logger
}

// Options configure an API. The zero value of each field means its default.
type Options struct {
	MaxBody      int64         // bytes of a body; default 1 MiB
	MaxEventBody int64         // bytes of the body of a webhook or an alert; default 10 MiB
	MaxHeld      int64         // bytes of large answers that are in memory at a time; default 256 MiB
	URL          string        // where the server is reached, for links; default: as the request says
	TokenTTL     time.Duration // how long tokens are good for, at most and by default; default 24 h
	MaxPage      int           // how long a page of a list may be for who is no admin; default 100
	AllowOrigins []string      // sites whose scripts may ask, besides those of StackStorm's default; * is all
	SecureCookie bool          // send the cookie over TLS only; default: if the client has come so

	// TrustedProxies are networks of proxies whose word counts on where a request comes
	// from; TrustUnix is for those that connect by a socket of the machine.
	TrustedProxies []netip.Prefix
	TrustUnix      bool

	// UserHeader and GroupsHeader are those in which such a proxy says who has logged in
	// there; empty: its word does not count for that.
	UserHeader, GroupsHeader string

	// Senders prove their deliveries, by webhooks/NAME or alerts/SOURCE.
	Senders map[string]Sender

	AdminGroups []string // groups whose members may do everything

	// MetricsPublic serves /metrics without credentials.
	MetricsPublic bool

	// SystemUser is on whose behalf rules start actions. The tokens of these
	// actions may do all that an admin may. Default "nightshift".
	SystemUser string
}

// The pages of lists that come from the ledger are never longer than this,
// whatever an admin asks for.
const maxLedgerPage = 10_000

func (o Options) withDefaults() Options {
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.MaxEventBody == 0 {
		o.MaxEventBody = 10 << 20
	}
	if o.MaxHeld == 0 {
		o.MaxHeld = 256 << 20
	}
	if o.TokenTTL == 0 {
		o.TokenTTL = 24 * time.Hour
	}
	if o.MaxPage == 0 {
		o.MaxPage = 100
	}
	if o.SystemUser == "" {
		o.SystemUser = "nightshift"
	}
	return o
}

// API is the handler of all requests.
type API struct {
	Deps
	opts     Options
	routes   []*route
	mux      *http.ServeMux
	meters   *meters
	callers  *callers        // who was recognised a moment ago
	throttle access.Throttle // of those who guess passwords
	refusals refusals        // that are on record
	hub      *hub
	alerts   map[string]source
	veils    veils
	views    atomic.Pointer[views] // of the latest catalog
	attrs    struct{ executions, instances, enforcements, traces attributes }
	buffers  sync.Pool    // of *bytes.Buffer
	held     atomic.Int64 // see hold

	described description

	ssoPlaces   []chan struct{} // of each provider of single sign-on, one for each that waits for it
	inspections chan struct{}   // those that go on; see maxInspections
}

// New returns the API.
func New(d Deps, o Options) *API {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Metrics == nil {
		d.Metrics = prometheus.NewRegistry()
	}
	if d.Passwords == nil && d.Store != nil {
		d.Passwords = identity.NewChain(d.Logger, OwnBackend(d.Store))
	}
	if d.Roles == nil {
		d.Roles = noRoles{}
	}
	if d.Ready == nil {
		d.Ready = func() bool { return true }
	}
	a := &API{
		Deps: d, opts: o.withDefaults(), mux: http.NewServeMux(), meters: newMeters(d.Metrics),
		callers: newCallers(), alerts: sources(),
		buffers:     sync.Pool{New: func() any { return new(bytes.Buffer) }},
		inspections: make(chan struct{}, maxInspections),
	}
	for range d.SSO {
		a.ssoPlaces = append(a.ssoPlaces, make(chan struct{}, ssoAtOnce))
	}
	a.hub = newHub(a)
	a.attrs.executions = attributesOf[wire.Execution]([]string{"result", "trigger_instance", "status"}, nil)
	a.attrs.instances = attributesOf[wire.Instance](nil, nil)
	a.attrs.enforcements = attributesOf[wire.Enforcement](nil, nil)
	a.attrs.traces = attributesOf[wire.Trace](nil, nil)
	for _, group := range [][]*route{
		a.accessRoutes(), a.userRoutes(), a.ssoRoutes(), a.contentRoutes(), a.packRoutes(), a.configRoutes(), a.aliasRoutes(), a.ruleRoutes(), a.executionRoutes(), a.inquiryRoutes(), a.eventRoutes(), a.traceRoutes(), a.keyRoutes(), a.auditRoutes(),
		a.workflowRoutes(), a.composeRoutes(), a.sourceRoutes(), a.whyRoutes(), a.sensorRoutes(), a.probeRoutes(), a.problemRoutes(), a.streamRoutes(), a.rbacRoutes(), a.serverRoutes(),
	} {
		a.routes = append(a.routes, group...)
	}
	// From the root of {x...} the mux would send clients to the same path with a slash at
	// its end, which is the same place here: for ever.
	nowhere := map[string]bool{"/": true}
	for _, r := range a.routes {
		r.api = a
		a.mux.Handle(r.Method+" "+r.mounted(), r)
		if strings.HasSuffix(r.Path, "...}") {
			nowhere[path.Dir(r.mounted())] = true
		}
	}
	for pattern := range nowhere {
		a.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			writeFault(w, http.StatusNotFound, "The resource could not be found.", "")
		})
	}
	return a
}

// Routes returns the table of routes. It must not be changed.
func (a *API) Routes() []Route {
	out := make([]Route, len(a.routes))
	for i, r := range a.routes {
		out[i] = r.Route
	}
	return out
}
