package rule

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Matcher is a rule with its criteria compiled.
type Matcher struct {
	Rule     *Rule
	Criteria *Criteria
}

// NewMatcher compiles the criteria of a rule. It always returns a matcher; the
// mistakes are for whoever wrote the rule.
func NewMatcher(r *Rule, o Options) (*Matcher, []Mistake) {
	criteria, mistakes := Compile(r.Criteria, o)
	return &Matcher{Rule: r, Criteria: criteria}, mistakes
}

// trigger returns the trigger that the rule listens to.
func (m *Matcher) trigger() string {
	if m.Rule.Trigger.Ref != "" {
		return m.Rule.Trigger.Ref
	}
	return m.Rule.Trigger.Type
}

// Index finds the rules that an event may match without asking all of them: by
// trigger, and among the rules of one trigger by what a field of the payload must
// be equal to. It does not change once it is made, and may be used by several
// goroutines at once; when rules change, make another.
type Index struct {
	triggers map[string]*bucket
}

// bucket holds the rules of one trigger, in the order in which they were given.
type bucket struct {
	all       []*Matcher // disabled ones, too
	standard  group
	backstops group
}

// group holds rules that are asked together.
type group struct {
	keys []keyed
	rest []place // rules without an equality that could find them
}

// place is a rule and where it stands in the order.
type place struct {
	order   int
	matcher *Matcher
}

// keyed holds the rules that ask for equality at one path.
type keyed struct {
	fields []string
	texts  map[string][]place
	others map[any][]place // by [value.HashKey]
}

// NewIndex makes an index of rules. Rules that match are returned in the order
// of the matchers.
func NewIndex(matchers []*Matcher) *Index {
	ix := &Index{triggers: map[string]*bucket{}}
	for _, m := range matchers {
		b := ix.triggers[m.trigger()]
		if b == nil {
			b = &bucket{}
			ix.triggers[m.trigger()] = b
		}
		b.all = append(b.all, m)
	}
	for _, b := range ix.triggers {
		b.build()
	}
	return ix
}

// Listens reports whether an enabled rule listens to a trigger.
func (ix *Index) Listens(trigger string) bool {
	b := ix.triggers[trigger]
	return b != nil && (!b.standard.empty() || !b.backstops.empty())
}

func (g *group) empty() bool { return len(g.keys) == 0 && len(g.rest) == 0 }

func (b *bucket) build() {
	var standard, backstops []place
	for i, m := range b.all {
		switch {
		case !m.Rule.Enabled:
		case m.Rule.Type.Ref == Backstop:
			backstops = append(backstops, place{i, m})
		default:
			standard = append(standard, place{i, m})
		}
	}
	b.standard, b.backstops = newGroup(standard), newGroup(backstops)
}

// newGroup puts each rule under that of its equalities whose path tells the
// most rules apart.
func newGroup(places []place) group {
	values := map[string]map[any]bool{} // path to the values asked for there
	for _, p := range places {
		for _, eq := range p.matcher.Criteria.equalities() {
			if values[eq.path] == nil {
				values[eq.path] = map[any]bool{}
			}
			values[eq.path][eq.key] = true
		}
	}
	var g group
	at := map[string]int{} // path to place in g.keys
	for _, p := range places {
		eqs := p.matcher.Criteria.equalities()
		if len(eqs) == 0 {
			g.rest = append(g.rest, p)
			continue
		}
		best := slices.MaxFunc(eqs, func(a, b equality) int {
			return cmp.Compare(len(values[a.path]), len(values[b.path]))
		})
		i, ok := at[best.path]
		if !ok {
			i = len(g.keys)
			at[best.path] = i
			g.keys = append(g.keys, keyed{fields: best.fields, texts: map[string][]place{}, others: map[any][]place{}})
		}
		if text, ok := best.key.(string); ok {
			g.keys[i].texts[text] = append(g.keys[i].texts[text], p)
		} else {
			g.keys[i].others[best.key] = append(g.keys[i].others[best.key], p)
		}
	}
	return g
}

// equality is a criterion that asks for one value at a plain path of the payload.
type equality struct {
	path   string
	fields []string
	key    any
}

// equalities returns the criteria that an index can use.
func (c *Criteria) equalities() []equality {
	var all []equality
	for _, cr := range c.list {
		if cr.broken != nil || cr.void || cr.template != nil || cr.path != nil || cr.root != payloadName || cr.pattern == nil {
			continue
		}
		switch cr.operator {
		case "eq", "equals":
		default:
			continue
		}
		key, ok := hashKey(cr.pattern)
		if !ok {
			continue
		}
		all = append(all, equality{strings.Join(cr.fields, "\x00"), cr.fields, key})
	}
	return all
}

// hashKey returns what two values have in common if they are equal as equals has
// it, or false for values that cannot be looked up.
func hashKey(v value.Value) (any, bool) {
	v, err := decoded(v)
	if err != nil {
		return nil, false
	}
	key, err := value.HashKey(v)
	return key, err == nil
}

// Result is what came of an event.
type Result struct {
	Matched []*Matcher
	Failed  []Failed
}

// Failed is a rule that could not be asked.
type Failed struct {
	Matcher *Matcher
	Err     error // a *Failure
}

// Match returns the rules of a trigger that an event matches, in order; standard
// rules before backstops, which are asked only if no standard rule matched.
func (ix *Index) Match(ctx context.Context, trigger string, payload value.Value, env Env) Result {
	var r Result
	b := ix.triggers[trigger]
	if b == nil {
		return r
	}
	a := asker{ctx: ctx, payload: payload, env: env}
	a.group(&b.standard, &r)
	if len(r.Matched) == 0 {
		a.group(&b.backstops, &r)
	}
	return r
}

// asker asks the rules of a group.
type asker struct {
	ctx     context.Context
	payload value.Value
	env     Env
	event   *event
	places  []place
}

func (a *asker) group(g *group, r *Result) {
	a.places = a.places[:0]
	for i := range g.keys {
		k := &g.keys[i]
		v, err := walk(a.ctx, a.payload, k.fields)
		if err != nil {
			// A look-up failed: then every rule finds out for itself.
			a.everything(k)
			continue
		}
		a.places = append(a.places, k.find(v)...)
	}
	places := g.rest
	if len(a.places) > 0 {
		a.places = append(a.places, g.rest...)
		slices.SortFunc(a.places, func(x, y place) int { return cmp.Compare(x.order, y.order) })
		places = a.places
	}
	for _, p := range places {
		switch met, err := a.ask(p.matcher.Criteria); {
		case err != nil:
			r.Failed = append(r.Failed, Failed{p.matcher, err})
		case met:
			r.Matched = append(r.Matched, p.matcher)
		}
	}
}

func (a *asker) everything(k *keyed) {
	for _, places := range k.texts {
		a.places = append(a.places, places...)
	}
	for _, places := range k.others {
		a.places = append(a.places, places...)
	}
}

// find returns the rules that ask for a value.
func (k *keyed) find(v value.Value) []place {
	if text, ok := v.(string); ok {
		return k.texts[text]
	}
	if v == nil {
		return nil
	}
	key, ok := hashKey(v)
	if !ok {
		return nil
	}
	if text, ok := key.(string); ok {
		return k.texts[text]
	}
	return k.others[key]
}

// ask is [Criteria.Match] with one event for all rules.
func (a *asker) ask(c *Criteria) (bool, error) {
	if len(c.list) == 0 {
		return true, nil
	}
	if a.event == nil {
		if !value.Truth(a.payload) {
			return false, nil
		}
		a.event = &event{ctx: a.ctx, root: payloadName, payload: a.payload, env: &a.env}
	}
	return c.match(a.event)
}

// Verdict says why a rule does or does not match an event.
type Verdict struct {
	Rule     *Rule     `json:"rule"`
	Matched  bool      `json:"matched"`
	Reason   string    `json:"reason"`
	Criteria []Finding `json:"criteria"`
}

// Explain asks every rule of a trigger about an event, disabled ones included,
// and says for each why it does or does not match.
func (ix *Index) Explain(ctx context.Context, trigger string, payload value.Value, env Env) []Verdict {
	b := ix.triggers[trigger]
	if b == nil {
		return nil
	}
	standard := false
	verdicts := make([]Verdict, len(b.all))
	for i, m := range b.all {
		verdicts[i] = m.Explain(ctx, payload, env)
		standard = standard || verdicts[i].Matched && m.Rule.Type.Ref != Backstop
	}
	for i, m := range b.all {
		if v := &verdicts[i]; standard && v.Matched && m.Rule.Type.Ref == Backstop {
			v.Matched, v.Reason = false, "it is a backstop, and a standard rule matched"
		}
	}
	return verdicts
}

// Explain says why the rule alone does or does not match an event.
func (m *Matcher) Explain(ctx context.Context, payload value.Value, env Env) Verdict {
	v := Verdict{Rule: m.Rule, Criteria: m.Criteria.Explain(ctx, payload, env)}
	switch {
	case !m.Rule.Enabled:
		v.Reason = "the rule is disabled"
		return v
	case len(v.Criteria) == 0:
		v.Matched, v.Reason = true, "the rule has no criteria"
		return v
	case !value.Truth(payload):
		v.Reason = "the payload of the event is empty, which criteria never match"
		return v
	}
	for _, f := range v.Criteria {
		if f.Decided {
			v.Reason = f.String()
			return v
		}
	}
	v.Matched, v.Reason = true, "all criteria are met"
	return v
}
