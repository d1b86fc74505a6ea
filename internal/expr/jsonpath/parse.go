package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
)

// maxNesting is how deep parentheses may be nested.
const maxNesting = 200

// maxLength is how many characters a path may have.
const maxLength = 10_000

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenName             // a field
	tokenNumber           // an integer
	tokenWord             // `this` and the like
	tokenMark             // . .. [ ] ( ) $ , : | & * where
)

type token struct {
	kind   tokenKind
	text   string
	number int64
	pos    int
}

type lexer struct {
	text string
	src  []rune
	pos  int
}

func (l *lexer) errorf(pos int, format string, args ...any) error {
	return &Error{Text: l.text, Pos: pos, Message: fmt.Sprintf(format, args...)}
}

func isNameStart(r rune) bool {
	return r == '_' || r == '@' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// next reads a token.
func (l *lexer) next() (token, error) {
	for l.pos < len(l.src) && strings.ContainsRune(" \t\n", l.src[l.pos]) {
		l.pos++
	}
	start := l.pos
	if start == len(l.src) {
		return token{pos: start}, nil
	}
	r := l.src[start]
	l.pos++
	switch {
	case isNameStart(r):
		for l.pos < len(l.src) && (isNameStart(l.src[l.pos]) || isDigit(l.src[l.pos]) || l.src[l.pos] == '-') {
			l.pos++
		}
		t := token{kind: tokenName, text: string(l.src[start:l.pos]), pos: start}
		if t.text == "where" {
			t.kind = tokenMark
		}
		return t, nil
	case isDigit(r) || r == '-' && l.pos < len(l.src) && isDigit(l.src[l.pos]):
		for l.pos < len(l.src) && isDigit(l.src[l.pos]) {
			l.pos++
		}
		text := string(l.src[start:l.pos])
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return token{}, l.errorf(start, "the number %s is too large", text)
		}
		return token{kind: tokenNumber, text: text, number: n, pos: start}, nil
	case r == '\'' || r == '"':
		return l.quoted(tokenName, r, start)
	case r == '`':
		return l.quoted(tokenWord, r, start)
	case r == '.' && l.pos < len(l.src) && l.src[l.pos] == '.':
		l.pos++
		return token{kind: tokenMark, text: "..", pos: start}, nil
	case strings.ContainsRune("*.[]()$,:|&", r):
		return token{kind: tokenMark, text: string(r), pos: start}, nil
	}
	return token{}, l.errorf(start, "unexpected character %q", r)
}

// quoted reads up to the closing quote.
func (l *lexer) quoted(kind tokenKind, quote rune, start int) (token, error) {
	var b strings.Builder
	for l.pos < len(l.src) {
		r := l.src[l.pos]
		l.pos++
		switch {
		case r == quote:
			return token{kind: kind, text: b.String(), pos: start}, nil
		case r == '\\' && l.pos < len(l.src):
			r = l.src[l.pos]
			l.pos++
		}
		b.WriteRune(r)
	}
	return token{}, l.errorf(start, "missing closing %c", quote)
}

type parser struct {
	lexer lexer
	tok   token
	depth int
}

func parse(text string) (node, error) {
	p := &parser{lexer: lexer{text: text, src: []rune(text)}}
	if len(p.lexer.src) > maxLength {
		return nil, p.lexer.errorf(maxLength, "the path is longer than %d characters", maxLength)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.path(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected()
	}
	return n, nil
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lexer.next()
	return err
}

func (p *parser) is(mark string) bool { return p.tok.kind == tokenMark && p.tok.text == mark }

func (p *parser) expect(mark string) error {
	if !p.is(mark) {
		return p.unexpected()
	}
	return p.advance()
}

func (p *parser) unexpected() error {
	if p.tok.kind == tokenEnd {
		return p.lexer.errorf(p.tok.pos, "the path ends too early")
	}
	return p.lexer.errorf(p.tok.pos, "unexpected %q", p.tok.text)
}

// tightness returns how tightly an operator binds, or -1.
func tightness(t token) int {
	if t.kind != tokenMark {
		return -1
	}
	switch t.text {
	case "[":
		return 0
	case "..":
		return 1
	case ".":
		return 2
	case "|":
		return 3
	case "&":
		return 4
	case "where":
		return 5
	}
	return -1
}

// path reads operators that bind at least as tightly as given, and their sides.
func (p *parser) path(least int) (node, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, p.lexer.errorf(p.tok.pos, "the path is nested too deeply")
	}
	defer func() { p.depth-- }()
	left, err := p.primary()
	for err == nil {
		op := p.tok
		t := tightness(op)
		if t < least {
			return left, nil
		}
		var right node
		if op.text == "[" {
			if right, err = p.brackets(); err == nil {
				left = child{left, right}
			}
			continue
		}
		if err = p.advance(); err != nil {
			return nil, err
		}
		if right, err = p.path(t + 1); err != nil {
			return nil, err
		}
		switch op.text {
		case "..":
			left = descendants{left, right}
		case ".":
			left = child{left, right}
		case "|":
			left = union{left, right}
		case "&":
			left = intersect{}
		case "where":
			left = where{left, right}
		}
	}
	return nil, err
}

// primary reads what stands between operators.
func (p *parser) primary() (node, error) {
	t := p.tok
	switch {
	case t.kind == tokenName:
		return p.names()
	case t.kind == tokenWord:
		switch t.text {
		case "this":
			return this{}, p.advance()
		case "parent":
			return parent{}, p.advance()
		}
		return nil, p.lexer.errorf(t.pos, "unknown operator `%s`; there are `this` and `parent`", t.text)
	case p.is("*"):
		return fields{"*"}, p.advance()
	case p.is("$"):
		return root{}, p.advance()
	case p.is("["):
		return p.brackets()
	case p.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.path(0)
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	}
	return nil, p.unexpected()
}

// names reads fields with commas between them.
func (p *parser) names() (node, error) {
	var names fields
	for {
		if p.tok.kind != tokenName {
			return nil, p.unexpected()
		}
		names = append(names, p.tok.text)
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.is(",") {
			return names, nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

// brackets reads [fields], [number], [from:to] or [*].
func (p *parser) brackets() (n node, err error) {
	if err := p.expect("["); err != nil {
		return nil, err
	}
	switch {
	case p.tok.kind == tokenName:
		n, err = p.names()
	case p.is("*"):
		n, err = slice{}, p.advance()
	default:
		n, err = p.numbers()
	}
	if err != nil {
		return nil, err
	}
	return n, p.expect("]")
}

func (p *parser) numbers() (node, error) {
	from, err := p.number()
	if err != nil {
		return nil, err
	}
	if !p.is(":") {
		if from == nil {
			return nil, p.unexpected()
		}
		return index(*from), nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	to, err := p.number()
	return slice{from, to}, err
}

func (p *parser) number() (*int64, error) {
	if p.tok.kind != tokenNumber {
		return nil, nil
	}
	n := p.tok.number
	return &n, p.advance()
}
