package jinja

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of the parser: deeper or longer is no template that anyone wrote, and
// what is parsed is evaluated by recursion.
const (
	maxNesting = 200
	maxChain   = 1000
)

// source is the text that positions point into.
type source struct {
	name string
	text string // normalised
}

// parser reads tokens. It is used for one source.
type parser struct {
	env     *Env
	src     *source
	toks    []token
	i       int
	depth   int
	loops   int        // loops around, for break and continue
	tags    []string   // the tags that are open, for messages
	ends    [][]string // the tags that could end each of them
	blocks  map[string]*blockStmt
	late    error // a mistake that counts only if the rest can be read
	mutates bool  // the template may change a list, dict or set
	usesMacroArgs
}

// usesMacroArgs are the special names that the macro body being parsed has used.
type usesMacroArgs struct{ caller, varargs, kwargs bool }

func (p *parser) cur() token { return p.toks[p.i] }

func (p *parser) peek() token {
	if p.i+1 < len(p.toks) {
		return p.toks[p.i+1]
	}
	return p.toks[len(p.toks)-1]
}

func (p *parser) next() token {
	t := p.toks[p.i]
	if p.i < len(p.toks)-1 {
		p.i++
	}
	return t
}

func (p *parser) failAt(class string, pos int, format string, args ...any) error {
	e := errorf(class, format, args...)
	e.locate(p.src, pos)
	return e
}

// fail reports a mistake at the current token.
func (p *parser) fail(format string, args ...any) error {
	t := p.cur()
	if t.kind == tokError {
		return p.failAt(SyntaxError, t.pos, "%s", t.text)
	}
	return p.failAt(SyntaxError, t.pos, format, args...)
}

// enter goes one level deeper.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxNesting {
		return p.fail("nested deeper than %d levels", maxNesting)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

func (p *parser) skipOp(op string) bool {
	if p.cur().is(op) {
		p.next()
		return true
	}
	return false
}

func (p *parser) skipName(name string) bool {
	if p.cur().named(name) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expectOp(op string) error {
	if !p.skipOp(op) {
		return p.fail("expected token '%s', got %s", op, p.cur().describe())
	}
	return nil
}

func (p *parser) expectName(name string) error {
	if !p.skipName(name) {
		return p.fail("expected token '%s', got %s", name, p.cur().describe())
	}
	return nil
}

func (p *parser) expectKind(k kind) (token, error) {
	t := p.cur()
	if t.kind != k {
		return t, p.fail("expected token %s, got %s", (token{kind: k, text: "name"}).describe(), t.describe())
	}
	return p.next(), nil
}

// parseTemplate reads a whole template.
func (p *parser) parseTemplate() ([]stmt, error) {
	body, err := p.body(nil)
	if err == nil {
		err = p.late
	}
	if err != nil {
		return nil, err
	}
	return body, p.check(body)
}

// parseAlone reads a source that is one expression.
func (p *parser) parseAlone() (expr, error) {
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	if p.cur().kind != tokEOF {
		return nil, p.fail("chunk after expression")
	}
	return x, p.check([]stmt{&printStmt{x: x}})
}

// body reads up to one of the tags that end it, which is the current token
// then. Without ends it reads all.
func (p *parser) body(ends []string) ([]stmt, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	body := []stmt{}
	for {
		t := p.cur()
		switch t.kind {
		case tokData:
			p.next()
			body = append(body, &dataStmt{node{t.pos}, t.text})
		case tokVarBegin:
			p.next()
			x, err := p.tuple(tupleOptions{conditional: true})
			if err != nil {
				return nil, err
			}
			if _, err := p.expectKind(tokVarEnd); err != nil {
				return nil, err
			}
			body = append(body, &printStmt{node{t.pos + len(t.text)}, x})
		case tokBlockBegin:
			p.next()
			if name := p.cur(); name.kind == tokName && slices.Contains(ends, name.text) {
				return body, nil
			}
			s, err := p.statement()
			if err != nil {
				return nil, err
			}
			body = append(body, s...)
			if _, err := p.expectKind(tokBlockEnd); err != nil {
				return nil, err
			}
		case tokEOF:
			if ends != nil {
				return nil, p.failEnd(ends)
			}
			return body, nil
		default:
			return nil, p.fail("unexpected %s", t.describe())
		}
	}
}

// block reads what follows the head of a tag: its end, and the body up to one of
// the tags that end it, whose name it returns.
func (p *parser) block(tag string, ends ...string) ([]stmt, string, error) {
	p.skipOp(":")
	if _, err := p.expectKind(tokBlockEnd); err != nil {
		return nil, "", err
	}
	p.tags, p.ends = append(p.tags, tag), append(p.ends, ends)
	body, err := p.body(ends)
	if err != nil {
		return nil, "", err
	}
	p.tags, p.ends = p.tags[:len(p.tags)-1], p.ends[:len(p.ends)-1]
	return body, p.next().text, nil
}

// open returns the tags that could end the innermost block.
func (p *parser) open() []string {
	if len(p.ends) == 0 {
		return nil
	}
	return p.ends[len(p.ends)-1]
}

// lookingFor says which tags could come now.
func (p *parser) lookingFor(ends []string) string {
	if len(p.tags) == 0 {
		return ""
	}
	s := ""
	if len(ends) > 0 {
		s = fmt.Sprintf(" Jinja was looking for the following tags: '%s'.", strings.Join(ends, "' or '"))
	}
	return s + fmt.Sprintf(" The innermost block that needs to be closed is '%s'.", p.tags[len(p.tags)-1])
}

func (p *parser) failEnd(ends []string) error {
	return p.fail("Unexpected end of template.%s", p.lookingFor(ends))
}

// statement reads a tag after its beginning and up to its end, which is the
// current token then.
func (p *parser) statement() ([]stmt, error) {
	t := p.cur()
	if t.kind != tokName {
		return nil, p.fail("tag name expected")
	}
	one := func(s stmt, err error) ([]stmt, error) {
		if err != nil {
			return nil, err
		}
		return []stmt{s}, nil
	}
	p.next()
	n := node{t.pos}
	switch t.text {
	case "for":
		return one(p.forTag(n))
	case "if":
		return one(p.ifTag(n))
	case "set":
		return one(p.setTag(n))
	case "print":
		return p.printTag()
	case "macro":
		return one(p.macroTag(n))
	case "call":
		return one(p.callTag(n))
	case "filter":
		return one(p.filterTag(n))
	case "with":
		return one(p.withTag(n))
	case "include":
		return one(p.includeTag(n))
	case "import":
		return one(p.importTag(n))
	case "from":
		return one(p.fromTag(n))
	case "extends":
		x, err := p.expression()
		return one(&extendsStmt{n, x}, err)
	case "block":
		return one(p.blockTag(n))
	case "autoescape":
		return one(p.autoescapeTag(n))
	}
	return p.extension(t)
}

// extension reads tags of extensions.
func (p *parser) extension(t token) ([]stmt, error) {
	n := node{t.pos}
	switch {
	case t.text == "do" && p.env.do:
		x, err := p.tuple(tupleOptions{conditional: true})
		return []stmt{&doStmt{n, x}}, err
	case (t.text == "break" || t.text == "continue") && p.env.loopControls:
		if p.loops == 0 {
			return nil, p.failAt(SyntaxError, t.pos, "'%s' outside loop", t.text)
		}
		if t.text == "break" {
			return []stmt{&breakStmt{n}}, nil
		}
		return []stmt{&continueStmt{n}}, nil
	}
	return nil, p.failAt(SyntaxError, t.pos, "Encountered unknown tag '%s'.%s", t.text, p.lookingFor(p.open()))
}

// printTag reads {% print a, b %}.
func (p *parser) printTag() ([]stmt, error) {
	var out []stmt
	for p.cur().kind != tokBlockEnd {
		if out != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		n := node{p.cur().pos}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		out = append(out, &printStmt{n, x})
	}
	return out, nil
}
