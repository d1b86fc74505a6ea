package jinja

import (
	"slices"
	"strings"
)

func (p *parser) forTag(n node) (stmt, error) {
	s := &forStmt{node: n}
	var err error
	if s.target, err = p.target(targetOptions{tuple: true}); err != nil {
		return nil, err
	}
	if err := p.expectName("in"); err != nil {
		return nil, err
	}
	if s.iter, err = p.tuple(tupleOptions{}); err != nil {
		return nil, err
	}
	if p.skipName("if") {
		if s.test, err = p.expression(); err != nil {
			return nil, err
		}
	}
	s.recursive = p.skipName("recursive")
	p.loops++
	body, end, err := p.block("for", "endfor", "else")
	p.loops--
	if err != nil {
		return nil, err
	}
	s.body = body
	if end == "else" {
		if s.els, _, err = p.block("for", "endfor"); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (p *parser) ifTag(n node) (stmt, error) {
	s := &ifStmt{node: n}
	for {
		test, err := p.tuple(tupleOptions{})
		if err != nil {
			return nil, err
		}
		body, end, err := p.block("if", "elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		s.tests = append(s.tests, test)
		s.bodies = append(s.bodies, body)
		switch end {
		case "else":
			s.els, _, err = p.block("if", "endif")
			return s, err
		case "endif":
			return s, nil
		}
	}
}

func (p *parser) setTag(n node) (stmt, error) {
	t, err := p.target(targetOptions{tuple: true, namespace: true})
	if err != nil {
		return nil, err
	}
	if p.skipOp("=") {
		x, err := p.tuple(tupleOptions{conditional: true})
		return &setStmt{n, t, x}, err
	}
	s := &setBlockStmt{node: n, target: t}
	if s.filter, err = p.filters(nil, false); err != nil {
		return nil, err
	}
	s.body, _, err = p.block("set", "endset")
	return s, err
}

func (p *parser) withTag(n node) (stmt, error) {
	s := &withStmt{node: n}
	for p.cur().kind != tokBlockEnd {
		if s.targets != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		t, err := p.target(targetOptions{tuple: false})
		if err != nil {
			return nil, err
		}
		if err := p.expectOp("="); err != nil {
			return nil, err
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		s.targets = append(s.targets, t)
		s.vals = append(s.vals, x)
	}
	var err error
	s.body, _, err = p.block("with", "endwith")
	return s, err
}

// macroBody reads the body of a macro, and notes which special names it uses.
func (p *parser) macroBody(sig *signature, tag, end string) ([]stmt, error) {
	outer, loops := p.usesMacroArgs, p.loops
	p.usesMacroArgs, p.loops = usesMacroArgs{}, 0
	body, _, err := p.block(tag, end)
	for _, param := range sig.params {
		switch param {
		case "caller":
			p.caller = false
		case "varargs":
			p.varargs = false
		case "kwargs":
			p.kwargs = false
		}
	}
	sig.caller, sig.varargs, sig.kwargs = p.caller, p.varargs, p.kwargs
	p.caller, p.varargs, p.kwargs = p.caller || outer.caller, p.varargs || outer.varargs, p.kwargs || outer.kwargs
	p.loops = loops
	return body, err
}

func (p *parser) macroTag(n node) (stmt, error) {
	t, err := p.target(targetOptions{nameOnly: true})
	if err != nil {
		return nil, err
	}
	s := &macroStmt{node: n, name: t.name}
	if err := p.signature(&s.signature); err != nil {
		return nil, err
	}
	s.body, err = p.macroBody(&s.signature, "macro", "endmacro")
	return s, err
}

// signature reads (a, b=1).
func (p *parser) signature(sig *signature) error {
	if err := p.expectOp("("); err != nil {
		return err
	}
	for !p.cur().is(")") {
		if sig.params != nil {
			if err := p.expectOp(","); err != nil {
				return err
			}
		}
		t, err := p.target(targetOptions{nameOnly: true})
		if err != nil {
			return err
		}
		sig.params = append(sig.params, t.name)
		if p.skipOp("=") {
			x, err := p.expression()
			if err != nil {
				return err
			}
			sig.defaults = append(sig.defaults, x)
		} else if sig.defaults != nil {
			return p.fail("non-default argument follows default argument")
		}
	}
	p.next()
	return nil
}

func (p *parser) callTag(n node) (stmt, error) {
	caller := &macroStmt{node: n, name: "caller"}
	if p.cur().is("(") {
		if err := p.signature(&caller.signature); err != nil {
			return nil, err
		}
	}
	at := p.cur().pos
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	call, ok := x.(*callExpr)
	if !ok {
		return nil, p.failAt(SyntaxError, at, "expected call")
	}
	caller.body, err = p.macroBody(&caller.signature, "call", "endcall")
	return &callStmt{n, call, caller}, err
}

func (p *parser) filterTag(n node) (stmt, error) {
	filter, err := p.filters(nil, true)
	if err != nil {
		return nil, err
	}
	body, _, err := p.block("filter", "endfilter")
	return &filterStmt{n, filter, body}, err
}

func (p *parser) autoescapeTag(n node) (stmt, error) {
	on, err := p.expression()
	if err != nil {
		return nil, err
	}
	body, _, err := p.block("autoescape", "endautoescape")
	return &autoescapeStmt{n, on, body}, err
}

func (p *parser) blockTag(n node) (stmt, error) {
	name, err := p.expectKind(tokName)
	if err != nil {
		return nil, err
	}
	s := &blockStmt{node: n, name: name.text, topLevel: !slices.ContainsFunc(p.tags, func(tag string) bool { return tag != "if" })}
	s.scoped = p.skipName("scoped")
	s.required = p.skipName("required")
	if p.cur().is("-") {
		return nil, p.fail("Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.")
	}
	if p.blocks[s.name] != nil && p.late == nil {
		p.late = p.failAt(AssertionError, n.pos, "block '%s' defined twice", s.name)
	}
	p.blocks[s.name] = s
	// A block is called with the context, not from within the loop or macro
	// around it.
	loops, outer := p.loops, p.usesMacroArgs
	p.loops = 0
	s.body, _, err = p.block("block", "endblock")
	p.loops, p.usesMacroArgs = loops, outer
	if err != nil {
		return nil, err
	}
	if s.required {
		for _, b := range s.body {
			if d, ok := b.(*dataStmt); !ok || strings.TrimFunc(d.text, isSpace) != "" {
				return nil, p.failAt(SyntaxError, n.pos, "Required blocks can only contain comments or whitespace")
			}
		}
	}
	p.skipName(s.name)
	return s, nil
}

// context reads with context or without context.
func (p *parser) context(otherwise bool) bool {
	if t := p.cur(); (t.named("with") || t.named("without")) && p.peek().named("context") {
		p.next()
		p.next()
		return t.text == "with"
	}
	return otherwise
}

func (p *parser) includeTag(n node) (stmt, error) {
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	s := &includeStmt{node: n, template: x}
	if p.cur().named("ignore") && p.peek().named("missing") {
		p.next()
		p.next()
		s.ignoreMissing = true
	}
	s.withContext = p.context(true)
	return s, nil
}

func (p *parser) importTag(n node) (stmt, error) {
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.expectName("as"); err != nil {
		return nil, err
	}
	t, err := p.target(targetOptions{nameOnly: true})
	if err != nil {
		return nil, err
	}
	return &importStmt{n, x, t.name, p.context(false)}, nil
}

func (p *parser) fromTag(n node) (stmt, error) {
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.expectName("import"); err != nil {
		return nil, err
	}
	s := &fromStmt{node: n, template: x}
	for {
		if s.names != nil {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		if p.cur().kind != tokName {
			if _, err := p.expectKind(tokName); err != nil {
				return nil, err
			}
		}
		if t := p.cur(); (t.named("with") || t.named("without")) && p.peek().named("context") {
			s.withContext = p.context(false)
			return s, nil
		}
		t, err := p.target(targetOptions{nameOnly: true})
		if err != nil {
			return nil, err
		}
		if t.name[0] == '_' {
			return nil, p.failAt(AssertionError, t.pos, "names starting with an underline can not be imported")
		}
		as := t.name
		if p.skipName("as") {
			alias, err := p.target(targetOptions{nameOnly: true})
			if err != nil {
				return nil, err
			}
			as = alias.name
		}
		s.names = append(s.names, t.name)
		s.as = append(s.as, as)
		if t := p.cur(); (t.named("with") || t.named("without")) && p.peek().named("context") {
			s.withContext = p.context(false)
			return s, nil
		}
		if !p.cur().is(",") {
			return s, nil
		}
	}
}
