package jinja

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// postfix reads attributes, items and calls behind an expression.
func (p *parser) postfix(x expr) (expr, error) {
	for n := 0; ; n++ {
		var err error
		switch t := p.cur(); {
		case t.is("."):
			x, err = p.attribute(x)
		case t.is("["):
			x, err = p.subscript(x)
		case t.is("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
		if n > maxChain {
			return nil, p.tooLong()
		}
	}
}

// filtered reads filters and tests behind an expression.
func (p *parser) filtered(x expr) (expr, error) {
	for n := 0; ; n++ {
		var err error
		switch t := p.cur(); {
		case t.is("|"):
			x, err = p.oneFilter(x)
		case t.named("is"):
			x, err = p.test(x)
		case t.is("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
		if n > maxChain {
			return nil, p.tooLong()
		}
	}
}

func (p *parser) attribute(x expr) (expr, error) {
	p.next()
	t := p.cur()
	switch t.kind {
	case tokName:
		p.next()
		p.mutates = p.mutates || isMutator(t.text)
		return &attrExpr{node{t.pos}, x, t.text}, nil
	case tokInt:
		p.next()
		i, err := value.ParseInt(t.text, 0)
		if err != nil {
			return nil, p.failAt(SyntaxError, t.pos, "%s", err)
		}
		return &itemExpr{node{t.pos}, x, &literal{node{t.pos}, i}}, nil
	default:
		return nil, p.fail("expected name or number")
	}
}

// subscript reads x[key], x[start:stop:step] and x[a, b].
func (p *parser) subscript(x expr) (expr, error) {
	n := node{p.next().pos}
	var keys []expr
	comma := false
	for !p.cur().is("]") {
		if keys != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
			comma = true
		}
		key, slice, err := p.key(n, x)
		if err != nil {
			return nil, err
		}
		if slice != nil {
			if keys != nil || !p.cur().is("]") {
				return nil, p.fail("a slice among several keys is not supported")
			}
			p.next()
			return slice, nil
		}
		keys = append(keys, key)
	}
	if err := p.expectOp("]"); err != nil {
		return nil, err
	}
	if len(keys) == 1 && !comma {
		return &itemExpr{n, x, keys[0]}, nil
	}
	return &itemExpr{n, x, &tupleExpr{n, keys}}, nil
}

// key reads a key, or if there is a colon a slice of x.
func (p *parser) key(n node, x expr) (key expr, slice *sliceExpr, err error) {
	s := &sliceExpr{node: n, obj: x}
	if !p.cur().is(":") {
		if s.start, err = p.expression(); err != nil {
			return nil, nil, err
		}
		if !p.cur().is(":") {
			return s.start, nil, nil
		}
	}
	p.next()
	ends := func() bool { return p.cur().is(":") || p.cur().is("]") || p.cur().is(",") }
	if !ends() {
		if s.stop, err = p.expression(); err != nil {
			return nil, nil, err
		}
	}
	if p.skipOp(":") && !ends() {
		if s.step, err = p.expression(); err != nil {
			return nil, nil, err
		}
	}
	return nil, s, nil
}

func (p *parser) call(fn expr) (expr, error) {
	n := node{p.cur().pos}
	args, err := p.arguments()
	if args.static != nil {
		switch fn := fn.(type) {
		case *attrExpr:
			args.static.Name = fn.name
		case *nameExpr:
			args.static.Name = fn.name
		}
	}
	return &callExpr{n, fn, args}, err
}

// arguments reads (a, *b, c=d, **e).
func (p *parser) arguments() (arguments, error) {
	var a arguments
	if err := p.expectOp("("); err != nil {
		return a, err
	}
	for first := true; !p.cur().is(")"); first = false {
		if !first {
			if err := p.expectOp(","); err != nil {
				return a, err
			}
			if p.cur().is(")") {
				break
			}
		}
		if err := p.argument(&a); err != nil {
			return a, err
		}
	}
	p.next()
	a.fold()
	return a, nil
}

func (p *parser) argument(a *arguments) error {
	bad := func(is bool) error {
		if is {
			return p.fail("invalid syntax for function call expression")
		}
		return nil
	}
	switch t := p.cur(); {
	case t.is("*"):
		if err := bad(a.rest != nil || a.more != nil); err != nil {
			return err
		}
		p.next()
		x, err := p.expression()
		a.rest = x
		return err
	case t.is("**"):
		if err := bad(a.more != nil); err != nil {
			return err
		}
		p.next()
		x, err := p.expression()
		a.more = x
		return err
	case t.kind == tokName && p.peek().is("="):
		if err := bad(a.more != nil); err != nil {
			return err
		}
		p.next()
		p.next()
		x, err := p.expression()
		a.named = append(a.named, namedExpr{t.text, x})
		return err
	}
	if err := bad(a.rest != nil || a.more != nil || a.named != nil); err != nil {
		return err
	}
	x, err := p.expression()
	a.pos = append(a.pos, x)
	return err
}

// fold makes the arguments once where they are all literals.
func (a *arguments) fold() {
	if a.rest != nil || a.more != nil {
		return
	}
	args := &value.Args{}
	for _, x := range a.pos {
		l, ok := x.(*literal)
		if !ok {
			return
		}
		args.Pos = append(args.Pos, l.val)
	}
	for _, n := range a.named {
		l, ok := n.x.(*literal)
		if !ok {
			return
		}
		args.Named = append(args.Named, value.Named{Name: n.name, Value: l.val})
	}
	a.static = args
}

// dotted reads a name with dots in it.
func (p *parser) dotted() (string, error) {
	t, err := p.expectKind(tokName)
	if err != nil {
		return "", err
	}
	parts := []string{t.text}
	for p.cur().is(".") {
		p.next()
		if t, err = p.expectKind(tokName); err != nil {
			return "", err
		}
		parts = append(parts, t.text)
	}
	return strings.Join(parts, "."), nil
}

// oneFilter reads | name(args).
func (p *parser) oneFilter(in expr) (expr, error) {
	p.next()
	return p.filterCall(in)
}

func (p *parser) filterCall(in expr) (*filterExpr, error) {
	x := &filterExpr{node: node{p.cur().pos}, in: in}
	var err error
	if x.name, err = p.dotted(); err != nil {
		return nil, err
	}
	if p.cur().is("(") {
		if x.args, err = p.arguments(); err != nil {
			return nil, err
		}
	} else {
		x.args.fold()
	}
	x.fn = p.env.filters[x.name]
	if x.args.static != nil {
		x.args.static.Name = x.name
	}
	return x, nil
}

// filters reads the filters of a filter block or a block of set, the first of
// which has no | before it if inline.
func (p *parser) filters(in expr, inline bool) (*filterExpr, error) {
	var x *filterExpr
	for inline || p.cur().is("|") {
		if !inline {
			p.next()
		}
		inline = false
		if x != nil {
			in = x
		}
		var err error
		if x, err = p.filterCall(in); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// test reads is name, is not name, and its arguments, of which one may be
// without parentheses.
func (p *parser) test(in expr) (expr, error) {
	pos := p.next().pos
	negated := p.skipName("not")
	x := &testExpr{node: node{p.cur().pos}, in: in}
	var err error
	if x.name, err = p.dotted(); err != nil {
		return nil, err
	}
	switch t := p.cur(); {
	case t.is("("):
		x.args, err = p.arguments()
	case t.kind == tokString, t.kind == tokInt, t.kind == tokFloat, t.is("["), t.is("{"),
		t.kind == tokName && t.text != "else" && t.text != "or" && t.text != "and":
		if t.named("is") {
			return nil, p.fail("You cannot chain multiple tests with is")
		}
		var arg expr
		if arg, err = p.primary(); err == nil {
			arg, err = p.postfix(arg)
		}
		x.args.pos = []expr{arg}
		if err == nil {
			x.args.fold()
		}
	default:
		x.args.fold()
	}
	if err != nil {
		return nil, err
	}
	x.fn = p.env.tests[x.name]
	if x.args.static != nil {
		x.args.static.Name = x.name
	}
	if negated {
		return &notExpr{node{pos}, x}, nil
	}
	return x, nil
}

// targetOptions say what can be assigned to.
type targetOptions struct{ tuple, nameOnly, namespace bool }

// target reads what is assigned to.
func (p *parser) target(o targetOptions) (target, error) {
	if o.nameOnly {
		return p.targetName(o)
	}
	pos := p.cur().pos
	var items []target
	comma := false
	for {
		if items != nil {
			if err := p.expectOp(","); err != nil {
				return target{}, err
			}
		}
		if t := p.cur(); t.kind == tokBlockEnd || t.is(")") {
			break
		}
		t, err := p.targetItem(o)
		if err != nil {
			return t, err
		}
		items = append(items, t)
		if !o.tuple || !p.cur().is(",") {
			break
		}
		comma = true
	}
	switch {
	case len(items) == 0 && !comma:
		return target{}, p.fail("Expected an expression, got %s", p.cur().describe())
	case len(items) == 1 && !comma:
		return items[0], nil
	}
	return target{node: node{pos}, items: items}, nil
}

func (p *parser) targetItem(o targetOptions) (target, error) {
	if !p.cur().is("(") && !p.cur().is("[") {
		return p.targetName(o)
	}
	if err := p.enter(); err != nil {
		return target{}, err
	}
	defer p.leave()
	if p.cur().is("[") {
		return target{}, p.fail("can't assign to 'list'")
	}
	p.next()
	o.tuple = true
	t, err := p.target(o)
	if err != nil {
		return t, err
	}
	return t, p.expectOp(")")
}

func (p *parser) targetName(o targetOptions) (target, error) {
	t := p.cur()
	if t.kind != tokName {
		if t.kind == tokString || t.kind == tokInt || t.kind == tokFloat {
			return target{}, p.fail("can't assign to 'const'")
		}
		return target{}, p.fail("expected token 'name', got %s", t.describe())
	}
	switch t.text {
	case "true", "false", "none", "True", "False", "None":
		return target{}, p.fail("can't assign to '%s'", strings.ToLower(t.text))
	}
	p.next()
	out := target{node: node{t.pos}, name: t.text}
	if o.namespace && p.cur().is(".") {
		p.next()
		attr, err := p.expectKind(tokName)
		out.attr = attr.text
		return out, err
	}
	return out, nil
}
