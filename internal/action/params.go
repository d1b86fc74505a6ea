package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// ErrRendering is in the tree of an error that says that a template in the
// parameters can't be rendered, as opposed to values that don't fit.
var ErrRendering = errors.New("a template in the parameters can't be rendered")

// Datastore is what templates need of the datastore: the value of one key, as
// it is stored, so that a secret one is still encrypted. The scope is
// kv.System or kv.User; the user counts for the latter only.
type Datastore interface {
	Get(ctx context.Context, scope, user, name string) (string, bool, error)
}

// Env is what templates in parameters can see besides other parameters. All of
// it is optional, and nothing of it is looked up before a template names it.
type Env struct {
	// Context returns action_context: who asked, on behalf of what. It may be asked
	// several times. Nil: there is none.
	Context func() *value.Dict

	// Config returns config_context, the resolved configuration of the pack.
	Config func(ctx context.Context) (*value.Dict, error)

	// GivenConfig says why the values that are given may not name config_context: whoever
	// gives them is not the author of the pack. Nil: they may.
	GivenConfig func(ctx context.Context) error

	// Datastore answers st2kv.system and st2kv.user.
	Datastore Datastore

	// User is whose keys st2kv.user means where Context has neither an api_user
	// nor a user. "" is stanley.
	User string

	// Decrypt decrypts the value of a secret key for a user, for decrypt_kv.
	Decrypt func(ctx context.Context, user, ciphertext string) (string, error)

	// Elsewhere returns a secret that is kept outside of the datastore, for secret.
	Elsewhere func(ctx context.Context, name string) (string, error)

	// More are further names by what they stand for, such as the trigger of a
	// rule. Only Live looks at them: they are gone when the action runs.
	More *value.Dict
}

func (e Env) context() *value.Dict {
	if e.Context == nil {
		return value.NewDict()
	}
	return orEmpty(e.Context())
}

// Live returns the parameters of an execution that is requested: the given ones,
// rendered and cast, and those whose default is a template. Other defaults are
// filled in when the action runs: see Final.
//
// If the given values are not what the action takes, the error is a fault of
// kind Invalid with all that is wrong, one sentence a line. If a template can't
// be rendered, ErrRendering is in its tree, too. Any other error is a look-up
// that failed and may be tried again.
func (c *Compiled) Live(ctx context.Context, given *value.Dict, env Env) (*value.Dict, error) {
	given = orEmpty(given)
	if given.Len() == 0 && !c.dynamic {
		return value.NewDict(), c.none
	}
	overridden := c.overridden(given)
	live, more, failed, err := c.live(ctx, given, env)
	if err != nil {
		if overridden == "" || !errors.Is(err, ErrRendering) {
			return nil, err
		}
		return nil, invalid([]string{overridden, err.Error()})
	}
	if more != nil {
		more.Update(live)
	} else {
		more = live
	}
	problems := sentences(failed)
	problems = append(problems, c.check(more, failed)...)
	if overridden != "" {
		problems = append(problems, overridden)
	}
	if len(problems) > 0 {
		return nil, invalid(problems)
	}
	return live, nil
}

// Render returns what Live does and does not look whether it fits the action.
func (c *Compiled) Render(ctx context.Context, given *value.Dict, env Env) (*value.Dict, error) {
	live, _, failed, err := c.live(ctx, orEmpty(given), env)
	if err != nil {
		return nil, err
	}
	return live, castFault(failed)
}

// Final returns the parameters that the runner and the action get, right before
// the run: those that Live returned, as they are, and the rendered and cast
// defaults of the others, None where there is none. A parameter that both declare
// is among the runner's. Errors are as with Live.
func (c *Compiled) Final(ctx context.Context, live *value.Dict, env Env) (runner, action *value.Dict, err error) {
	live = orEmpty(live)
	var g *graph
	if c.dynamic && c.rendersFor(live) {
		env.More = nil
		if g, err = c.resolve(ctx, live, false, env); err != nil {
			return nil, nil, err
		}
	}
	runner, action = value.NewDictCap(c.inRunner), value.NewDictCap(len(c.params)-c.inRunner)
	var failed []castFailure
	add := func(p *param) {
		v, err := p.final(live, g)
		switch {
		case err != nil:
			failed = append(failed, c.failure(p, v, err))
		case p.inRunner:
			runner.Set(p.name, v)
		default:
			action.Set(p.name, v)
		}
	}
	for name := range live.Texts() {
		if p := c.param(name); p != nil {
			add(p)
		}
	}
	for i := range c.params {
		if p := &c.params[i]; !live.Has(p.name) {
			add(p)
		}
	}
	if err := castFault(failed); err != nil {
		return nil, nil, err
	}
	return runner, action, nil
}

// rendersFor reports whether a default is needed that is a template.
func (c *Compiled) rendersFor(live *value.Dict) bool {
	for i := range c.params {
		if p := &c.params[i]; p.tmpl != nil {
			if v, _ := live.Get(p.name); v == nil || p.immutable {
				return true
			}
		}
	}
	return false
}

// final returns the value that is passed on. With an error it is what could not
// be cast.
func (p *param) final(live *value.Dict, g *graph) (value.Value, error) {
	v, _ := live.Get(p.name)
	if v == nil || p.immutable {
		if p.tmpl == nil {
			return p.cast, p.castErr
		}
		n := g.get(p.name)
		if n.root {
			return nil, nil
		}
		v = n.v
	}
	to, err := p.to(v)
	if err != nil {
		return v, err
	}
	return to, nil
}

// Cast casts values that are final already, and leaves those be that are no
// parameters.
func (c *Compiled) Cast(given *value.Dict) (*value.Dict, error) {
	out := value.NewDictCap(given.Len())
	var failed []castFailure
	for name, v := range given.Texts() {
		if p := c.param(name); p != nil {
			to, err := p.to(v)
			if err != nil {
				failed = append(failed, c.failure(p, v, err))
				continue
			}
			v = to
		}
		out.Set(name, v)
	}
	return out, castFault(failed)
}

// CastText casts what a person wrote in a line of text: as [Compiled.Cast] does, and
// a list may be written with commas.
func (c *Compiled) CastText(given *value.Dict) (*value.Dict, error) {
	out := value.NewDictCap(given.Len())
	for name, v := range given.Texts() {
		if s, ok := v.(string); ok && !strings.HasPrefix(strings.TrimSpace(s), "[") {
			if p := c.param(name); p != nil && p.typ == "array" {
				list := value.NewList()
				for part := range strings.SplitSeq(s, ",") {
					list.Items = append(list.Items, strings.TrimSpace(part))
				}
				v = list
			}
		}
		out.Set(name, v)
	}
	return c.Cast(out)
}

// live renders and casts. In more are other rendered defaults, which will be
// filled in later and can be checked now; it may be nil. What can't be cast is in
// neither.
func (c *Compiled) live(ctx context.Context, given *value.Dict, env Env) (live, more *value.Dict, failed []castFailure, err error) {
	var g *graph
	if c.dynamic || dynamic(given) {
		if g, err = c.resolve(ctx, given, true, env); err != nil {
			return nil, nil, nil, err
		}
	}
	live = value.NewDictCap(given.Len())
	set := func(in *value.Dict, name string, p *param, v value.Value) {
		if p != nil {
			to, err := p.to(v)
			if err != nil {
				failed = append(failed, c.failure(p, v, err))
				return
			}
			v = to
		}
		in.Set(name, v)
	}
	for name, v := range given.Texts() {
		p := c.param(name)
		switch {
		case g != nil:
			v = g.get(name).v
		case p != nil && (v == nil || p.immutable):
			v = p.def
		}
		set(live, name, p, v)
	}
	if !c.dynamic {
		return live, nil, failed, nil
	}
	more = value.NewDict()
	for i := range c.params {
		p := &c.params[i]
		if p.tmpl == nil || given.Has(p.name) || g.get(p.name).root {
			continue
		}
		n := g.get(p.name)
		if s, ok := p.def.(string); ok && !p.immutable && n.v != value.Value(s) {
			set(live, p.name, p, n.v)
		} else {
			set(more, p.name, p, n.v)
		}
	}
	return live, more, failed, nil
}

// resolve renders what is a template: the given values, if they can be any, and
// the defaults of what is not given.
func (c *Compiled) resolve(ctx context.Context, given *value.Dict, templates bool, env Env) (*graph, error) {
	store := newDatastore(env)
	g := newGraph(3 + given.Len() + len(c.params))
	c.roots(g, env, store)
	if env.More != nil {
		for name, v := range env.More.Texts() {
			g.set(node{name: name, root: true, v: v})
		}
	}
	for name, v := range given.Texts() {
		n := node{name: name, v: v}
		if templates && !c.immutable(name) {
			n.tmpl = compileTemplate(v)
			if n.tmpl != nil && env.GivenConfig != nil && slices.Contains(n.tmpl.names, "config_context") {
				if err := env.GivenConfig(ctx); err != nil {
					n.tmpl = &template{err: err}
				}
			}
		}
		g.set(n)
	}
	for i := range c.params {
		if p := &c.params[i]; p.immutable || g.lacks(p.name) {
			g.set(node{name: p.name, v: p.def, tmpl: p.tmpl})
		}
	}
	problems, err := g.resolve(withDatastore(ctx, store))
	if err == nil {
		err = cmp.Or(store.err, ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("look up what parameters of %s name: %w", c.ref, err)
	}
	if len(problems) > 0 {
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: strings.Join(problems, "\n"), Err: ErrRendering}
	}
	return g, nil
}

func (c *Compiled) roots(g *graph, env Env, store *datastore) {
	g.set(node{name: "st2kv", root: true, load: func(context.Context) (value.Value, error) { return store.st2kv(), nil }})
	if c.param("secret") == nil { // some have a parameter of that name; for them there is the filter
		g.set(node{name: "secret", root: true, load: func(context.Context) (value.Value, error) { return store.secret(), nil }})
	}
	g.set(node{name: "action_context", root: true, v: env.context()})
	config := env.Config
	if config == nil {
		config = func(context.Context) (*value.Dict, error) { return nil, nil }
	}
	g.set(node{name: "config_context", root: true, load: func(ctx context.Context) (value.Value, error) {
		d, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return orEmpty(d), nil
	}})
}

// overridden says which immutable parameters are given, or nothing.
func (c *Compiled) overridden(given *value.Dict) string {
	var names []value.Value
	for name := range given.Texts() {
		if c.immutable(name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Override of immutable parameter(s) " + value.Repr(value.NewList(names...)) + " is unsupported."
}

func (c *Compiled) param(name string) *param {
	if i, ok := c.index[name]; ok {
		return &c.params[i]
	}
	return nil
}

func (c *Compiled) immutable(name string) bool {
	p := c.param(name)
	return p != nil && p.immutable
}

func invalid(problems []string) error {
	return fault.Newf(fault.Invalid, "%s", strings.Join(problems, "\n"))
}

// castFailure is a value that can't be cast to the type of its parameter.
type castFailure struct {
	p      *param
	v      value.Value
	err    error
	secret bool
}

func (c *Compiled) failure(p *param, v value.Value, err error) castFailure {
	return castFailure{p, v, err, c.Secret(p.name)}
}

// sentence says what is wrong, and of a secret parameter nothing else.
func (f castFailure) sentence() string {
	if f.secret {
		return fmt.Sprintf("Failed to cast the value (type: %s) for the secret parameter \"%s\" of type \"%s\". Perhaps the value is of an invalid type?",
			value.TypeName(f.v), f.p.name, f.p.typ)
	}
	return fmt.Sprintf("Failed to cast value \"%s\" (type: %s) for parameter \"%s\" of type \"%s\": %s. Perhaps the value is of an invalid type?",
		shortened(value.Str(f.v)), value.TypeName(f.v), f.p.name, f.p.typ, strings.TrimSuffix(f.err.Error(), "."))
}

// shortened keeps a value that is quoted in a sentence from being all of it.
func shortened(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func sentences(failed []castFailure) []string {
	problems := make([]string, len(failed))
	for i, f := range failed {
		problems[i] = f.sentence()
	}
	return problems
}

func castFault(failed []castFailure) error {
	if len(failed) == 0 {
		return nil
	}
	return invalid(sentences(failed))
}
