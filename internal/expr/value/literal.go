package value

import (
	"math/big"
	"strings"
	"unicode/utf8"
)

// SyntaxError is the class of the errors of texts that are not Python.
const SyntaxError Class = "SyntaxError"

// maxLiteralDepth is how deep brackets may be in a literal, as in Python.
const maxLiteralDepth = 200

// ParseLiteral reads a literal of Python as ast.literal_eval does: a str, bytes,
// a number, a tuple, a list, a dict, a set, a bool, None, or a sum of a number
// and an imaginary one. Nothing is evaluated. Its errors are of class
// SyntaxError or ValueError, or TypeError where a key can't be one. Characters by their names, as in "\N{BULLET}", are not read.
func ParseLiteral(s string) (Value, error) {
	s = strings.TrimLeft(s, " \t")
	if strings.IndexByte(s, 0) >= 0 {
		return nil, SyntaxError.Errorf("source code string cannot contain null bytes")
	}
	r := literalReader{s: s}
	r.blankLines()
	v, err := r.sequence()
	if err != nil {
		return nil, err
	}
	r.end()
	if r.at < len(r.s) {
		return nil, r.unexpected()
	}
	return v, nil
}

type literalReader struct {
	s     string
	at    int
	depth int // of brackets: newlines count for nothing inside
}

func (r *literalReader) fail(c Class, at int, msg string) error {
	return c.Errorf("%s at character %d of the literal", msg, utf8.RuneCountInString(r.s[:at])+1)
}

// unexpected says that what comes next can't be there. A name or an operator may
// well be Python, but makes no literal.
func (r *literalReader) unexpected() error {
	if r.at >= len(r.s) {
		return r.fail(SyntaxError, r.at, "unexpected end")
	}
	c, _ := utf8.DecodeRuneInString(r.s[r.at:])
	if nameByte(r.s[r.at]) || strings.ContainsRune("+-*/%<>=&|^~.([@", c) {
		return r.fail(ValueError, r.at, "malformed node or string")
	}
	return r.fail(SyntaxError, r.at, "invalid syntax")
}

func nameByte(c byte) bool {
	return c == '_' || c >= utf8.RuneSelf || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// space goes past what may be between two tokens.
func (r *literalReader) space() {
	for r.at < len(r.s) {
		switch c := r.s[r.at]; {
		case c == ' ' || c == '\t' || c == '\f':
			r.at++
		case c == '\n' || c == '\r':
			if r.depth == 0 {
				return
			}
			r.at++
		case c == '#':
			r.comment()
		case c == '\\' && strings.HasPrefix(r.s[r.at:], "\\\n"):
			r.at += 2
		case c == '\\' && strings.HasPrefix(r.s[r.at:], "\\\r\n"):
			r.at += 3
		default:
			return
		}
	}
}

func (r *literalReader) comment() {
	for r.at < len(r.s) && r.s[r.at] != '\n' && r.s[r.at] != '\r' {
		r.at++
	}
}

// blankLines goes past lines without anything, and stops where the first other
// one begins, so that an indented one is an error.
func (r *literalReader) blankLines() {
	for start := r.at; ; start = r.at {
		r.space()
		if r.at == len(r.s) || r.s[r.at] != '\n' && r.s[r.at] != '\r' {
			if start > 0 {
				r.at = start
			}
			return
		}
		r.at++
	}
}

// end goes past what may follow the literal.
func (r *literalReader) end() {
	for r.space(); r.at < len(r.s) && (r.s[r.at] == '\n' || r.s[r.at] == '\r'); r.space() {
		r.at++
	}
}

func (r *literalReader) peek() byte {
	r.space()
	if r.at < len(r.s) {
		return r.s[r.at]
	}
	return 0
}

func (r *literalReader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

// sequence reads an item, or the items of a tuple without parentheses.
func (r *literalReader) sequence() (Value, error) {
	if r.at < len(r.s) && (r.s[r.at] == ' ' || r.s[r.at] == '\t' || r.s[r.at] == '\f') {
		return nil, r.fail(SyntaxError, r.at, "unexpected indent")
	}
	first, err := r.item()
	if err != nil || r.peek() != ',' {
		return first, err
	}
	t := Tuple{first}
	for r.take(',') {
		if c := r.peek(); c == 0 || c == '\n' || c == '\r' {
			break
		}
		v, err := r.item()
		if err != nil {
			return nil, err
		}
		t = append(t, v)
	}
	return t, nil
}

// item reads a value, or a sum that is a complex number.
func (r *literalReader) item() (Value, error) {
	left, err := r.signed()
	if err != nil {
		return nil, err
	}
	op := r.peek()
	if op != '+' && op != '-' {
		return left, nil
	}
	at := r.at
	r.at++
	right, err := r.atom()
	if err != nil {
		return nil, err
	}
	if _, imaginary := right.(complex128); !imaginary || !realNumber(left) {
		return nil, r.fail(ValueError, at, "malformed node or string")
	}
	if op == '-' {
		return Binary(Sub, left, right)
	}
	return Binary(Add, left, right)
}

func realNumber(v Value) bool {
	switch v.(type) {
	case int64, *big.Int, float64:
		return true
	}
	return false
}

// signed reads a value that may have one sign if it is a number.
func (r *literalReader) signed() (Value, error) {
	sign, at := r.peek(), r.at
	if sign != '+' && sign != '-' {
		return r.atom()
	}
	r.at++
	v, err := r.atom()
	if err != nil {
		return nil, err
	}
	if _, imaginary := v.(complex128); !imaginary && !realNumber(v) {
		return nil, r.fail(ValueError, at, "malformed node or string")
	}
	if sign == '-' {
		return Neg(v)
	}
	return v, nil
}

func (r *literalReader) atom() (Value, error) {
	c := r.peek()
	switch {
	case c == '(':
		return r.parentheses()
	case c == '[':
		return r.list()
	case c == '{':
		return r.braces()
	case c == '\'' || c == '"':
		return r.text()
	case digit(c) || c == '.' && r.at+1 < len(r.s) && digit(r.s[r.at+1]):
		return r.number()
	case nameByte(c):
		return r.name()
	}
	return nil, r.unexpected()
}

func (r *literalReader) name() (Value, error) {
	at := r.at
	for r.at < len(r.s) && nameByte(r.s[r.at]) {
		r.at++
	}
	name := r.s[at:r.at]
	if r.at < len(r.s) && (r.s[r.at] == '\'' || r.s[r.at] == '"') && stringPrefix(name) {
		r.at = at
		return r.text()
	}
	switch name {
	case "None":
		return nil, nil
	case "True":
		return true, nil
	case "False":
		return false, nil
	case "set": // set() is how Python prints the empty one
		if r.take('(') && r.take(')') {
			return &Set{}, nil
		}
	}
	return nil, r.fail(ValueError, at, "malformed node or string")
}

// open goes past a bracket.
func (r *literalReader) open() error {
	if r.depth++; r.depth > maxLiteralDepth {
		return r.fail(SyntaxError, r.at, "too many nested parentheses")
	}
	r.at++
	return nil
}

// closed goes past the bracket if it comes next.
func (r *literalReader) closed(bracket byte) bool {
	if r.peek() != bracket {
		return false
	}
	r.at++
	r.depth--
	return true
}

// items reads values with commas between them, from one bracket to the other,
// and reports whether the last thing was a comma.
func (r *literalReader) items(bracket byte) (items []Value, comma bool, err error) {
	if err := r.open(); err != nil {
		return nil, false, err
	}
	for !r.closed(bracket) {
		if len(items) > 0 && !comma {
			return nil, false, r.unexpected()
		}
		v, err := r.item()
		if err != nil {
			return nil, false, err
		}
		items = append(items, v)
		comma = r.take(',')
	}
	return items, comma, nil
}

func (r *literalReader) list() (Value, error) {
	items, _, err := r.items(']')
	if err != nil {
		return nil, err
	}
	return NewList(items...), nil
}

// parentheses reads a tuple, or one value that has them around it.
func (r *literalReader) parentheses() (Value, error) {
	items, comma, err := r.items(')')
	if err != nil {
		return nil, err
	}
	if len(items) == 1 && !comma {
		return items[0], nil
	}
	return append(Tuple{}, items...), nil
}

func (r *literalReader) braces() (Value, error) {
	if err := r.open(); err != nil {
		return nil, err
	}
	if r.closed('}') {
		return NewDict(), nil
	}
	first, err := r.item()
	if err != nil {
		return nil, err
	}
	if r.peek() == ':' {
		return r.dict(first)
	}
	items := []Value{first}
	for !r.closed('}') {
		if !r.take(',') {
			return nil, r.unexpected()
		}
		if r.closed('}') {
			break
		}
		v, err := r.item()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	set, err := NewSet(items...)
	if err != nil {
		return nil, err
	}
	return set, nil
}

// dict reads on after the first key.
func (r *literalReader) dict(key Value) (Value, error) {
	d := NewDict()
	for {
		if !r.take(':') {
			return nil, r.unexpected()
		}
		v, err := r.item()
		if err != nil {
			return nil, err
		}
		if err := d.SetKey(key, v); err != nil {
			return nil, err
		}
		if r.closed('}') {
			return d, nil
		}
		if !r.take(',') {
			return nil, r.unexpected()
		}
		if r.closed('}') {
			return d, nil
		}
		if key, err = r.item(); err != nil {
			return nil, err
		}
	}
}
