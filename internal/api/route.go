package api

import (
	"net/http"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// The services that share the listener. StackStorm has one port for each, so
// their paths overlap below the prefixes.
const (
	apiService    = "/api"
	authService   = "/auth"
	streamService = "/stream"
	ourService    = "/ns" // what StackStorm has not
	noService     = ""    // health and metrics
)

// Route is an entry of the table: an operation that clients can ask for.
type Route struct {
	Method     string
	Service    string // see the constants
	Path       string // below the service; {x} stands for a part, {x...} for the rest
	Permission string // what it takes to be allowed, by StackStorm's name; empty: to be known
	Summary    string // one sentence
	Body       string // JSON Schema of the body; empty: none, or of a form of its own
	Public     bool   // needs no credentials
	Who        string // besides the permission, how it is decided who may; empty: nobody has said

	// What is answered when all is well.
	Status int          // 0: 200
	Answer reflect.Type // of the JSON; nil: any JSON
	Media  string       // of what is no JSON
	Paged  bool         // it is a page of a list

	Query []Parameter // what may be asked for
}

// route is a Route with what serves it.
type route struct {
	Route
	api   *API
	serve func(*call) error
	gate  gate
	body  *schema.Schema
	box   func(c *call) string // see inBox
	// asking says that nothing is changed that would have to be on record in the audit log.
	asking bool
	page   bool // see browsed
}

// mounted is the path in the mux.
func (r *route) mounted() string { return r.Service + r.Path }

// to returns the entry for an operation.
func to(method, service, path, permission string, serve func(*call) error, summary string) *route {
	return &route{
		Route: Route{Method: method, Service: service, Path: path, Permission: permission, Summary: summary},
		serve: serve,
	}
}

// changesNothing says that r is a question, though it has a body, or brings events, which
// are on record as such.
func (r *route) changesNothing() *route {
	r.asking = true
	return r
}

// public serves r without credentials.
func (r *route) public() *route {
	r.Public = true
	return r
}

// gives says with what status and what JSON r answers: v is one of the kind.
func (r *route) gives(status int, v any) *route {
	r.Status, r.Answer = status, reflect.TypeOf(v)
	return r
}

// empties says that r answers without a body.
func (r *route) empties() *route {
	r.Status = http.StatusNoContent
	return r
}

// sends says that r answers with something that is no JSON.
func (r *route) sends(media string) *route {
	r.Media = media
	return r
}

// browsed says that people look at r in a browser, also at what went wrong.
func (r *route) browsed() *route {
	r.page = true
	return r
}

// redirects says that r sends browsers elsewhere.
func (r *route) redirects(status int) *route {
	r.Status = status
	return r
}

// asks says what the query of r may have.
func (r *route) asks(params ...Parameter) *route {
	r.Query = append(r.Query, params...)
	return r
}

// pages says that r answers with a page of a list, how long it is if nobody says, and
// whether parts of it can be passed over and its order chosen.
func (r *route) pages(limit int) *route {
	r.Paged = true
	p := Parameter{Name: "limit", Type: "integer", Description: "How many are wanted at most; -1 is all, for admins."}
	if limit > 0 {
		p.Default = limit
	}
	return r.asks(p,
		Parameter{Name: "offset", Type: "integer", Description: "How many are passed over.", Default: 0},
		Parameter{Name: "sort", Type: "array", Description: "Attributes to sort by, each with a - before it for the other way round."})
}

// selects says that the attributes that are answered can be chosen.
func (r *route) selects() *route {
	return r.asks(
		Parameter{Name: "include_attributes", Type: "array", Description: "Only these attributes; paths with dots go into things."},
		Parameter{Name: "exclude_attributes", Type: "array", Description: "All but these attributes."})
}

// selectable reports whether clients can choose which attributes are answered.
func (r Route) selectable() bool {
	return slices.ContainsFunc(r.Query, func(p Parameter) bool { return p.Name == "include_attributes" })
}

// masks says that secrets are shown to an admin who wants that.
func (r *route) masks() *route {
	return r.asks(Parameter{Name: "show_secrets", Type: "boolean", Description: "Show secrets, for admins.", Default: false})
}

// text says that r takes texts as parameters.
func (r *route) texts(names ...string) *route {
	for _, name := range names {
		r.asks(Parameter{Name: name, Type: "string", Description: "Only what has this " + strings.ReplaceAll(name, "_", " ") + "."})
	}
	return r
}

// takes says what the body of r must look like. The schemas are constants of
// ours, so a mistake in one is a bug.
func (r *route) takes(text string) *route {
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(text)); err != nil {
		panic(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		panic(err)
	}
	r.Body, r.body = text, s
	return r
}

// ServeHTTP answers a request that has found its route. w is a *recorder.
func (r *route) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c := &call{API: r.api, route: r, w: w, r: req}
	defer c.letGo()
	if err := c.onRecord(c.run); err != nil {
		c.fail(err)
	}
}

func (c *call) run() error {
	if s, ok := c.sender(); ok {
		if err := c.prove(s); err != nil {
			return err
		}
	} else if !c.route.Public {
		if err := c.recognise(); err != nil {
			return err
		}
		if err := c.route.gate.open(c); err != nil {
			return err
		}
	}
	return c.route.serve(c)
}

// canonical returns the path in the mux of what a client asks for. Prefixes are
// as StackStorm's services and the usual proxy before them have it:
// /api/v1/x, /v1/x and /x are the same, and so are /auth/v1/x and /auth/x.
func canonical(p string, wantsEvents bool) string {
	if len(p) > 1 {
		p = strings.TrimSuffix(p, "/")
	}
	switch p {
	case "/healthz", "/readyz", "/metrics":
		return p
	case "/stream", "/v1/stream", "/api/stream", "/api/v1/stream", "/stream/v1":
		return streamService + "/stream"
	}
	if rest, ok := strings.CutPrefix(p, "/api/ns/v1/"); ok {
		return ourService + "/" + rest
	}
	if rest, ok := below(p, authService); ok {
		return authService + rest
	}
	if rest, ok := below(p, streamService); ok {
		return streamService + rest
	}
	rest, ok := below(p, apiService)
	if !ok {
		rest = p
		if p == "/v1" {
			rest = "/"
		} else if after, ok := strings.CutPrefix(p, "/v1/"); ok {
			rest = "/" + after
		}
	}
	switch {
	case rest == "/tokens", strings.HasPrefix(rest, "/tokens/"), rest == "/sso", strings.HasPrefix(rest, "/sso/"):
		return authService + rest
	case rest == "/actionexecutions", strings.HasPrefix(rest, "/actionexecutions/"):
		rest = "/" + strings.TrimPrefix(rest, "/action")
	}
	if wantsEvents && strings.HasPrefix(rest, "/executions/") && strings.HasSuffix(rest, "/output") {
		return streamService + rest
	}
	return apiService + rest
}

// below returns what follows a prefix with or without its version.
func below(p, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(p, prefix)
	switch {
	case !ok:
		return "", false
	case rest == "", rest == "/v1":
		return "/", true
	case strings.HasPrefix(rest, "/v1/"):
		return rest[len("/v1"):], true
	case rest[0] == '/':
		return rest, true
	default:
		return "", false
	}
}

// rerouted returns r with its path as the mux has it.
func rerouted(r *http.Request) (*http.Request, bool) {
	escaped := r.URL.EscapedPath()
	if escaped == "" || escaped[0] != '/' {
		return nil, false
	}
	// The mux would send clients elsewhere; StackStorm's never did.
	if strings.Contains(escaped, "//") || strings.Contains(escaped, "/.") {
		escaped = path.Clean(escaped)
	}
	escaped = canonical(escaped, r.Header.Get("Accept") == "text/event-stream")
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, false
	}
	// A dot that was escaped would make the mux redirect as well.
	if strings.Contains(plain, "/.") && path.Clean(plain) != plain {
		return nil, false
	}
	out := new(http.Request)
	*out = *r
	out.URL = new(url.URL)
	*out.URL = *r.URL
	out.URL.Path, out.URL.RawPath = plain, ""
	if escaped != plain {
		out.URL.RawPath = escaped
	}
	return out, true
}
