package pyyaml

import (
	"fmt"
	"strings"
)

func isBreak(r rune) bool { return r == '\n' || r == 0x85 || r == 0x2028 || r == 0x2029 }

func isBlank(r rune) bool { return r == 0 || r == ' ' || r == '\t' || r == '\r' || isBreak(r) }

// analysis says in which ways a text can be written in a block.
type analysis struct {
	multiline                    bool
	plain, singleQuoted, literal bool
}

func analyze(text []rune, unicode bool) analysis {
	if len(text) == 0 {
		return analysis{plain: true, singleQuoted: true}
	}
	var indicators, breaks, special bool
	var breakSpace, spaceBreak, lastSpace, lastBreak bool
	if s := string(text[:min(3, len(text))]); s == "---" || s == "..." {
		indicators = true
	}
	for i, r := range text {
		nextBlank := i+1 >= len(text) || isBlank(text[i+1])
		switch {
		case i == 0 && strings.ContainsRune("#,[]{}&*!|>'\"%@`", r),
			i == 0 && (r == '?' || r == '-') && nextBlank,
			r == ':' && nextBlank,
			r == '#' && i > 0 && isBlank(text[i-1]):
			indicators = true
		}
		if isBreak(r) {
			breaks = true
		}
		if r != '\n' && (r < 0x20 || r > 0x7E) {
			printable := r == 0x85 || r >= 0xA0 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r < 0x10FFFF
			if !printable || r == byteOrderMark || !unicode {
				special = true
			}
		}
		switch {
		case r == ' ':
			breakSpace = breakSpace || lastBreak
			lastSpace, lastBreak = true, false
		case isBreak(r):
			spaceBreak = spaceBreak || lastSpace
			lastSpace, lastBreak = false, true
		default:
			lastSpace, lastBreak = false, false
		}
	}
	first, last := text[0], text[len(text)-1]
	edge := first == ' ' || isBreak(first) || last == ' ' || isBreak(last)
	bad := spaceBreak || special
	return analysis{
		multiline:    breaks,
		plain:        !edge && !breakSpace && !bad && !breaks && !indicators,
		singleQuoted: !breakSpace && !bad,
		literal:      last != ' ' && !bad,
	}
}

// scalar writes a text so that it reads as a value of the tag.
func (e *emitter) scalar(text, tag string, at place) {
	outer := e.indent
	if e.indent < 0 {
		e.indent = e.o.Indent
	} else {
		e.indent += e.o.Indent
	}
	runes := []rune(text)
	a := analyze(runes, e.o.Unicode)
	looks := looksLike(text) == tag
	narrow := at.simpleKey && (text == "" || a.multiline)
	switch {
	case tag == yamlTag+"binary" && !at.simpleKey && a.literal:
		e.indicator(shortTag(tag), true, false, false)
		e.literal(runes)
	case looks && !narrow && a.plain && tag != yamlTag+"binary":
		e.plain(runes, at)
	default:
		if tag != strTag {
			e.indicator(shortTag(tag), true, false, false)
		}
		if a.singleQuoted && (!at.simpleKey || !a.multiline) && tag != yamlTag+"binary" {
			e.singleQuoted(runes, !at.simpleKey)
		} else {
			e.doubleQuoted(runes, !at.simpleKey)
		}
	}
	e.indent = outer
}

// indicator writes a mark, after a space if it needs one and there is none.
func (e *emitter) indicator(text string, needSpace, whitespace, indention bool) {
	if needSpace && !e.whitespace {
		text = " " + text
	}
	e.whitespace = whitespace
	e.indention = e.indention && indention
	e.column += len(text)
	e.openEnded = false
	e.out.WriteString(text)
}

// writeIndent goes to the column of the block, on a new line unless this one is
// good.
func (e *emitter) writeIndent() {
	indent := max(e.indent, 0)
	if !e.indention || e.column > indent || e.column == indent && !e.whitespace {
		e.lineBreak('\n')
	}
	if e.column < indent {
		e.whitespace = true
		e.out.WriteString(strings.Repeat(" ", indent-e.column))
		e.column = indent
	}
}

func (e *emitter) lineBreak(r rune) {
	e.whitespace, e.indention = true, true
	e.column = 0
	e.out.WriteRune(r)
}

func (e *emitter) text(runes []rune) {
	e.column += len(runes)
	e.out.WriteString(string(runes))
}

func (e *emitter) plain(text []rune, at place) {
	if at.root {
		e.openEnded = true
	}
	if len(text) == 0 {
		return
	}
	if !e.whitespace {
		e.text([]rune{' '})
	}
	e.whitespace, e.indention = false, false
	e.words(text, !at.simpleKey, false)
}

func (e *emitter) singleQuoted(text []rune, split bool) {
	e.indicator("'", true, false, false)
	e.words(text, split, true)
	e.indicator("'", false, false, false)
}

// words writes a text and folds it where it gets too wide: at a single space
// inside of it.
func (e *emitter) words(text []rune, split, quoted bool) {
	folded := func() {
		if !quoted {
			e.whitespace, e.indention = false, false
		}
	}
	for i := 0; i < len(text); {
		j := i
		switch {
		case text[i] == ' ':
			for j < len(text) && text[j] == ' ' {
				j++
			}
			if j-i == 1 && split && e.column > e.o.Width && i != 0 && j != len(text) {
				e.writeIndent()
				folded()
			} else {
				e.text(text[i:j])
			}
		case isBreak(text[i]):
			for j < len(text) && isBreak(text[j]) {
				j++
			}
			if text[i] == '\n' {
				e.lineBreak('\n')
			}
			for _, r := range text[i:j] {
				e.lineBreak(r)
			}
			e.writeIndent()
			folded()
		default:
			for j < len(text) && text[j] != ' ' && !isBreak(text[j]) {
				j++
			}
			word := text[i:j]
			if quoted {
				word = []rune(strings.ReplaceAll(string(word), "'", "''"))
			}
			e.text(word)
		}
		i = j
	}
}

func (e *emitter) doubleQuoted(text []rune, split bool) {
	e.indicator(`"`, true, false, false)
	start := 0
	for end := 0; end <= len(text); end++ {
		plainChar := end < len(text) && e.unescaped(text[end])
		if !plainChar {
			if start < end {
				e.text(text[start:end])
				start = end
			}
			if end < len(text) {
				e.text([]rune(escaped(text[end])))
				start = end + 1
			}
		}
		if !split || end == 0 || end >= len(text)-1 || text[end] != ' ' && start < end || e.column+end-start <= e.o.Width {
			continue
		}
		if start < end {
			e.text(text[start:end])
			start = end
		}
		e.text([]rune{'\\'})
		e.writeIndent()
		e.whitespace, e.indention = false, false
		if text[start] == ' ' {
			e.text([]rune{'\\'})
		}
	}
	e.indicator(`"`, false, false, false)
}

// unescaped reports whether r stands for itself in double quotes.
func (e *emitter) unescaped(r rune) bool {
	switch {
	case r == '"' || r == '\\' || r == 0x85 || r == 0x2028 || r == 0x2029 || r == byteOrderMark:
		return false
	case r >= 0x20 && r <= 0x7E:
		return true
	}
	return e.o.Unicode && (r >= 0xA0 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD)
}

func escaped(r rune) string {
	switch r {
	case 0:
		return `\0`
	case 7:
		return `\a`
	case 8:
		return `\b`
	case '\t':
		return `\t`
	case '\n':
		return `\n`
	case 0xB:
		return `\v`
	case 0xC:
		return `\f`
	case '\r':
		return `\r`
	case 0x1B:
		return `\e`
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case 0x85:
		return `\N`
	case 0xA0:
		return `\_`
	case 0x2028:
		return `\L`
	case 0x2029:
		return `\P`
	}
	switch {
	case r <= 0xFF:
		return fmt.Sprintf(`\x%02X`, r)
	case r <= 0xFFFF:
		return fmt.Sprintf(`\u%04X`, r)
	}
	return fmt.Sprintf(`\U%08X`, r)
}

// literal writes a text line by line after a '|'.
func (e *emitter) literal(text []rune) {
	hints := ""
	if n := len(text); n > 0 {
		if text[0] == ' ' || isBreak(text[0]) {
			hints += fmt.Sprint(e.o.Indent)
		}
		switch {
		case !isBreak(text[n-1]):
			hints += "-"
		case n == 1 || isBreak(text[n-2]):
			hints += "+"
		}
	}
	e.indicator("|"+hints, true, false, false)
	e.openEnded = strings.HasSuffix(hints, "+")
	e.lineBreak('\n')
	for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n") {
		if line != "" {
			e.writeIndent()
			e.out.WriteString(line)
		}
		e.lineBreak('\n')
	}
}
