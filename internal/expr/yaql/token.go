package yaql

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// kind is what a token is.
type kind uint8

const (
	tokEnd     kind = iota
	tokConst        // a text in quotes, a number, true, false or null
	tokWord         // a bare word
	tokFunc         // a name with a parenthesis right after it
	tokDollar       // $ and the name after it
	tokOp           // an operator, also a word such as and
	tokRule         // =>
	tokLiteral      // ( ) [ ] { } or ,
)

// token is a piece of an expression. Its text is the operator, the name or the
// bracket.
type token struct {
	kind kind
	text string
	val  value.Value // of a constant
	pos  int
}

// shown is the token as the reference names it in a message.
func (t token) shown() string {
	if t.kind == tokConst {
		return value.Str(t.val)
	}
	return t.text
}

// scanner cuts an expression into tokens.
type scanner struct {
	src string
	pos int
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.N, r)
}

// word returns the length of the run of word characters at i.
func (s *scanner) word(i int) int {
	end := i
	for end < len(s.src) {
		r, n := utf8.DecodeRuneInString(s.src[end:])
		if !isWordRune(r) {
			break
		}
		end += n
	}
	return end - i
}

func (s *scanner) illegal(pos int) error {
	r, _ := utf8.DecodeRuneInString(s.src[pos:])
	e := errorf(LexicalError, "Lexical error: illegal character '%c' at position %d", r, utf8.RuneCountInString(s.src[:pos]))
	e.locate(s.src, pos)
	return e
}

// next returns the next token.
func (s *scanner) next() (token, error) {
	for s.pos < len(s.src) && strings.IndexByte(" \t\r\n", s.src[s.pos]) >= 0 {
		s.pos++
	}
	start := s.pos
	if start >= len(s.src) {
		return token{kind: tokEnd, pos: start}, nil
	}
	r, _ := utf8.DecodeRuneInString(s.src[start:])
	switch {
	case r == '$':
		s.pos += 1 + s.word(start+1)
		return token{kind: tokDollar, text: s.src[start:s.pos], pos: start}, nil
	case unicode.IsDigit(r):
		return s.number(start)
	case isWordRune(r):
		return s.name(start)
	case r == '\'', r == '"', r == '`':
		return s.quoted(start, byte(r))
	}
	two := s.src[start:min(start+2, len(s.src))]
	switch two {
	case "=>":
		s.pos += 2
		return token{kind: tokRule, text: two, pos: start}, nil
	case "?.", "=~", "!~", ">=", "<=", "!=", "->":
		s.pos += 2
		return token{kind: tokOp, text: two, pos: start}, nil
	}
	one := two[:1]
	switch one {
	case ".", "+", "-", "*", "/", ">", "<", "=":
		s.pos++
		return token{kind: tokOp, text: one, pos: start}, nil
	case "(", ")", "[", "]", "{", "}", ",":
		s.pos++
		return token{kind: tokLiteral, text: one, pos: start}, nil
	}
	return token{}, s.illegal(start)
}

// number scans digits with at most one fraction. A letter right after them is a
// mistake.
func (s *scanner) number(start int) (token, error) {
	digits := func(i int) int {
		end := i
		for end < len(s.src) {
			r, n := utf8.DecodeRuneInString(s.src[end:])
			if !unicode.IsDigit(r) {
				break
			}
			end += n
		}
		return end
	}
	end := digits(start)
	fraction := false
	if end < len(s.src) && s.src[end] == '.' {
		if f := digits(end + 1); f > end+1 && s.word(f) == 0 {
			end, fraction = f, true
		}
	}
	if s.word(end) > 0 {
		return token{}, s.illegal(start)
	}
	text := s.src[start:end]
	s.pos = end
	t := token{kind: tokConst, text: text, pos: start}
	var err error
	if fraction {
		t.val, err = value.ParseFloat(text)
	} else {
		t.val, err = value.ParseInt(text, 10)
	}
	return t, err
}

// name scans a bare word, a keyword, an operator that is a word, or a function's
// name with its parenthesis.
func (s *scanner) name(start int) (token, error) {
	first, _ := utf8.DecodeRuneInString(s.src[start:])
	n := s.word(start)
	text := s.src[start : start+n]
	if unicode.Is(unicode.N, first) {
		return token{}, s.illegal(start)
	}
	s.pos = start + n
	if s.pos < len(s.src) && s.src[s.pos] == '(' {
		s.pos++
		return token{kind: tokFunc, text: text, pos: start}, nil
	}
	t := token{kind: tokConst, text: text, pos: start}
	switch text {
	case "true":
		t.val = true
	case "false":
		t.val = false
	case "null":
	case "mod", "in", "not", "and", "or":
		t.kind = tokOp
	default:
		if strings.HasPrefix(text, "__") {
			s.pos = start
			return token{}, s.illegal(start)
		}
		t.kind, t.val = tokWord, text
	}
	return t, nil
}

// quoted scans a text in quotes.
func (s *scanner) quoted(start int, quote byte) (token, error) {
	i := start + 1
	for ; ; i++ {
		if i >= len(s.src) {
			return token{}, s.illegal(start)
		}
		if s.src[i] == quote {
			break
		}
		if s.src[i] == '\\' {
			i++
			if i >= len(s.src) || s.src[i] == '\n' {
				return token{}, s.illegal(start)
			}
		}
	}
	s.pos = i + 1
	t := token{kind: tokConst, text: s.src[start:s.pos], pos: start}
	body := s.src[start+1 : i]
	if quote == '`' {
		t.val = strings.ReplaceAll(body, "\\`", "`")
		return t, nil
	}
	text, err := unescape(body)
	if err != nil {
		return t, asError(err, s.src, start)
	}
	t.val = text
	return t, nil
}

// unescape replaces the escapes of Python. What is no escape keeps its backslash.
func unescape(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		c := s[i+1]
		if at := strings.IndexByte(`\'"abfnrtv`, c); at >= 0 {
			b.WriteByte("\\'\"\a\b\f\n\r\t\v"[at])
			i += 2
			continue
		}
		if c >= '0' && c <= '7' {
			end := i + 2
			for end < len(s) && end < i+4 && s[end] >= '0' && s[end] <= '7' {
				end++
			}
			n, _ := strconv.ParseUint(s[i+1:end], 8, 32)
			b.WriteRune(rune(n))
			i = end
			continue
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		if digits == 0 || utf8.RuneCountInString(s[i+2:]) < digits {
			b.WriteByte('\\')
			i++
			continue
		}
		hex := s[i+2:]
		n, ok := new(big.Int).SetString(hex[:min(digits, len(hex))], 16)
		if !ok || n.Sign() < 0 || n.Cmp(big.NewInt(utf8.MaxRune)) > 0 || hex[0] == '+' {
			return "", value.ValueError.Errorf("'unicodeescape' codec can't decode bytes in position 0-%d: truncated \\%c escape", digits, c)
		}
		b.WriteRune(rune(n.Int64()))
		i += 2 + digits
	}
	return b.String(), nil
}
