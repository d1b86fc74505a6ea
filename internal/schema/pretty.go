package schema

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Pretty returns v over as many lines of width characters as it needs, as
// Python's pprint does with the order of keys kept.
func Pretty(v value.Value, width int) string {
	p := printer{width: width}
	p.write(v, 0, 0, 0)
	return p.out.String()
}

type printer struct {
	out   strings.Builder
	width int
}

const maxPrettyDepth = 200

// write writes v, which begins at column indent. On its last line, allowance
// characters follow it.
func (p *printer) write(v value.Value, indent, allowance, level int) {
	repr := value.Repr(v)
	room := p.width - indent - allowance
	if utf8.RuneCountInString(repr) <= room || level > maxPrettyDepth {
		p.out.WriteString(repr)
		return
	}
	switch v := v.(type) {
	case *value.Dict:
		if v.Len() > 0 {
			p.dict(v, indent, allowance, level)
			return
		}
	case *value.List:
		if len(v.Items) > 0 {
			p.out.WriteByte('[')
			p.items(v.Items, indent, allowance+1, level)
			p.out.WriteByte(']')
			return
		}
	case value.Tuple:
		if len(v) > 0 {
			closing := ")"
			if len(v) == 1 {
				closing = ",)"
			}
			p.out.WriteByte('(')
			p.items(v, indent, allowance+len(closing), level)
			p.out.WriteString(closing)
			return
		}
	case string:
		p.text(v, indent, allowance, level)
		return
	}
	p.out.WriteString(repr)
}

func (p *printer) dict(d *value.Dict, indent, allowance, level int) {
	p.out.WriteByte('{')
	last := d.Len() - 1
	i := 0
	for k, v := range d.All() {
		if i > 0 {
			p.out.WriteString(",\n" + strings.Repeat(" ", indent+1))
		}
		key := value.Repr(k)
		p.out.WriteString(key + ": ")
		after := 1
		if i == last {
			after = allowance + 1
		}
		p.write(v, indent+1+utf8.RuneCountInString(key)+2, after, level+1)
		i++
	}
	p.out.WriteByte('}')
}

func (p *printer) items(items []value.Value, indent, allowance, level int) {
	for i, item := range items {
		if i > 0 {
			p.out.WriteString(",\n" + strings.Repeat(" ", indent+1))
		}
		after := 1
		if i == len(items)-1 {
			after = allowance
		}
		p.write(item, indent+1, after, level+1)
	}
}

// text writes a text that is too long for its line as several that stand one
// below the other, each with as many words as fit.
func (p *printer) text(s string, indent, allowance, level int) {
	lines := splitLines(s)
	if level == 0 {
		indent++
		allowance++
	}
	var chunks []string
	for i, line := range lines {
		room := p.width - indent
		if i == len(lines)-1 {
			room -= allowance
		}
		if repr := value.Repr(line); utf8.RuneCountInString(repr) <= room {
			chunks = append(chunks, repr)
			continue
		}
		chunks = append(chunks, p.fold(line, indent, allowance, i == len(lines)-1)...)
	}
	if len(chunks) == 1 {
		p.out.WriteString(chunks[0])
		return
	}
	if level == 0 {
		p.out.WriteByte('(')
	}
	p.out.WriteString(strings.Join(chunks, "\n"+strings.Repeat(" ", indent)))
	if level == 0 {
		p.out.WriteByte(')')
	}
}

// fold cuts a line between words.
func (p *printer) fold(line string, indent, allowance int, last bool) []string {
	var chunks []string
	words := splitWords(line)
	current := ""
	for i, word := range words {
		room := p.width - indent
		if last && i == len(words)-1 {
			room -= allowance
		}
		candidate := current + word
		if utf8.RuneCountInString(value.Repr(candidate)) > room {
			if current != "" {
				chunks = append(chunks, value.Repr(current))
			}
			current = word
			continue
		}
		current = candidate
	}
	if current != "" {
		chunks = append(chunks, value.Repr(current))
	}
	return chunks
}

// splitWords cuts s after the white space behind each word.
func splitWords(s string) []string {
	var out []string
	start, space := 0, false
	for i, r := range s {
		white := r == ' ' || r >= '\t' && r <= '\r' || r == 0x85 || r == 0xA0 || r == 0x2028 || r == 0x2029
		if space && !white {
			out = append(out, s[start:i])
			start = i
		}
		space = white
	}
	return append(out, s[start:])
}

// splitLines cuts s after each line break.
func splitLines(s string) []string {
	var out []string
	start := 0
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		if !slices.Contains([]rune{'\n', '\r', 0xB, 0xC, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029}, runes[i]) {
			continue
		}
		if runes[i] == '\r' && i+1 < len(runes) && runes[i+1] == '\n' {
			i++
		}
		out = append(out, string(runes[start:i+1]))
		start = i + 1
	}
	if start < len(runes) || len(out) == 0 {
		out = append(out, string(runes[start:]))
	}
	return out
}
