package value

import (
	"math"
	"math/big"
	"strings"
	"unicode/utf8"
)

// Percent returns format % args.
func Percent(format string, args Value) (string, error) {
	p := percent{format: format, args: args, many: Tuple{args}}
	switch a := args.(type) {
	case Tuple:
		p.many = a
	case *NamedTuple:
		p.many = a.Items
	}
	if err := p.run(); err != nil {
		return "", err
	}
	if _, tuple := args.(Tuple); p.used < len(p.many) && !p.keyed && (tuple || !isMapping(args)) {
		return "", TypeError.Errorf("not all arguments converted during string formatting")
	}
	return p.out.String(), nil
}

// isMapping reports whether args may be left over: what has items by key, and is
// no text.
func isMapping(v Value) bool {
	switch v.(type) {
	case *Dict, *List, Itemer:
		return true
	}
	return false
}

type percent struct {
	format string
	at     int
	args   Value
	many   []Value
	used   int
	keyed  bool
	out    strings.Builder
}

func (p *percent) next() (Value, error) {
	if p.used >= len(p.many) {
		return nil, TypeError.Errorf("not enough arguments for format string")
	}
	p.used++
	return p.many[p.used-1], nil
}

func (p *percent) run() error {
	for p.at < len(p.format) {
		i := strings.IndexByte(p.format[p.at:], '%')
		if i < 0 {
			p.out.WriteString(p.format[p.at:])
			return nil
		}
		p.out.WriteString(p.format[p.at : p.at+i])
		p.at += i + 1
		if err := p.directive(); err != nil {
			return err
		}
		if p.out.Len() > maxText {
			return tooLong(maxText)
		}
	}
	return nil
}

func (p *percent) peek() byte {
	if p.at < len(p.format) {
		return p.format[p.at]
	}
	return 0
}

func (p *percent) directive() error {
	if p.peek() == '%' {
		p.at++
		p.out.WriteByte('%')
		return nil
	}
	var v Value
	keyed := false
	if p.peek() == '(' {
		key, err := p.key()
		if err != nil {
			return err
		}
		if v, err = p.lookup(key); err != nil {
			return err
		}
		keyed = true
		p.keyed = true
	}
	s := spec{fill: " ", precision: -1, align: '>'}
	zero := p.flags(&s)
	if err := p.size(&s); err != nil {
		return err
	}
	for strings.IndexByte("hlL", p.peek()) >= 0 && p.peek() != 0 {
		p.at++
	}
	if p.at >= len(p.format) {
		return ValueError.Errorf("incomplete format")
	}
	r, n := utf8.DecodeRuneInString(p.format[p.at:])
	if !strings.ContainsRune("diouxXeEfFgGcrsa", r) {
		if r == '%' && !keyed {
			if _, err := p.next(); err != nil {
				return err
			}
		}
		return ValueError.Errorf("unsupported format character '%c' (0x%x) at index %d", r, r, utf8.RuneCountInString(p.format[:p.at]))
	}
	p.at += n
	if !keyed {
		var err error
		if v, err = p.next(); err != nil {
			return err
		}
	}
	if zero && s.align == '>' && !strings.ContainsRune("crsa", r) {
		s.fill, s.align = "0", '='
	}
	text, err := s.percent(byte(r), v)
	p.out.WriteString(text)
	return err
}

func (p *percent) key() (string, error) {
	depth := 0
	start := p.at + 1
	for ; p.at < len(p.format); p.at++ {
		switch p.format[p.at] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.at++
				return p.format[start : p.at-1], nil
			}
		}
	}
	return "", ValueError.Errorf("incomplete format key")
}

func (p *percent) lookup(key string) (Value, error) {
	d, ok := p.args.(*Dict)
	if !ok {
		return nil, TypeError.Errorf("format requires a mapping")
	}
	v, ok := d.Get(key)
	if !ok {
		return nil, KeyError.Errorf("%s", Repr(key))
	}
	return v, nil
}

func (p *percent) flags(s *spec) (zero bool) {
	for ; ; p.at++ {
		switch p.peek() {
		case '-':
			s.align = '<'
		case '+':
			s.sign = '+'
		case ' ':
			if s.sign == 0 {
				s.sign = ' '
			}
		case '#':
			s.alt = true
		case '0':
			zero = true
		default:
			return zero
		}
	}
}

// size reads the width and the precision, each a number or * for an argument.
func (p *percent) size(s *spec) error {
	n, given, err := p.number()
	if err != nil {
		return err
	}
	if given && n < 0 {
		s.align, n = '<', -n
	}
	s.width = n
	if p.peek() != '.' {
		return nil
	}
	p.at++
	n, _, err = p.number()
	s.precision = max(n, 0)
	return err
}

func (p *percent) number() (int, bool, error) {
	if p.peek() == '*' {
		p.at++
		v, err := p.next()
		if err != nil {
			return 0, false, err
		}
		n, ok := plainInt(v).(int64)
		if !ok {
			return 0, false, TypeError.Errorf("* wants int")
		}
		if n > maxWidth || n < -maxWidth {
			return 0, false, ValueError.Errorf("width too big")
		}
		return int(n), true, nil
	}
	n, rest, ok := leadingInt(p.format[p.at:])
	if !ok {
		return 0, false, ValueError.Errorf("width too big")
	}
	p.at = len(p.format) - len(rest)
	return max(n, 0), n >= 0, nil
}

func (s spec) percent(kind byte, v Value) (string, error) {
	switch kind {
	case 's', 'r', 'a':
		var text string
		switch kind {
		case 's':
			s, err := ToStr(v)
			if err != nil {
				return "", err
			}
			text = s
		case 'r':
			text = Repr(v)
		default:
			text = asciiRepr(v)
		}
		if s.precision >= 0 {
			text = text[:runeOffset(text, s.precision)]
		}
		return s.pad("", text), nil
	case 'c':
		return s.percentChar(v)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		if o, ok := v.(Floater); ok {
			f, err := o.Float()
			if err != nil {
				return "", err
			}
			v = f
		}
		if !isNumber(v) {
			return "", TypeError.Errorf("must be real number, not %s", TypeName(v))
		}
		f, err := toFloat(v)
		if err != nil {
			return "", err
		}
		whole, rest := splitDigits(floatDigits(math.Abs(f), kind, s.precision, s.alt))
		if math.IsInf(f, 0) || math.IsNaN(f) {
			whole, rest = "", whole+rest
		}
		return s.number(math.Signbit(f) && !math.IsNaN(f), "", whole, rest, 3), nil
	}
	return s.percentInt(kind, v)
}

func asciiRepr(v Value) string {
	var b strings.Builder
	for _, r := range Repr(v) {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			b.Write(appendEscapedRune(nil, r))
		}
	}
	return b.String()
}

func (s spec) percentChar(v Value) (string, error) {
	if t, ok := v.(string); ok {
		if utf8.RuneCountInString(t) == 1 {
			return s.pad("", t), nil
		}
	} else if n, ok := plainInt(v).(int64); ok {
		if n < 0 || n > utf8.MaxRune {
			return "", OverflowError.Errorf("%%c arg not in range(0x110000)")
		}
		return s.pad("", string(rune(n))), nil
	}
	return "", TypeError.Errorf("%%c requires int or char")
}

func (s spec) percentInt(kind byte, v Value) (string, error) {
	if f, ok := v.(float64); ok && strings.IndexByte("diu", kind) >= 0 {
		n, err := floatToInt(f)
		if err != nil {
			return "", err
		}
		v = n
	}
	if o, ok := v.(Inter); ok {
		n, err := o.Int()
		if err != nil {
			return "", err
		}
		v = n
	}
	n, ok := Big(v)
	if !ok {
		want := "a real number is required"
		if strings.IndexByte("diu", kind) < 0 {
			want = "an integer is required"
		}
		return "", TypeError.Errorf("%%%c format: %s, not %s", kind, want, TypeName(v))
	}
	base, prefix := 10, ""
	switch kind {
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(kind)
	}
	digits := new(big.Int).Abs(n).Text(base)
	if kind == 'X' {
		digits = strings.ToUpper(digits)
	}
	if !s.alt {
		prefix = ""
	}
	if missing := s.precision - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	return s.number(n.Sign() < 0, prefix, digits, "", 3), nil
}
