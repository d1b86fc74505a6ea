package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/identity/oidc"
)

// SSO lets people in by a provider elsewhere. It says [identity.ErrWrong] of who is not let
// in; any other error is that the provider can't be asked.
type SSO interface {
	Begin() (string, oidc.Flow, error)
	Finish(ctx context.Context, flow oidc.Flow, state, code string) (identity.Person, error)
	BeginDevice(ctx context.Context) (oidc.Device, error)
	// FinishDevice says [*oidc.ErrPending] until the code is confirmed.
	FinishDevice(ctx context.Context, code string) (identity.Person, error)
}

// Provider is an SSO, and what it is called.
type Provider struct {
	Name   string
	Issuer string // its URL, which some providers show when they send a browser back
	SSO
}

func (a *API) ssoRoutes() []*route {
	return []*route{
		to("GET", authService, "/sso", "", (*call).sso, "Say whether log-in by another service is possible.").public().
			gives(http.StatusOK, wire.SSO{}),
		to("GET", authService, "/sso/request", "", (*call).ssoRequest, "Send a browser to the other service to log in.").public().
			sends("text/html").browsed().redirects(http.StatusTemporaryRedirect).
			asks(Parameter{Name: "to", Type: "string", Description: "Where to go afterwards: a path here. Default: the page that the browser comes from."}).asks(providerParameter()),
		to("GET", authService, "/sso/callback", "", (*call).ssoCallback, "Log in a browser that comes back from the other service.").public().
			sends("text/html").browsed().redirects(http.StatusSeeOther).texts("state", "code", "iss"),
		to("POST", authService, "/sso/callback", "", (*call).ssoCallback, "Log in a browser that comes back from the other service.").public().
			sends("text/html").browsed().redirects(http.StatusSeeOther),
		to("POST", authService, "/sso/device", "", (*call).ssoDevice, "Begin a log-in that is confirmed in a browser elsewhere.").public().
			gives(http.StatusOK, wire.Device{}).asks(providerParameter()),
		to("POST", authService, "/sso/device/token", "", (*call).ssoDeviceToken, "Get a token when the log-in is confirmed; 202 until then.").takes(deviceBody).public().
			gives(http.StatusCreated, wire.Token{}),
	}
}

func providerParameter() Parameter {
	return Parameter{Name: "provider", Type: "string", Description: "The name of the service, as /sso lists it. Default: the first."}
}

const deviceBody = `{"type": "object", "additionalProperties": false, "properties": {
	"device": {"type": "string", "required": true}, "ttl": {"type": "integer"}}}`

const (
	ssoCookie   = "sso-login"
	ssoPatience = 10 * time.Minute // between going to the provider and coming back
	ssoAtOnce   = 16               // how many may wait for the provider at a time
)

// The purposes of what is sealed.
const (
	forFlow   = "log-in of a browser"
	forDevice = "log-in of a device"
)

// pendingLogin is what a browser keeps for us while it is at the provider.
type pendingLogin struct {
	oidc.Flow
	Provider string `json:"p"`
	To       string `json:"to"`
}

// pendingDevice is what a device keeps until its log-in is confirmed.
type pendingDevice struct {
	Provider string `json:"p"`
	Code     string `json:"c"`
}

func (c *call) sso() error {
	_, forwarded := c.forwarded()
	out := wire.SSO{Enabled: len(c.SSO) > 0 || forwarded, Providers: []string{}}
	for _, p := range c.SSO {
		out.Providers = append(out.Providers, p.Name)
	}
	return c.json(http.StatusOK, out)
}

// provider returns the provider of a name, or the first. With it comes a place to ask it,
// which is given back by done: each has its own, so one that hangs is in nobody's way.
func (c *call) provider(name string) (p Provider, done func(), err error) {
	if len(c.SSO) == 0 {
		return p, nil, fault.Newf(fault.NotFound, "Single sign-on is not set up here.")
	}
	i := 0
	if name != "" {
		i = slices.IndexFunc(c.SSO, func(p Provider) bool { return p.Name == name })
	}
	if i < 0 {
		return p, nil, fault.Newf(fault.NotFound, "There is no service %q to log in by.", shortened(name))
	}
	places := c.ssoPlaces[i]
	select {
	case places <- struct{}{}:
		return c.SSO[i], func() { <-places }, nil
	default:
		return p, nil, fault.Newf(fault.Busy, "Too many log-ins at a time. Try again in a moment.")
	}
}

// ssoFault is the answer to what the provider says. Why it is so is in the log, for whoever
// set it up; who asks is anybody.
func (c *call) ssoFault(err error) error {
	if errors.Is(err, identity.ErrWrong) {
		c.Logger.Warn("single sign-on lets somebody not in", "err", err, "address", c.address())
		return &fault.Fault{Kind: fault.Unauthorized, Msg: "The log-in is not good, or took too long. Begin again; if that does not help, the log of the server says why.", Err: err}
	}
	c.Logger.Error("the provider of single sign-on can't be asked", "err", err)
	return &fault.Fault{Kind: fault.Busy, Msg: "The provider of single sign-on does not answer. Try again, or log in as a user of this server.", Err: err}
}

func (c *call) ssoRequest() error {
	if p, ok := c.forwarded(); ok { // they are logged in already, where they come from
		return c.loggedIn(p, "proxy", c.afterLogin())
	}
	p, done, err := c.provider(c.param("provider"))
	if err != nil {
		return err
	}
	defer done()
	at, flow, err := p.Begin()
	if err != nil {
		return c.ssoFault(err)
	}
	text, err := c.Signer.Seal(forFlow, time.Now().Add(ssoPatience), pendingLogin{flow, p.Name, c.afterLogin()})
	if err != nil {
		return err
	}
	c.putSSOCookie(text, int(ssoPatience/time.Second))
	c.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(c.w, c.r, at, http.StatusTemporaryRedirect)
	return nil
}

// putSSOCookie keeps with the browser what is needed when it comes back, which is a visit
// from another site: so Lax.
func (c *call) putSSOCookie(text string, seconds int) {
	http.SetCookie(c.w, &http.Cookie{
		Name: ssoCookie, Value: text, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: c.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// afterLogin is where a browser goes when it is logged in: where it wants, or where it comes
// from, if that is here.
func (c *call) afterLogin() string {
	to := c.param("to")
	if from, err := url.Parse(c.r.Referer()); to == "" && err == nil && from.Host == c.r.Host {
		to = from.RequestURI()
	}
	// A path with two slashes, or what browsers take for such, is another host.
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

func (c *call) ssoCallback() error {
	c.w.Header().Set("Cache-Control", "no-store")
	cookie, _ := c.r.Cookie(ssoCookie)
	var login pendingLogin
	if cookie != nil {
		login, _ = access.Open[pendingLogin](c.Signer, forFlow, cookie.Value, time.Now())
		c.putSSOCookie("", -1) // it is good for one try
	}
	provider, done, err := c.provider(login.Provider)
	if err != nil {
		return err
	}
	defer done()
	q := c.r.URL.Query()
	if c.r.Method == http.MethodPost {
		b, err := c.read(c.opts.MaxBody)
		if err != nil {
			return err
		}
		if q, err = url.ParseQuery(string(b)); err != nil {
			return fault.Newf(fault.Invalid, "The body is no form.")
		}
	}
	if says := q.Get("error"); says != "" {
		return c.ssoFault(errRefused(says))
	}
	// One provider must not have its answer taken to another, with what is secret about it.
	if from := q.Get("iss"); from != "" && from != provider.Issuer {
		return c.ssoFault(errRefused("the answer is of another provider than the question"))
	}
	p, err := provider.Finish(c.ctx(), login.Flow, q.Get("state"), q.Get("code"))
	if err != nil {
		return c.ssoFault(err)
	}
	return c.loggedIn(p, "sso", login.To)
}

// loggedIn gives a browser its cookie, and sends it on.
func (c *call) loggedIn(p identity.Person, source, to string) error {
	t, err := c.ssoToken(p, source, nil)
	if err != nil {
		return err
	}
	c.putCookie(t.Token, int(c.opts.TokenTTL/time.Second))
	if to != "/" && !strings.HasPrefix(to, "/ui/") {
		c.tellWebClient(t)
	}
	http.Redirect(c.w, c.r, to, http.StatusSeeOther)
	return nil
}

// errRefused is what the provider says when somebody is not let in there.
func errRefused(says string) error {
	return errors.Join(identity.ErrWrong, errors.New(shortened(says)))
}

// tellWebClient gives StackStorm's web client the token in the way that it takes it: its
// script reads a cookie as soon as it is back, and keeps the token itself.
func (c *call) tellWebClient(t wire.Token) {
	b, err := json.Marshal(t)
	if err != nil {
		return // a token always has JSON
	}
	http.SetCookie(c.w, &http.Cookie{
		Name: "st2-auth-token", Value: url.QueryEscape(string(b)), Path: "/", MaxAge: 10, Secure: c.secure(), SameSite: http.SameSiteStrictMode,
	})
}

// ssoToken makes a token of a person whom somebody else vouches for.
func (c *call) ssoToken(p identity.Person, source string, seconds *int64) (wire.Token, error) {
	if !identity.ValidName(p.Name) {
		return wire.Token{}, c.ssoFault(errRefused("a name that can't be one"))
	}
	ttl, err := c.ttl(seconds)
	if err != nil {
		return wire.Token{}, err
	}
	u, err := c.admit(p, source, "")
	if err != nil {
		return wire.Token{}, err
	}
	return c.newToken(u.Name, ttl, wire.TokenRequest{})
}

func (c *call) ssoDevice() error {
	p, done, err := c.provider(c.param("provider"))
	if err != nil {
		return err
	}
	defer done()
	d, err := p.BeginDevice(c.ctx())
	if err != nil {
		return c.ssoFault(err)
	}
	expires := d.Expires
	if longest := time.Now().Add(time.Hour); expires.IsZero() || expires.After(longest) {
		expires = longest
	}
	text, err := c.Signer.Seal(forDevice, expires, pendingDevice{p.Name, d.Code})
	if err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "no-store")
	return c.json(http.StatusOK, wire.Device{
		Device: text, UserCode: d.UserCode, URL: d.URL, FullURL: d.FullURL,
		ExpiresIn: int(time.Until(expires) / time.Second), Interval: int(d.Interval / time.Second),
	})
}

func (c *call) ssoDeviceToken() error {
	if len(c.SSO) == 0 {
		return fault.Newf(fault.NotFound, "Single sign-on is not set up here.")
	}
	var req struct {
		Device string `json:"device"`
		TTL    *int64 `json:"ttl"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	device, ok := access.Open[pendingDevice](c.Signer, forDevice, req.Device, time.Now())
	if !ok {
		return c.ssoFault(errRefused("the log-in of the device is over, or none of ours"))
	}
	provider, done, err := c.provider(device.Provider)
	if err != nil {
		return err
	}
	defer done()
	p, err := provider.FinishDevice(c.ctx(), device.Code)
	if pending, ok := errors.AsType[*oidc.ErrPending](err); ok {
		return c.json(http.StatusAccepted, wire.Pending{SlowDown: pending.SlowDown})
	}
	if err != nil {
		return c.ssoFault(err)
	}
	t, err := c.ssoToken(p, "sso", req.TTL)
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, t)
}
