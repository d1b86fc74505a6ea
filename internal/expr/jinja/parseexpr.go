package jinja

import (
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// expression reads a whole expression, with an if behind it perhaps.
func (p *parser) expression() (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	x, err := p.or()
	if err != nil {
		return nil, err
	}
	for n := 0; p.cur().named("if"); n++ {
		pos := p.next().pos
		test, err := p.or()
		if err != nil {
			return nil, err
		}
		var no expr
		if p.skipName("else") {
			if no, err = p.expression(); err != nil {
				return nil, err
			}
		}
		if n > maxChain {
			return nil, p.tooLong()
		}
		x = &condExpr{node{pos}, test, x, no}
	}
	return x, nil
}

func (p *parser) tooLong() error { return p.fail("more than %d operators in a row", maxChain) }

// chain reads operands of the next level with operators between them, from the
// left to the right.
func (p *parser) chain(operand func() (expr, error), join func(a expr) (func(b expr) expr, bool)) (expr, error) {
	a, err := operand()
	for n := 0; err == nil; n++ {
		with, ok := join(a)
		if !ok {
			return a, nil
		}
		if n > maxChain {
			return nil, p.tooLong()
		}
		var b expr
		if b, err = operand(); err == nil {
			a = with(b)
		}
	}
	return nil, err
}

func (p *parser) logic(operand func() (expr, error), and bool, word string) (expr, error) {
	return p.chain(operand, func(a expr) (func(expr) expr, bool) {
		if !p.cur().named(word) {
			return nil, false
		}
		n := node{p.next().pos}
		return func(b expr) expr { return &logicExpr{n, and, a, b} }, true
	})
}

func (p *parser) or() (expr, error)  { return p.logic(p.and, false, "or") }
func (p *parser) and() (expr, error) { return p.logic(p.not, true, "and") }

func (p *parser) not() (expr, error) {
	if !p.cur().named("not") {
		return p.compare()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	n := node{p.next().pos}
	x, err := p.not()
	return &notExpr{n, x}, err
}

// compareOp takes a comparison operator.
func (p *parser) compareOp() string {
	t := p.cur()
	switch {
	case t.kind == tokOp:
		switch t.text {
		case "==", "!=", "<", "<=", ">", ">=":
			p.next()
			return t.text
		}
	case t.named("in"):
		p.next()
		return "in"
	case t.named("not") && p.peek().named("in"):
		p.next()
		p.next()
		return "not in"
	}
	return ""
}

func (p *parser) compare() (expr, error) {
	first, err := p.sum()
	if err != nil {
		return nil, err
	}
	c := &compareExpr{first: first}
	for {
		n := node{p.cur().pos}
		op := p.compareOp()
		if op == "" {
			break
		}
		if len(c.ops) > maxChain {
			return nil, p.tooLong()
		}
		x, err := p.sum()
		if err != nil {
			return nil, err
		}
		c.ops = append(c.ops, comparison{n, op, x})
	}
	if c.ops == nil {
		return first, nil
	}
	c.node = c.ops[0].node
	return c, nil
}

// binary reads operands with operators of one level between them.
func (p *parser) binary(operand func() (expr, error), ops ...value.Op) (expr, error) {
	return p.chain(operand, func(a expr) (func(expr) expr, bool) {
		for _, op := range ops {
			if p.cur().is(string(op)) {
				n := node{p.next().pos}
				return func(b expr) expr { return &binExpr{n, op, a, b} }, true
			}
		}
		return nil, false
	})
}

func (p *parser) sum() (expr, error) { return p.binary(p.concat, value.Add, value.Sub) }
func (p *parser) product() (expr, error) {
	return p.binary(p.power, value.Mul, value.Div, value.FloorDiv, value.Mod)
}
func (p *parser) power() (expr, error) { return p.binary(p.operand, value.Pow) }
func (p *parser) operand() (expr, error) {
	return p.unary(true)
}

func (p *parser) concat() (expr, error) {
	pos := p.cur().pos
	x, err := p.product()
	if err != nil || !p.cur().is("~") {
		return x, err
	}
	parts := []expr{x}
	for p.skipOp("~") {
		if x, err = p.product(); err != nil {
			return nil, err
		}
		parts = append(parts, x)
	}
	return &concatExpr{node{pos}, parts}, nil
}

func (p *parser) unary(filters bool) (x expr, err error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	switch t := p.cur(); {
	case t.is("-") || t.is("+"):
		p.next()
		if x, err = p.unary(false); err == nil {
			x = &unaryExpr{node{t.pos}, t.text[0], x}
		}
	default:
		x, err = p.primary()
	}
	if err == nil {
		x, err = p.postfix(x)
	}
	if err == nil && filters {
		x, err = p.filtered(x)
	}
	return x, err
}

func (p *parser) primary() (expr, error) {
	t := p.cur()
	n := node{t.pos}
	switch t.kind {
	case tokName:
		p.next()
		switch t.text {
		case "true", "True":
			return &literal{n, true}, nil
		case "false", "False":
			return &literal{n, false}, nil
		case "none", "None":
			return &literal{n, nil}, nil
		case "caller":
			p.caller = true
		case "varargs":
			p.varargs = true
		case "kwargs":
			p.kwargs = true
		}
		return &nameExpr{n, t.text}, nil
	case tokString:
		var b strings.Builder
		for p.cur().kind == tokString {
			b.WriteString(p.next().text)
		}
		p.mutates = p.mutates || isMutator(b.String()) // as in x['append']
		return &literal{n, b.String()}, nil
	case tokInt:
		p.next()
		v, err := value.ParseInt(t.text, 0)
		if err != nil {
			return nil, p.failAt(SyntaxError, t.pos, "%s", err)
		}
		return &literal{n, v}, nil
	case tokFloat:
		p.next()
		f, err := strconv.ParseFloat(strings.ReplaceAll(t.text, "_", ""), 64)
		if err != nil && f == 0 {
			return nil, p.failAt(SyntaxError, t.pos, "%s", err)
		}
		return &literal{n, f}, nil
	default:
	}
	switch {
	case t.is("("):
		p.next()
		x, err := p.tuple(tupleOptions{conditional: true, parens: true})
		if err != nil {
			return nil, err
		}
		return x, p.expectOp(")")
	case t.is("["):
		return p.list(n)
	case t.is("{"):
		return p.dict(n)
	}
	return nil, p.fail("unexpected %s", t.describe())
}

func (p *parser) list(n node) (expr, error) {
	p.next()
	l := &listExpr{node: n}
	for !p.cur().is("]") {
		if l.items != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
			if p.cur().is("]") {
				break
			}
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		l.items = append(l.items, x)
	}
	return l, p.expectOp("]")
}

func (p *parser) dict(n node) (expr, error) {
	p.next()
	d := &dictExpr{node: n}
	for !p.cur().is("}") {
		if d.keys != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
			if p.cur().is("}") {
				break
			}
		}
		k, err := p.expression()
		if err != nil {
			return nil, err
		}
		if err := p.expectOp(":"); err != nil {
			return nil, err
		}
		v, err := p.expression()
		if err != nil {
			return nil, err
		}
		d.keys = append(d.keys, k)
		d.vals = append(d.vals, v)
	}
	return d, p.expectOp("}")
}

// tupleOptions say what can be in a tuple.
type tupleOptions struct {
	conditional bool // its items may have an if
	parens      bool // it is in parentheses, so that it may be empty
}

// tuple reads expressions with commas between them: one without a comma is no
// tuple.
func (p *parser) tuple(o tupleOptions) (expr, error) {
	pos := p.cur().pos
	item := p.expression
	if !o.conditional {
		item = p.or
	}
	var items []expr
	comma := false
	for {
		if items != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		if t := p.cur(); t.kind == tokVarEnd || t.kind == tokBlockEnd || t.is(")") {
			break
		}
		x, err := item()
		if err != nil {
			return nil, err
		}
		items = append(items, x)
		if !p.cur().is(",") {
			break
		}
		comma = true
	}
	if !comma {
		if len(items) == 1 {
			return items[0], nil
		}
		if !o.parens {
			return nil, p.fail("Expected an expression, got %s", p.cur().describe())
		}
	}
	return &tupleExpr{node{pos}, items}, nil
}
