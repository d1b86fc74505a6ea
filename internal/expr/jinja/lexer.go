package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer cuts a source into tokens.
type lexer struct {
	syntax *Syntax
	delims []delimiter
	firsts string
	src    string
	at     int
	fresh  bool // at the start of a line, as far as lstrip_blocks is concerned
	tokens []token
}

// lex returns the tokens of a normalised source. What cannot be read is an error
// token, after which nothing comes: the parser may find an earlier mistake.
func lex(s *Syntax, src string) []token {
	l := lexer{syntax: s, delims: s.delimiters(), firsts: s.firsts(), src: src, fresh: true}
	l.run()
	l.end()
	return l.tokens
}

// end adds the end, which has the place of the last token, as in Jinja.
func (l *lexer) end() {
	pos := 0
	if n := len(l.tokens); n > 0 {
		pos = l.tokens[n-1].pos
	}
	l.add(tokEOF, "", pos)
}

// lexExpression returns the tokens of a source that is one expression.
func lexExpression(s *Syntax, src string) []token {
	l := lexer{syntax: s, src: src}
	l.inside(func() bool { return false })
	l.end()
	return l.tokens
}

func (l *lexer) add(k kind, text string, pos int) {
	l.tokens = append(l.tokens, token{k, text, pos})
}

func (l *lexer) fail(msg string, pos int) bool {
	l.add(tokError, msg, pos)
	return false
}

// data adds plain text.
func (l *lexer) data(text string, pos int) {
	if text == "" {
		return
	}
	if l.syntax.Newline != "\n" {
		text = strings.ReplaceAll(text, "\n", l.syntax.Newline)
	}
	l.add(tokData, text, pos)
}

func (l *lexer) run() {
	for l.at < len(l.src) {
		start, d, begin, ok := l.next()
		if !ok {
			l.data(l.src[l.at:], l.at)
			return
		}
		if !l.open(start, d, begin) {
			return
		}
	}
}

// next finds where plain text ends: begin is where that starts which ends it,
// and start where its delimiter does, after white space of a line.
func (l *lexer) next() (start int, d delimiter, begin int, ok bool) {
	for i := l.at; i < len(l.src); {
		j := strings.IndexAny(l.src[i:], l.firsts)
		if j < 0 {
			return 0, d, 0, false
		}
		i += j
		for _, d := range l.delims {
			if at, ok := l.opens(d, i); ok {
				return at, d, i, true
			}
		}
		i++
	}
	return 0, d, 0, false
}

// opens reports whether delimiter d begins at i, and where its text is.
func (l *lexer) opens(d delimiter, i int) (int, bool) {
	at := i
	switch d.kind {
	case openLineStatement:
		if i > 0 && l.src[i-1] != '\n' {
			return 0, false
		}
		for at < len(l.src) && strings.IndexByte(" \t\v", l.src[at]) >= 0 {
			at++
		}
	case openLineComment:
		before, _ := utf8.DecodeLastRuneInString(l.src[:i])
		if i > 0 && before != '\n' && unicode.IsSpace(before) {
			return 0, false
		}
		for at < len(l.src) && strings.IndexByte(" \t\v\f", l.src[at]) >= 0 {
			at++
		}
	default:
	}
	return at, strings.HasPrefix(l.src[at:], d.text)
}

// open handles what begins at start, up to where plain text goes on.
func (l *lexer) open(start int, d delimiter, begin int) bool {
	text := l.src[l.at:begin]
	pos := l.at
	after := start + len(d.text)
	sign := byte(0)
	if after < len(l.src) && (l.src[after] == '-' || l.src[after] == '+') {
		sign = l.src[after]
		after++
	}
	switch {
	case sign == '-':
		text = strings.TrimRightFunc(text, isSpace)
	case sign != '+' && l.syntax.LstripBlocks && d.kind != openVariable:
		text = l.lstrip(text)
	}
	l.at = after
	if d.kind == openBlock {
		if end, ok := l.rawBegin(after); ok {
			l.data(text, pos)
			return l.raw(end)
		}
	}
	l.data(text, pos)
	switch d.kind {
	case openComment:
		return l.comment()
	case openLineComment:
		l.to(l.lineEnd(l.at))
		return true
	case openVariable:
		l.add(tokVarBegin, d.text, start)
		return l.inside(l.variableEnd)
	case openLineStatement:
		l.add(tokBlockBegin, d.text, start)
		return l.inside(l.lineStatementEnd)
	default:
		l.add(tokBlockBegin, d.text, start)
		return l.inside(l.blockEnd)
	}
}

// lstrip drops white space before a tag if there is nothing else on the line.
func (l *lexer) lstrip(text string) string {
	line := strings.LastIndexByte(text, '\n') + 1
	if (line > 0 || l.fresh) && strings.TrimFunc(text[line:], isSpace) == "" {
		return text[:line]
	}
	return text
}

// to goes on at i, where plain text begins.
func (l *lexer) to(i int) {
	l.fresh = i > l.at && l.src[i-1] == '\n'
	l.at = i
}

func (l *lexer) lineEnd(i int) int {
	if n := strings.IndexByte(l.src[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(l.src)
}

// closing matches the end of a tag at i: with - it takes the white space behind
// it, with + or without a sign and with trim_blocks one newline or none.
func (l *lexer) closing(i int, end string, trim bool) (int, bool) {
	rest := l.src[i:]
	switch {
	case strings.HasPrefix(rest, "-"+end):
		i += 1 + len(end)
		rest = l.src[i:]
		return i + len(rest) - len(strings.TrimLeftFunc(rest, isSpace)), true
	case trim && strings.HasPrefix(rest, "+"+end):
		return i + 1 + len(end), true
	case strings.HasPrefix(rest, end):
		i += len(end)
		if trim && l.syntax.TrimBlocks && strings.HasPrefix(l.src[i:], "\n") {
			i++
		}
		return i, true
	}
	return 0, false
}

func (l *lexer) comment() bool {
	n := strings.Index(l.src[l.at:], l.syntax.CommentEnd)
	if l.at == len(l.src) { // Jinja lets that pass
		return true
	}
	if n < 0 {
		return l.fail("Missing end of comment tag", l.at)
	}
	i := l.at + n
	if n > 0 && (l.src[i-1] == '-' || l.src[i-1] == '+') {
		i--
	}
	end, _ := l.closing(i, l.syntax.CommentEnd, true)
	l.to(end)
	return true
}

// rawBegin reports whether a raw tag follows the start of a block at i, and
// where its text begins.
func (l *lexer) rawBegin(i int) (int, bool) {
	i = l.skipSpace(i)
	if !strings.HasPrefix(l.src[i:], "raw") {
		return 0, false
	}
	return l.closing(l.skipSpace(i+3), l.syntax.BlockEnd, false)
}

func (l *lexer) skipSpace(i int) int {
	return i + len(l.src[i:]) - len(strings.TrimLeftFunc(l.src[i:], isSpace))
}

// raw adds the text from i to the end of the raw block.
func (l *lexer) raw(i int) bool {
	l.to(i)
	if i == len(l.src) { // Jinja lets that pass
		return true
	}
	for j := i; ; j++ {
		n := strings.Index(l.src[j:], l.syntax.BlockStart)
		if n < 0 {
			return l.fail("Missing end of raw directive", i)
		}
		j += n
		k := j + len(l.syntax.BlockStart)
		sign := byte(0)
		if k < len(l.src) && (l.src[k] == '-' || l.src[k] == '+') {
			sign = l.src[k]
			k++
		}
		k = l.skipSpace(k)
		if !strings.HasPrefix(l.src[k:], "endraw") {
			continue
		}
		end, ok := l.closing(l.skipSpace(k+len("endraw")), l.syntax.BlockEnd, true)
		if !ok {
			continue
		}
		text := l.src[i:j]
		switch {
		case sign == '-':
			text = strings.TrimRightFunc(text, isSpace)
		case sign != '+' && l.syntax.LstripBlocks:
			text = l.lstrip(text)
		}
		l.data(text, i)
		l.to(end)
		return true
	}
}

func (l *lexer) variableEnd() bool {
	end, ok := l.closing(l.at, l.syntax.VariableEnd, false)
	return ok && l.close(tokVarEnd, end)
}

func (l *lexer) blockEnd() bool {
	end, ok := l.closing(l.at, l.syntax.BlockEnd, true)
	return ok && l.close(tokBlockEnd, end)
}

// lineStatementEnd matches white space up to the end of a line.
func (l *lexer) lineStatementEnd() bool {
	if l.at == len(l.src) {
		return l.close(tokBlockEnd, l.at)
	}
	end := l.skipSpace(l.at)
	if end == len(l.src) {
		return l.close(tokBlockEnd, end)
	}
	if n := strings.LastIndexByte(l.src[l.at:end], '\n'); n >= 0 {
		return l.close(tokBlockEnd, l.at+n+1)
	}
	return false
}

func (l *lexer) close(k kind, end int) bool {
	l.add(k, l.src[l.at:end], l.at)
	l.to(end)
	return true
}

// isSpace is what \s matches in Python.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
