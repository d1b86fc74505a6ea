package yaql

import (
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// How tight operators bind. A call of a value, which needs delegates, binds
// loosest of all, because the grammar of the reference has no precedence for its
// parenthesis.
const (
	bindNone = iota
	bindSend
	bindOr
	bindAnd
	bindNot
	bindCompare
	bindSum
	bindProduct
	bindMatch
	bindSign
	bindIndex
	bindDot
)

func binary(op string) int {
	switch op {
	case ".", "?.":
		return bindDot
	case "=~", "!~":
		return bindMatch
	case "*", "/", "mod":
		return bindProduct
	case "+", "-":
		return bindSum
	case ">", "<", ">=", "<=", "!=", "=", "in":
		return bindCompare
	case "and":
		return bindAnd
	case "or":
		return bindOr
	case "->":
		return bindSend
	}
	return bindNone
}

func prefix(op string) int {
	switch op {
	case "+", "-":
		return bindSign
	case "not":
		return bindNot
	}
	return bindNone
}

// parser is a Pratt parser over the operators.
type parser struct {
	scanner
	engine *Engine
	tok    token
	depth  int
}

func parse(e *Engine, src string) (node, error) {
	p := &parser{scanner: scanner{src: src}, engine: e}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.expression(bindNone)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, p.unexpected()
	}
	return n, nil
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) unexpected() error {
	var e *Error
	if p.tok.kind == tokEnd {
		e = errorf(GrammarError, "Parse error: unexpected end of statement")
	} else {
		e = errorf(GrammarError, "Parse error: unexpected '%s' at position %d of expression '%s'",
			p.tok.shown(), utf8.RuneCountInString(p.src[:p.tok.pos]), p.src)
	}
	e.locate(p.src, p.tok.pos)
	return e
}

func (p *parser) is(literal string) bool { return p.tok.kind == tokLiteral && p.tok.text == literal }

// expression parses what binds tighter than min.
func (p *parser) expression(least int) (node, error) {
	if p.depth++; p.depth > maxHeight {
		e := limitError("depth", "an expression nested deeper than %d levels", maxHeight)
		return nil, asError(e, p.src, p.tok.pos)
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	for {
		left, err = p.fits(left)
		if err != nil {
			return nil, err
		}
		t := p.tok
		switch {
		case t.kind == tokOp && binary(t.text) > least:
			left, err = p.infix(left, t)
		case p.is("[") && bindIndex > least:
			left, err = p.index(left, t)
		case p.is("(") && least == bindNone && p.engine.options.Delegates:
			left, err = p.callOf(left, t)
		default:
			p.depth--
			return left, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// fits makes sure that n is not nested too deep to be evaluated.
func (p *parser) fits(n node) (node, error) {
	if n.height() > maxHeight {
		e := limitError("depth", "an expression nested deeper than %d levels", maxHeight)
		return nil, asError(e, p.src, n.at())
	}
	return n, nil
}

func (p *parser) infix(left node, op token) (node, error) {
	bind := binary(op.text)
	if op.text == "->" {
		bind-- // it groups to the right
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.expression(bind)
	if err != nil {
		return nil, err
	}
	return newBinary(p.engine, op.text, left, right, op.pos), nil
}

func (p *parser) index(left node, open token) (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	args, err := p.args("]")
	if err != nil {
		return nil, err
	}
	return newIndex(p.engine, left, args, open.pos), nil
}

func (p *parser) callOf(left node, open token) (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	args, err := p.args(")")
	if err != nil {
		return nil, err
	}
	return newCall(p.engine, "#call", append([]node{left}, args...), open.pos), nil
}

// operand parses what an expression begins with.
func (p *parser) operand() (node, error) {
	t := p.tok
	if t.kind == tokEnd {
		return nil, p.unexpected()
	}
	unexpected := p.unexpected
	switch {
	case t.kind == tokConst, t.kind == tokWord:
		return &constNode{base: base{pos: t.pos, tall: 1}, val: t.val, word: t.kind == tokWord}, p.advance()
	case t.kind == tokDollar:
		return newVar(t), p.advance()
	case t.kind == tokOp && prefix(t.text) != bindNone:
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := p.expression(prefix(t.text))
		if err != nil {
			return nil, err
		}
		return &unaryNode{base: over(t.pos, x), op: t.text, x: x}, nil
	case t.kind == tokFunc:
		if err := p.advance(); err != nil {
			return nil, err
		}
		args, err := p.args(")")
		if err != nil {
			return nil, err
		}
		return newCall(p.engine, t.text, args, t.pos), nil
	case p.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := p.expression(bindNone)
		if err != nil {
			return nil, err
		}
		if !p.is(")") {
			return nil, p.unexpected()
		}
		return &wrapNode{base: over(t.pos, x), x: x}, p.advance()
	case p.is("["), p.is("{"):
		name, end := "#list", "]"
		if t.text == "{" {
			name, end = "#map", "}"
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		args, err := p.args(end)
		if err != nil {
			return nil, err
		}
		return newLiteral(p.engine, name, args, t.pos), nil
	}
	return nil, unexpected()
}

// args parses arguments up to the bracket that ends them. An argument that was
// skipped, as in f(,1), is nil. Named ones come last, at most one argument may be
// skipped right before them, and none may be skipped at the end.
func (p *parser) args(end string) ([]node, error) {
	var args []node
	if p.is(end) {
		return args, p.advance()
	}
	named, skipped := false, 0
	for {
		if p.is(",") && !named {
			args = append(args, nil)
			skipped++
			if err := p.advance(); err != nil {
				return nil, err
			}
			continue
		}
		x, err := p.expression(bindNone)
		if err != nil {
			return nil, err
		}
		if p.tok.kind == tokRule {
			if !named && skipped > 0 && (skipped > 1 || len(args) == skipped) {
				return nil, p.unexpected()
			}
			named = true
			pos := p.tok.pos
			if err := p.advance(); err != nil {
				return nil, err
			}
			to, err := p.expression(bindNone)
			if err != nil {
				return nil, err
			}
			x = &ruleNode{base: over(pos, x, to), from: x, to: to}
		} else if named {
			return nil, p.unexpected()
		}
		args, skipped = append(args, x), 0
		if p.is(end) {
			return args, p.advance()
		}
		if !p.is(",") {
			return nil, p.unexpected()
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

// wordOf returns the bare word that n is.
func wordOf(n node) (string, bool) {
	c, ok := n.(*constNode)
	if !ok || !c.word {
		return "", false
	}
	s, ok := c.val.(string)
	return s, ok
}

// constOf returns the constant that n is.
func constOf(n node) (value.Value, bool) {
	c, ok := n.(*constNode)
	if !ok {
		return nil, false
	}
	return c.val, true
}
