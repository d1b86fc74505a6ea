package jinja

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// inside adds the tokens of a tag up to its end, which ends tells and adds. The
// end is not looked for inside of brackets.
func (l *lexer) inside(ends func() bool) bool {
	var brackets []byte
	for {
		if len(brackets) == 0 && ends() {
			return true
		}
		if l.at >= len(l.src) {
			return true // the parser misses the end of the tag
		}
		c := l.src[l.at]
		r, n := rune(c), 1
		if c >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(l.src[l.at:])
		}
		switch {
		case isSpace(r):
			l.at += n
		case c >= '0' && c <= '9':
			l.number()
		case isWord(r):
			l.name()
		case c == '\'' || c == '"':
			if !l.str(c) {
				return false
			}
		default:
			op := operatorAt(l.src[l.at:])
			if op == "" {
				return l.fail(fmt.Sprintf("unexpected char %s at %d", strconv.QuoteRune(r), utf8.RuneCountInString(l.src[:l.at])), l.at)
			}
			if msg := balance(&brackets, op); msg != "" {
				return l.fail(msg, l.at)
			}
			l.add(tokOp, op, l.at)
			l.at += len(op)
		}
	}
}

// balance keeps the brackets that are open, and returns what is wrong with op.
func balance(open *[]byte, op string) string {
	switch op {
	case "(":
		*open = append(*open, ')')
	case "[":
		*open = append(*open, ']')
	case "{":
		*open = append(*open, '}')
	case ")", "]", "}":
		n := len(*open)
		if n == 0 {
			return "unexpected '" + op + "'"
		}
		want := (*open)[n-1]
		*open = (*open)[:n-1]
		if op[0] != want {
			return fmt.Sprintf("unexpected '%s', expected '%c'", op, want)
		}
	}
	return ""
}

// operatorAt returns the operator that s begins with, or "".
func operatorAt(s string) string {
	if len(s) >= 2 {
		switch s[:2] {
		case "//", "**", "==", "!=", ">=", "<=":
			return s[:2]
		}
	}
	if strings.IndexByte("+-/*%~[](){}><=.:|,;", s[0]) >= 0 {
		return s[:1]
	}
	return ""
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.N, r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r)
}

func (l *lexer) name() {
	start := l.at
	for l.at < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.at:])
		if !isWord(r) {
			break
		}
		l.at += n
	}
	l.add(tokName, l.src[start:l.at], start)
}

// digits returns where a run of digits from i on ends, in which single
// underscores may stand between digits; i itself if there is none.
func digits(s string, i int, is func(c byte) bool) int {
	end := i
	for i < len(s) {
		if is(s[i]) {
			i++
			end = i
			continue
		}
		if s[i] == '_' && end == i && i+1 < len(s) && is(s[i+1]) && end > 0 {
			i++
			continue
		}
		break
	}
	return end
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isBaseDigit(base byte) func(c byte) bool {
	switch base {
	case 'b':
		return func(c byte) bool { return c == '0' || c == '1' }
	case 'o':
		return func(c byte) bool { return c >= '0' && c <= '7' }
	}
	return func(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
}

// number adds an int or a float. A number after a point is always an int, so
// that a.0.0 is an item of an item.
func (l *lexer) number() {
	start, s := l.at, l.src
	if end, ok := floatEnd(s, start); ok && (start == 0 || s[start-1] != '.') {
		l.at = end
		l.add(tokFloat, s[start:end], start)
		return
	}
	end := start + 1
	switch {
	case s[start] == '0' && end < len(s) && strings.IndexByte("bBoOxX", s[end]) >= 0:
		is := isBaseDigit(s[end] | 0x20)
		from := end + 1
		if from < len(s) && s[from] == '_' {
			from++
		}
		if from < len(s) && is(s[from]) {
			end = digits(s, from, is)
		}
	case s[start] == '0':
		end = digits(s, start, func(c byte) bool { return c == '0' })
	default:
		end = digits(s, start, isDigit)
	}
	l.at = end
	l.add(tokInt, s[start:end], start)
}

// floatEnd reports whether a float is at i, and where it ends.
func floatEnd(s string, i int) (int, bool) {
	end := digits(s, i, isDigit)
	float := false
	if end+1 < len(s) && s[end] == '.' && isDigit(s[end+1]) {
		end = digits(s, end+1, isDigit)
		float = true
	}
	if end < len(s) && s[end]|0x20 == 'e' {
		exp := end + 1
		if exp < len(s) && (s[exp] == '+' || s[exp] == '-') {
			exp++
		}
		if exp < len(s) && isDigit(s[exp]) {
			end = digits(s, exp, isDigit)
			float = true
		}
	}
	return end, float
}

// str adds a text in quotes, with its escapes resolved.
func (l *lexer) str(quote byte) bool {
	start := l.at
	for i := start + 1; i < len(l.src); i++ {
		switch l.src[i] {
		case '\\':
			i++
		case quote:
			text, err := unescape(l.src[start+1 : i])
			if err != "" {
				return l.fail(err, start)
			}
			if l.syntax.Newline != "\n" {
				text = strings.ReplaceAll(text, "\n", l.syntax.Newline)
			}
			l.add(tokString, text, start)
			l.at = i + 1
			return true
		}
	}
	return l.fail(fmt.Sprintf("unexpected char %s at %d", strconv.QuoteRune(rune(quote)), utf8.RuneCountInString(l.src[:start])), start)
}

// unescape resolves the escapes of a text as Python does in its own texts. An
// escape that is none stays as it is.
func unescape(s string) (text, problem string) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, ""
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case '\n':
		case '\\', '\'', '"':
			b.WriteByte(c)
		case 'a', 'b', 'f', 'n', 'r', 't', 'v':
			b.WriteByte("\a\b\f\n\r\t\v"[strings.IndexByte("abfnrtv", c)])
		case 'x', 'u', 'U':
			n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
			if i+n >= len(s) {
				return "", fmt.Sprintf("truncated \\%c escape", c)
			}
			code, err := strconv.ParseUint(s[i+1:i+1+n], 16, 32)
			if err != nil {
				return "", fmt.Sprintf("truncated \\%c escape", c)
			}
			if code > utf8.MaxRune {
				return "", "illegal Unicode character"
			}
			b.WriteRune(rune(code))
			i += n
		case '0', '1', '2', '3', '4', '5', '6', '7':
			end := i + 1
			for end < len(s) && end < i+3 && s[end] >= '0' && s[end] <= '7' {
				end++
			}
			code, _ := strconv.ParseUint(s[i:end], 8, 32)
			b.WriteRune(rune(code))
			i = end - 1
		default:
			b.WriteByte('\\')
			if c < utf8.RuneSelf {
				b.WriteByte(c)
				break
			}
			r, n := utf8.DecodeRuneInString(s[i:]) // which Python escapes before it looks at the text
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), `'\`))
			i += n - 1
		}
	}
	return b.String(), ""
}
