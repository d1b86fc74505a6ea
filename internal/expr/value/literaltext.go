package value

import (
	"strings"
	"unicode/utf8"
)

// stringPrefix reports whether name may stand before a quote.
func stringPrefix(name string) bool {
	switch strings.ToLower(name) {
	case "r", "u", "b", "br", "rb", "f", "fr", "rf":
		return true
	}
	return false
}

// text reads strings, or bytes, that stand one after the other and are one.
func (r *literalReader) text() (Value, error) {
	var b strings.Builder
	isBytes := false
	for first := true; ; first = false {
		at := r.at
		prefix, quoted := r.quoteAhead()
		if !quoted {
			break
		}
		if strings.Contains(prefix, "f") {
			return nil, r.fail(ValueError, at, "malformed node or string")
		}
		inBytes := strings.Contains(prefix, "b")
		if !first && inBytes != isBytes {
			return nil, r.fail(SyntaxError, at, "cannot mix bytes and nonbytes literals")
		}
		isBytes = inBytes
		if err := r.quoted(&b, strings.Contains(prefix, "r"), isBytes); err != nil {
			return nil, err
		}
		r.space()
	}
	if isBytes {
		return Bytes(b.String()), nil
	}
	return b.String(), nil
}

// quoteAhead reports whether a string comes next, and goes past its prefix.
func (r *literalReader) quoteAhead() (prefix string, quoted bool) {
	end := r.at
	for end < len(r.s) && end < r.at+3 && nameByte(r.s[end]) {
		end++
	}
	name := r.s[r.at:end]
	if end == len(r.s) || r.s[end] != '\'' && r.s[end] != '"' || name != "" && !stringPrefix(name) {
		return "", false
	}
	r.at = end
	return strings.ToLower(name), true
}

// quoted reads one string from its first quote to its last.
func (r *literalReader) quoted(b *strings.Builder, raw, isBytes bool) error {
	start := r.at
	quote := r.s[r.at : r.at+1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(r.s[r.at:], long) {
		quote = long
	}
	r.at += len(quote)
	for r.at < len(r.s) {
		c := r.s[r.at]
		switch {
		case strings.HasPrefix(r.s[r.at:], quote):
			r.at += len(quote)
			return nil
		case c == '\\' && raw:
			// A raw string keeps the backslash, and the quote after it is no end.
			n := min(2, len(r.s)-r.at)
			b.WriteString(r.s[r.at : r.at+n])
			r.at += n
		case c == '\\':
			if err := r.escape(b, isBytes); err != nil {
				return err
			}
		case (c == '\n' || c == '\r') && len(quote) == 1:
			return r.fail(SyntaxError, start, "unterminated string literal")
		case c == '\r': // a line ends with \n, whatever the text has
			b.WriteByte('\n')
			if r.at++; r.at < len(r.s) && r.s[r.at] == '\n' {
				r.at++
			}
		case c >= utf8.RuneSelf && isBytes:
			return r.fail(SyntaxError, r.at, "bytes can only contain ASCII literal characters")
		default:
			b.WriteByte(c)
			r.at++
		}
	}
	return r.fail(SyntaxError, start, "unterminated string literal")
}

// escape reads what begins with a backslash.
func (r *literalReader) escape(b *strings.Builder, isBytes bool) error {
	at := r.at
	if at+1 == len(r.s) {
		return r.fail(SyntaxError, at, "unterminated string literal")
	}
	c := r.s[at+1]
	r.at += 2
	if i := strings.IndexByte(`\'"abfnrtv`, c); i >= 0 {
		b.WriteByte("\\'\"\a\b\f\n\r\t\v"[i])
		return nil
	}
	switch {
	case c == '\n':
		return nil
	case c == '\r':
		if r.at < len(r.s) && r.s[r.at] == '\n' {
			r.at++
		}
		return nil
	case c >= '0' && c <= '7':
		r.at--
		return r.code(b, 8, 1, 3, isBytes)
	case c == 'x':
		return r.code(b, 16, 2, 2, isBytes)
	case c == 'u' && !isBytes:
		return r.code(b, 16, 4, 4, false)
	case c == 'U' && !isBytes:
		return r.code(b, 16, 8, 8, false)
	case c == 'N' && !isBytes:
		return r.fail(ValueError, at, "names of characters are not read")
	}
	b.WriteByte('\\') // one that Python does not know stays as it is
	r.at = at + 1
	return nil
}

// code reads between least and most digits that are the number of a character.
func (r *literalReader) code(b *strings.Builder, base, least, most int, isBytes bool) error {
	start, n := r.at, 0
	for r.at < len(r.s) && r.at < start+most {
		d := digitValue(r.s[r.at])
		if d >= base {
			break
		}
		n = n*base + d
		r.at++
	}
	if r.at-start < least || n > utf8.MaxRune && !isBytes {
		return r.fail(SyntaxError, start, "can't decode the escaped character")
	}
	if isBytes {
		b.WriteByte(byte(n))
		return nil
	}
	b.WriteRune(rune(n)) // half of a surrogate pair becomes U+FFFD
	return nil
}

func digitValue(c byte) int {
	switch {
	case digit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 255
}

// number reads an int, a float or an imaginary number.
func (r *literalReader) number() (Value, error) {
	start := r.at
	if c := r.s[r.at]; c == '0' && r.at+1 < len(r.s) && strings.IndexByte("xXoObB", r.s[r.at+1]) >= 0 {
		for r.at < len(r.s) && nameByte(r.s[r.at]) {
			r.at++
		}
		return r.int(start)
	}
	r.digits()
	isFloat := false
	if r.at < len(r.s) && r.s[r.at] == '.' {
		isFloat = true
		r.at++
		r.digits()
	}
	if r.at < len(r.s) && r.s[r.at]|0x20 == 'e' {
		isFloat = true
		r.at++
		if r.at < len(r.s) && (r.s[r.at] == '+' || r.s[r.at] == '-') {
			r.at++
		}
		r.digits()
	}
	end, imaginary := r.at, false
	if r.at < len(r.s) && r.s[r.at]|0x20 == 'j' {
		imaginary = true
		r.at++
	}
	if r.at < len(r.s) && nameByte(r.s[r.at]) {
		return nil, r.fail(SyntaxError, start, "invalid number")
	}
	if !isFloat && !imaginary {
		return r.int(start)
	}
	f, err := ParseFloat(r.s[start:end])
	if err != nil {
		return nil, r.fail(SyntaxError, start, "invalid number")
	}
	if imaginary {
		return complex(0, f), nil
	}
	return f, nil
}

func (r *literalReader) digits() {
	for r.at < len(r.s) && (digit(r.s[r.at]) || r.s[r.at] == '_') {
		r.at++
	}
}

// int returns the int that was read, which has no zeros before it.
func (r *literalReader) int(start int) (Value, error) {
	n, err := ParseInt(r.s[start:r.at], 0)
	if err != nil {
		return nil, r.fail(SyntaxError, start, "invalid number")
	}
	return n, nil
}
