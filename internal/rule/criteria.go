package rule

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/jsonpath"
	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
)

// The names under which criteria reach what they are about.
const (
	payloadName = "trigger" // the payload of the event
	itemName    = "item"    // an item, in the criteria of a search
)

// Criteria are the conditions of a rule, ready to be asked. They may be used by
// several goroutines at once.
//
// All of them must be met. One that cannot be evaluated, for example because
// what it compares is not comparable, fails; then the rule does not match, and
// its failure is reported, unless another criterion says clearly that the event
// is none of the rule's business. So the order of criteria does not matter.
type Criteria struct {
	list []*criterion
}

// criterion is one condition.
type criterion struct {
	key       string
	operator  string // as written
	op        operator
	condition value.Value // of a search
	pattern   value.Value // the constant, or what was written
	template  *pattern    // nil for a constant
	re        *pyre.Regexp
	sub       *Criteria                           // the constant pattern of a search
	parse     func(text string) (Template, error) // for a pattern of a search that is made by a template

	fields []string       // the key, if it is a plain path: names below root
	root   string         // the first name of a plain path
	path   *jsonpath.Path // the key, if it is not plain

	void   bool  // no operator was given: it is never met
	broken error // a mistake that makes it fail
}

// Options are what criteria need for being compiled.
type Options struct {
	// Parse reads a template, for patterns that are rendered. Default: such
	// patterns fail.
	Parse func(text string) (Template, error)
}

// Template is a text that is rendered for each event.
type Template interface {
	// Render renders the template with values by name.
	Render(ctx context.Context, names *value.Dict) (string, error)
}

// Env is what criteria are asked with beside the event.
type Env struct {
	Now   time.Time   // what the time is
	Names *value.Dict // what templates and keys can name beside trigger: system, st2kv; may be nil
}

// Compile reads the criteria of a rule: key to {type, pattern, condition}. It
// always returns criteria that can be asked; mistakes make a criterion fail, and
// are returned for whoever wrote them.
func Compile(criteria *value.Dict, o Options) (*Criteria, []Mistake) {
	c := compiler{parse: o.Parse}
	return c.all(criteria, payloadName, ""), c.mistakes
}

type compiler struct {
	parse    func(text string) (Template, error)
	mistakes []Mistake
	depth    int
}

func (c *compiler) all(criteria *value.Dict, root, within string) *Criteria {
	out := &Criteria{}
	if criteria == nil {
		return out
	}
	for k, v := range criteria.All() {
		out.list = append(out.list, c.one(value.Str(k), v, root, within))
	}
	return out
}

// maxNesting is how deep searches may be nested in searches.
const maxNesting = 20

func (c *compiler) one(key string, definition value.Value, root, within string) *criterion {
	cr := &criterion{key: key}
	where := within + key
	fail := func(fatal bool, err error) {
		c.mistakes = append(c.mistakes, Mistake{Key: where, Message: err.Error(), Fatal: fatal})
		if cr.broken == nil {
			cr.broken = err
		}
	}
	d, ok := definition.(*value.Dict)
	if !ok {
		fail(true, fmt.Errorf("a criterion must be an object with type and pattern, not %s", article(definition)))
		return cr
	}
	if err := cr.setKey(root); err != nil {
		fail(false, err)
	}
	t, ok := d.Get("type")
	if !ok || t == nil {
		cr.void = true
		c.mistakes = append(c.mistakes, Mistake{Key: where, Message: "the type of the comparison is missing", Fatal: true})
		return cr
	}
	cr.operator, _ = t.(string)
	if !isOperator(cr.operator) {
		hint := ""
		if meant := near.Name(cr.operator, Operators()); meant != "" {
			hint = "; did you mean " + meant + "?"
		}
		fail(true, fmt.Errorf("there is no operator %s%s", value.Str(t), hint))
		return cr
	}
	cr.op, _ = operatorNamed(cr.operator)
	cr.condition, _ = d.Get("condition")
	cr.pattern, _ = d.Get("pattern")
	if cr.pattern == nil {
		c.mistakes = append(c.mistakes, Mistake{Key: where, Message: "the pattern is missing", Fatal: true})
	}
	if err := c.pattern(cr); err != nil {
		fail(false, err)
	}
	if cr.isSearch() {
		cr.parse = c.parse
		if err := checkCondition(cr.condition); err != nil {
			fail(false, err)
		}
		if sub, ok := cr.pattern.(*value.Dict); ok {
			if c.depth++; c.depth > maxNesting {
				fail(true, fmt.Errorf("searches are nested more than %d deep", maxNesting))
			} else {
				cr.sub = c.all(sub, itemName, where+" → ")
			}
			c.depth--
		}
	}
	return cr
}

func (cr *criterion) isSearch() bool { return strings.EqualFold(cr.operator, search) }

// setKey reads the key: a path, and perhaps # with something that tells two
// criteria on the same path apart.
func (cr *criterion) setKey(root string) error {
	text, _, _ := strings.Cut(cr.key, "#")
	path, err := jsonpath.Parse(text)
	if err != nil {
		return err
	}
	if names, ok := path.Fields(); ok && len(names) > 0 && (names[0] == root || len(names) == 1) {
		cr.root, cr.fields = names[0], names[1:]
		return nil
	}
	cr.path = path
	return nil
}

// pattern prepares the pattern: a text may be a template, a regular expression
// is compiled if it is constant.
func (c *compiler) pattern(cr *criterion) error {
	if text, ok := cr.pattern.(string); ok {
		constant, template, err := c.text(text)
		if err != nil {
			return fmt.Errorf("the pattern is no template: %w", err)
		}
		if cr.template = template; template == nil {
			cr.pattern = constant
		}
	}
	if cr.op.regex && cr.template == nil && cr.pattern != nil {
		pattern, err := decoded(cr.pattern)
		if err == nil {
			cr.re, err = cr.op.compile(pattern)
		}
		if err != nil {
			return fmt.Errorf("the pattern is no regular expression: %w", err)
		}
	}
	return nil
}

// Len returns how many criteria there are.
func (c *Criteria) Len() int { return len(c.list) }

// Match reports whether the payload of an event meets all criteria. Criteria on
// an empty payload are never met. The error is a [*Failure]: a criterion could
// not be evaluated, and none of the others settles it.
func (c *Criteria) Match(ctx context.Context, payload value.Value, env Env) (bool, error) {
	if len(c.list) == 0 {
		return true, nil
	}
	if !value.Truth(payload) {
		return false, nil
	}
	e := event{ctx: ctx, root: payloadName, payload: payload, env: &env}
	return c.match(&e)
}

// match asks all criteria until one is not met.
func (c *Criteria) match(e *event) (bool, error) {
	var failed error
	for _, cr := range c.list {
		met, err := cr.check(e, nil)
		switch {
		case err != nil:
			if failed == nil {
				failed = &Failure{Key: cr.key, Err: err}
			}
		case !met:
			return false, nil
		}
	}
	return failed == nil, failed
}

// check asks one criterion, and notes in f, which may be nil, what it saw.
func (cr *criterion) check(e *event, f *Finding) (met bool, err error) {
	if f != nil {
		defer func() { f.conclude(met, err) }()
		f.Pattern = cr.pattern
	}
	if cr.void {
		return false, nil
	}
	if cr.broken != nil {
		return false, cr.broken
	}
	pattern := cr.pattern
	if cr.template != nil {
		if pattern, err = cr.template.render(e); err != nil {
			return false, fmt.Errorf("render the pattern %s: %w", value.Repr(cr.pattern), err)
		}
	}
	v, err := cr.lookUp(e)
	if f != nil {
		f.Pattern, f.Value = pattern, v
	}
	if err != nil {
		return false, err
	}
	if cr.isSearch() {
		return cr.search(e, v, pattern, f)
	}
	e.args = arguments{ctx: e.ctx, now: e.env.Now, value: v, pattern: pattern, re: cr.re}
	return cr.op.run(&e.args)
}

// Failure is a criterion that could not be evaluated.
type Failure struct {
	Key string
	Err error
}

// Error names the criterion and says why.
func (f *Failure) Error() string { return fmt.Sprintf("criterion %s: %v", f.Key, f.Err) }

// Unwrap returns why.
func (f *Failure) Unwrap() error { return f.Err }

// Mistake is something in the criteria that its author should change.
type Mistake struct {
	Key     string // of the criterion
	Message string
	Fatal   bool // a rule with this is refused; others only fail when they are asked
}

// Error says what is wrong.
func (m Mistake) Error() string { return fmt.Sprintf("criterion %s: %s", m.Key, m.Message) }
