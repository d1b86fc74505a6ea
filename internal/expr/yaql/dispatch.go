package yaql

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
)

// arg is an argument: an expression, or a value where Go calls a function.
type arg struct {
	name string // "" for one by position
	node node
	val  value.Value
	skip bool
}

// binding of arguments to the parameters of one overload.
type bound struct {
	o     *overload
	src   []int // for each parameter the place of its argument, or -1 for its default
	rest  int   // from which place on the arguments are the rest
	named []int // the places of arguments for **kwargs
	lazy  []bool
}

// plan is how a call can be bound, as far as is known before it happens.
type plan struct {
	args   []arg // those by position first; as a method the receiver is the first
	npos   int
	levels [][]bound
	known  bool  // there are functions of the name
	err    error // the call can't be made
	same   bool  // all overloads evaluate the same arguments
}

// translate splits off the named arguments.
func translate(args []arg, noNames bool) ([]arg, int, error) {
	var named []arg
	pos := make([]arg, 0, len(args))
	for _, a := range args {
		rule, ok := a.node.(*ruleNode)
		if a.name != "" {
			if noNames {
				return nil, 0, errorf(ArgumentError, "Invalid argument %s", a.name)
			}
			named = append(named, a)
			continue
		}
		if !ok || noNames {
			pos = append(pos, a)
			continue
		}
		word, ok := wordOf(rule.from)
		if !ok {
			return nil, 0, errorf(MappingError, "Cannot convert mapping to keyword argument")
		}
		named = append(named, arg{name: word, node: rule.to})
	}
	return append(pos, named...), len(pos), nil
}

// newPlan binds a call to the overloads of each level. The receiver of a method is
// not known yet, so any will do.
func newPlan(args []arg, levels [][]*overload, receiver bool) plan {
	var p plan
	var first *overload
	for _, level := range levels {
		for _, o := range level {
			if first == nil {
				first = o
			} else if first.noNames != o.noNames {
				p.err = errorf(AmbiguousError, `Ambiguous function "%s"`, o.name)
				p.known = true
				return p
			}
		}
	}
	if first == nil {
		return p
	}
	p.known = true
	if p.args, p.npos, p.err = translate(args, first.noNames); p.err != nil {
		return p
	}
	p.same = true
	var lazy []bool
	for _, level := range levels {
		var out []bound
		for _, o := range level {
			b, ok := bind(o, p.args, p.npos, receiver)
			if !ok {
				continue
			}
			if lazy == nil {
				lazy = b.lazy
			}
			for i := range lazy {
				p.same = p.same && lazy[i] == b.lazy[i]
			}
			out = append(out, b)
		}
		if len(out) > 0 {
			p.levels = append(p.levels, out)
		}
	}
	return p
}

// bind binds arguments to an overload, and reports whether that can be.
func bind(o *overload, args []arg, npos int, receiver bool) (bound, bool) {
	b := bound{o: o, src: make([]int, len(o.params)), rest: npos, lazy: make([]bool, len(args))}
	used := make([]bool, len(args))
	byName := func(name string) int {
		for i := npos; i < len(args); i++ {
			if args[i].name == name {
				return i
			}
		}
		return -1
	}
	fits := func(p *param, i int) bool {
		b.lazy[i] = p.typ.lazy()
		used[i] = true
		switch {
		case receiver && i == 0:
			return !p.typ.lazy()
		case args[i].skip:
			return p.hasDef
		case args[i].node != nil:
			return p.typ.mayMatch(args[i].node)
		}
		return true
	}
	for i := range o.params {
		p := &o.params[i]
		at := byName(p.name)
		switch {
		case i < npos && !args[i].skip:
			if at >= 0 || !fits(p, i) {
				return b, false
			}
			b.src[i] = i
		case at >= 0:
			b.src[i] = at
			b.lazy[at], used[at] = p.typ.lazy(), true
			if args[at].node != nil && !p.typ.mayMatch(args[at].node) {
				return b, false
			}
			if i < npos {
				used[i] = true
				return b, false // skipped, and given by name
			}
		case !p.hasDef:
			return b, false
		default:
			b.src[i] = -1
			if i < npos {
				used[i] = true
				b.lazy[i] = p.typ.lazy()
			}
		}
	}
	if npos > len(o.params) {
		if o.rest == nil {
			return b, false
		}
		b.rest = len(o.params)
		for i := b.rest; i < npos; i++ {
			if args[i].skip || !fits(o.rest, i) {
				return b, false
			}
		}
	}
	for i := npos; i < len(args); i++ {
		if used[i] {
			continue
		}
		if o.named == nil || !fits(o.named, i) {
			return b, false
		}
		b.named = append(b.named, i)
	}
	return b, true
}

// call is a call of an overload with its arguments.
type call struct {
	ev    *evaluator
	o     *overload
	outer *scope // where the call stands
	inner *scope // the context of the call itself, if anyone asked for it
	args  []value.Value
	rest  []value.Value
	named []value.Named
}

// scope returns the context of the call, which let and the like fill and return.
func (c *call) scope() *scope {
	if c.inner == nil {
		c.inner = c.outer.child()
	}
	return c.inner
}

// callNode is a call of a function, or of a method if it stands after a dot.
type callNode struct {
	base
	name   string
	args   []node
	plan   plan
	method bool
}

func newCall(e *Engine, name string, args []node, pos int) *callNode {
	n := &callNode{base: over(pos, args...), name: name, args: args}
	n.plan = newPlan(nodeArgs(args, false), e.library.functions[name], false)
	n.settle()
	return n
}

// asMethod makes a call of a function that of a method.
func (n *callNode) asMethod(e *Engine) {
	n.method = true
	n.plan = newPlan(nodeArgs(n.args, true), e.library.methods[n.name], true)
	n.settle()
}

// settle finds out whether the call can leave something behind that holds on to
// its scope.
func (n *callNode) settle() {
	n.plain = n.plan.known
	for _, a := range n.args {
		n.plain = n.plain && (a == nil || a.simple())
	}
	for _, level := range n.plan.levels {
		for _, b := range level {
			n.plain = n.plain && !b.o.keeps
			for _, lazy := range b.lazy {
				n.plain = n.plain && !lazy
			}
		}
	}
}

func nodeArgs(nodes []node, receiver bool) []arg {
	args := make([]arg, 0, len(nodes)+1)
	if receiver {
		args = append(args, arg{})
	}
	for _, n := range nodes {
		args = append(args, arg{node: n, skip: n == nil})
	}
	return args
}

func (n *callNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	v, err := n.invoke(ev, s, nil)
	if err != nil {
		return nil, ev.fail(err, n)
	}
	return v, nil
}

func (n *callNode) invoke(ev *evaluator, s *scope, receiver value.Value) (value.Value, error) {
	if err := ev.spend(2); err != nil {
		return nil, err
	}
	p := &n.plan
	if s.anyFuncs && !n.method {
		if own := s.functions(n.name); own != nil {
			all := newPlan(nodeArgs(n.args, false), append(own, ev.engine.library.functions[n.name]...), false)
			p = &all
		}
	}
	return ev.dispatch(n.name, p, s, receiver, n.method)
}

// functions returns the functions of a name that def made, the nearest first.
func (s *scope) functions(name string) [][]*overload {
	var levels [][]*overload
	for ; s != nil && s.anyFuncs; s = s.parent {
		var level []*overload
		for _, o := range s.funcs {
			if o.name == name {
				level = append(level, o)
			}
		}
		if level != nil {
			levels = append(levels, level)
		}
	}
	return levels
}

// invokeValues calls a function or a method with values.
func (ev *evaluator) invokeValues(s *scope, name string, receiver value.Value, method bool, pos []value.Value, named []value.Named) (value.Value, error) {
	if !method {
		if op, ok := cutPrefix(name, "#operator_", "*"); ok && len(pos) == 2 && binary(op) != bindNone {
			return ev.operate(op, pos[0], pos[1])
		}
		if op, ok := cutPrefix(name, "#unary_operator_"); ok && len(pos) == 1 {
			return ev.unary(op, pos[0])
		}
	}
	args := make([]arg, 0, len(pos)+len(named)+1)
	if method {
		args = append(args, arg{})
	}
	for _, v := range pos {
		args = append(args, arg{val: v})
	}
	for _, n := range named {
		args = append(args, arg{name: n.Name, val: n.Value})
	}
	levels := ev.engine.library.functions[name]
	if method {
		levels = ev.engine.library.methods[name]
	} else if s.anyFuncs {
		levels = append(s.functions(name), levels...)
	}
	p := newPlan(args, levels, method)
	return ev.dispatch(name, &p, s, receiver, method)
}

// dispatch chooses among the overloads of a plan by the types of the arguments,
// and calls the one that fits.
func (ev *evaluator) dispatch(name string, p *plan, s *scope, receiver value.Value, method bool) (value.Value, error) {
	switch {
	case !p.known:
		return nil, ev.unknown(s, name, receiver, method)
	case p.err != nil:
		return nil, ambiguous(p.err, receiver, method)
	case len(p.levels) == 0:
		return nil, notFound(name, receiver, method)
	}
	lazy := p.levels[0][0].lazy
	if !p.same {
		var err error
		if lazy, err = ev.agree(name, p, receiver, method); err != nil {
			return nil, err
		}
	}
	var few [6]value.Value
	vals := few[:0]
	for i, a := range p.args {
		var v value.Value
		switch {
		case method && i == 0:
			v = receiver
		case a.skip, lazy[i]:
		case a.node == nil:
			v = a.val
		default:
			var err error
			if v, err = a.node.eval(ev, s); err != nil {
				return nil, err
			}
		}
		vals = append(vals, v)
	}
	for _, level := range p.levels {
		var winner *bound
		for i := range level {
			b := &level[i]
			if !b.accepts(ev, p, vals) {
				continue
			}
			if winner != nil {
				if b.narrower(winner) {
					winner = b
				} else if !winner.narrower(b) {
					return nil, ambiguous(errorf(AmbiguousError, `Ambiguous function "%s"`, name), receiver, method)
				}
				continue
			}
			winner = b
		}
		if winner != nil {
			return ev.run(winner, p, vals, s)
		}
	}
	return nil, notFound(name, receiver, method)
}

// agree makes sure that all overloads that the receiver is good for want the same
// arguments unevaluated.
func (ev *evaluator) agree(name string, p *plan, receiver value.Value, method bool) ([]bool, error) {
	var lazy []bool
	for _, level := range p.levels {
		for i := range level {
			b := &level[i]
			if method && !b.param(0).typ.matches(ev, receiver) {
				continue
			}
			if lazy == nil {
				lazy = b.lazy
			}
			for j := range lazy {
				if lazy[j] != b.lazy[j] {
					return nil, ambiguous(errorf(AmbiguousError, `Ambiguous function "%s"`, name), receiver, method)
				}
			}
		}
	}
	if lazy == nil {
		return nil, notFound(name, receiver, method)
	}
	return lazy, nil
}

// param returns the parameter for the argument by position at i.
func (b *bound) param(i int) *param {
	if i < len(b.o.params) {
		return &b.o.params[i]
	}
	return b.o.rest
}

// accepts reports whether the arguments have the types of the parameters.
func (b *bound) accepts(ev *evaluator, p *plan, vals []value.Value) bool {
	for i := range b.o.params {
		at := b.src[i]
		if at < 0 {
			continue
		}
		if !b.takes(ev, p, &b.o.params[i], at, vals) {
			return false
		}
	}
	for i := b.rest; i < p.npos; i++ {
		if !b.takes(ev, p, b.o.rest, i, vals) {
			return false
		}
	}
	for _, at := range b.named {
		if !b.takes(ev, p, b.o.named, at, vals) {
			return false
		}
	}
	return true
}

func (b *bound) takes(ev *evaluator, p *plan, q *param, at int, vals []value.Value) bool {
	switch {
	case q.typ.class == "any" && q.typ.null, b.lazy[at] && p.args[at].node != nil:
		return true // an expression was looked at when the plan was made
	case q.typ.class == classWord:
		return p.args[at].node != nil
	}
	if b.lazy[at] {
		return q.typ.matches(ev, p.args[at].val)
	}
	return q.typ.matches(ev, vals[at])
}

// narrower reports whether b is to be preferred to o.
func (b *bound) narrower(o *bound) bool {
	better := false
	for i := range min(len(b.lazy), len(o.lazy)) {
		p, q := b.param(i), o.param(i)
		if p == nil || q == nil {
			continue
		}
		if q.typ.narrower(p.typ) {
			return false
		}
		better = better || p.typ.narrower(q.typ)
	}
	return better
}

// run calls an overload.
func (ev *evaluator) run(b *bound, p *plan, vals []value.Value, s *scope) (value.Value, error) {
	c := &call{ev: ev, o: b.o, outer: s}
	nrest := max(p.npos-b.rest, 0)
	all := make([]value.Value, len(b.o.params)+nrest)
	c.args, c.rest = all[:len(b.o.params):len(b.o.params)], all[len(b.o.params):]
	var err error
	for i := range b.o.params {
		q := &b.o.params[i]
		if at := b.src[i]; at < 0 {
			c.args[i] = q.def
		} else if c.args[i], err = c.give(q, &p.args[at], vals[at]); err != nil {
			return nil, err
		}
	}
	for i := range c.rest {
		if c.rest[i], err = c.give(b.o.rest, &p.args[b.rest+i], vals[b.rest+i]); err != nil {
			return nil, err
		}
	}
	for _, at := range b.named {
		v, err := c.give(b.o.named, &p.args[at], vals[at])
		if err != nil {
			return nil, err
		}
		c.named = append(c.named, value.Named{Name: p.args[at].name, Value: v})
	}
	v, err := b.o.body(c)
	if err != nil {
		return nil, err
	}
	switch v.(type) {
	case nil, bool, int64, float64, *gen:
		return v, nil
	}
	return v, ev.made(v)
}

// give turns an argument into what the parameter asks for.
func (c *call) give(p *param, a *arg, v value.Value) (value.Value, error) {
	switch p.typ.class {
	case classLambda:
		if a.node == nil {
			if a.val == nil {
				return nil, nil
			}
			return &lambda{ev: c.ev, val: a.val, scope: c.outer}, nil
		}
		return &lambda{ev: c.ev, body: a.node, scope: c.outer}, nil
	case classRule:
		rule, _ := a.node.(*ruleNode)
		return &mapRule{
			&lambda{ev: c.ev, body: rule.from, scope: c.outer},
			&lambda{ev: c.ev, body: rule.to, scope: c.outer},
		}, nil
	case "iter", "listlike", "iterator":
		return c.ev.limited(v)
	case "datetime":
		if d, ok := v.(value.DateTime); ok {
			return aware(d), nil
		}
	}
	return v, nil
}

func (ev *evaluator) unknown(s *scope, name string, receiver value.Value, method bool) error {
	var e *Error
	if method {
		e = errorf(NoMethodError, `Unknown method "%s" for receiver %s`, name, shown(receiver))
	} else {
		e = errorf(NoFunctionError, `Unknown function "%s"`, name)
	}
	names := ev.engine.library.names(method)
	for ; s != nil && !method; s = s.parent {
		for _, o := range s.funcs {
			names = append(names, o.name)
		}
	}
	if meant := near.Name(name, names); meant != "" {
		e.Hint = "did you mean " + meant + "?"
	} else if len(ev.engine.library.methods[name]) > 0 && !method {
		e.Hint = "it is a method: x." + name + "()"
	} else if method && len(ev.engine.library.functions[name]) > 0 {
		e.Hint = "it is a function: " + name + "(x)"
	}
	return e
}

func notFound(name string, receiver value.Value, method bool) error {
	if method {
		return errorf(NoMatchMethodError, `No method "%s" for receiver %s matches supplied arguments`, name, shown(receiver))
	}
	return noMatch(name)
}

func ambiguous(err error, receiver value.Value, method bool) error {
	e, ok := err.(*Error) //nolint:errorlint // plans hold nothing else
	if !ok {
		return err
	}
	out := *e // a plan is shared
	if out.Class == AmbiguousError && method {
		out.Class = AmbiguousMethod
		out.Msg += " for receiver " + shown(receiver)
	}
	return &out
}

// shown is a value in a message.
func shown(v value.Value) string {
	switch v.(type) {
	case *value.Dict, *pyDict, *frozenDict, *pyList, *value.List, value.Tuple, *value.Set:
		b, err := value.AppendStr(nil, python(v, maxNested-20), 1<<16)
		if err != nil {
			return value.TypeName(v)
		}
		return clip(string(b))
	}
	return clip(value.Str(v))
}

func clip(s string) string {
	const most = 200
	r := []rune(s[:min(len(s), 4*most)])
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most]) + "…"
}
