package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// spec is a format specification, as after the colon of {:>10.2f}.
type spec struct {
	fill      string // one code point
	align     byte   // < > = ^ or 0
	sign      byte   // + - space or 0
	noNegZero bool
	zero      bool // a 0 before the width
	alt       bool
	width     int
	group     byte // , _ or 0
	precision int  // -1: none
	kind      byte // or 0
}

// maxWidth bounds widths and precisions, so that a few characters don't ask for
// gigabytes.
const maxWidth = 1 << 20

// Format returns format(v, text).
func Format(v Value, text string) (string, error) {
	if text == "" {
		return ToStr(v)
	}
	switch v := v.(type) {
	case Formatter:
		return v.Format(text)
	case string, Markup, bool, int64, *big.Int, float64:
	default:
		return "", TypeError.Errorf("unsupported format string passed to %s.__format__", TypeName(v))
	}
	s, err := parseSpec(text)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return s.text(v)
	case Markup:
		return s.text(string(v))
	case float64:
		return s.float(v, "float")
	default:
		return s.int(plainInt(v), TypeName(v))
	}
}

// Formatter is an object with a format language of its own.
type Formatter interface {
	Format(spec string) (string, error)
}

func parseSpec(text string) (spec, error) {
	s := spec{precision: -1, fill: " "}
	invalid := func() (spec, error) {
		return s, ValueError.Errorf("Invalid format specifier '%s'", text)
	}
	rest := text
	isAlign := func(i int) bool { return i < len(rest) && strings.IndexByte("<>=^", rest[i]) >= 0 }
	filled := false
	if _, n := utf8.DecodeRuneInString(rest); isAlign(n) {
		s.fill, s.align, rest = rest[:n], rest[n], rest[n+1:]
		filled = true
	} else if isAlign(0) {
		s.align, rest = rest[0], rest[1:]
	}
	take := func(set string) byte {
		if rest == "" || strings.IndexByte(set, rest[0]) < 0 {
			return 0
		}
		c := rest[0]
		rest = rest[1:]
		return c
	}
	s.sign = take("+- ")
	s.noNegZero = take("z") != 0
	s.alt = take("#") != 0
	if s.zero = take("0") != 0; s.zero && !filled {
		s.fill = "0"
	}
	var ok bool
	if s.width, rest, ok = leadingInt(rest); !ok {
		return s, ValueError.Errorf("Too many decimal digits in format string")
	}
	s.width = max(s.width, 0)
	s.group = take(",_")
	if s.group != 0 && rest != "" && (rest[0] == ',' || rest[0] == '_') {
		if rest[0] == s.group {
			return s, ValueError.Errorf("Cannot specify '%c' with '%c'.", s.group, s.group)
		}
		return s, ValueError.Errorf("Cannot specify both ',' and '_'.")
	}
	if take(".") != 0 {
		if s.precision, rest, ok = leadingInt(rest); !ok {
			return s, ValueError.Errorf("Too many decimal digits in format string")
		}
		if s.precision < 0 {
			return s, ValueError.Errorf("Format specifier missing precision")
		}
	}
	if len(rest) > 1 {
		return invalid()
	}
	if rest != "" {
		s.kind = rest[0]
	}
	return s, nil
}

// leadingInt cuts the digits off the front of s; -1 if there are none, and
// false if the number is too large.
func leadingInt(s string) (int, string, bool) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 0 {
		return -1, s, true
	}
	v, err := strconv.Atoi(s[:n])
	return v, s[n:], err == nil && v <= maxWidth
}

func (s spec) unknown(typeName string) error {
	return ValueError.Errorf("Unknown format code '%c' for object of type '%s'", s.kind, typeName)
}

func (s spec) text(v string) (string, error) {
	switch {
	case s.kind != 0 && s.kind != 's':
		return "", s.unknown("str")
	case s.sign != 0:
		return "", ValueError.Errorf("Sign not allowed in string format specifier")
	case s.noNegZero:
		return "", ValueError.Errorf("Negative zero coercion (z) not allowed in string format specifier")
	case s.alt:
		return "", ValueError.Errorf("Alternate form (#) not allowed in string format specifier")
	case s.align == '=':
		return "", ValueError.Errorf("'=' alignment not allowed in string format specifier")
	case s.group != 0:
		return "", ValueError.Errorf("Cannot specify '%c' with 's'.", s.group)
	}
	if s.precision >= 0 {
		v = v[:runeOffset(v, s.precision)]
	}
	if s.align == 0 {
		s.align = '<'
	}
	return s.pad("", v), nil
}

func (s spec) int(v Value, typeName string) (string, error) {
	base, prefix := 10, ""
	switch s.kind {
	case 0, 'd', 'n':
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(s.kind)
	case 'c':
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		f, err := toFloat(v)
		if err != nil {
			return "", err
		}
		return s.float(f, typeName)
	default:
		return "", s.unknown(typeName)
	}
	if s.noNegZero {
		return "", ValueError.Errorf("Negative zero coercion (z) not allowed in integer format specifier")
	}
	if s.group != 0 && s.kind == 'n' {
		return "", ValueError.Errorf("Cannot specify '%c' with 'n'.", s.group)
	}
	if s.precision >= 0 {
		return "", ValueError.Errorf("Precision not allowed in integer format specifier")
	}
	if s.kind == 'c' {
		return s.char(v)
	}
	if s.group == ',' && base != 10 {
		return "", ValueError.Errorf("Cannot specify ',' with '%c'.", s.kind)
	}
	n, _ := Big(v)
	digits := new(big.Int).Abs(n).Text(base)
	if s.kind == 'X' {
		digits = strings.ToUpper(digits)
	}
	if !s.alt {
		prefix = ""
	}
	every := 3
	if base != 10 {
		every = 4
	}
	return s.number(n.Sign() < 0, prefix, digits, "", every), nil
}

func (s spec) char(v Value) (string, error) {
	switch {
	case s.sign != 0:
		return "", ValueError.Errorf("Sign not allowed with integer format specifier 'c'")
	case s.alt:
		return "", ValueError.Errorf("Alternate form (#) not allowed with integer format specifier 'c'")
	case s.group != 0:
		return "", ValueError.Errorf("Cannot specify '%c' with 'c'.", s.group)
	}
	n, ok := v.(int64)
	if !ok || n < 0 || n > utf8.MaxRune {
		return "", OverflowError.Errorf("%%c arg not in range(0x110000)")
	}
	s.numberAlign()
	return s.pad("", string(rune(n))), nil
}

func (s spec) float(f float64, typeName string) (string, error) {
	if s.kind != 0 && strings.IndexByte("eEfFgGn%", s.kind) < 0 {
		return "", s.unknown(typeName)
	}
	kind, precision, suffix := s.kind, s.precision, ""
	if s.group != 0 && kind == 'n' {
		return "", ValueError.Errorf("Cannot specify '%c' with 'n'.", s.group)
	}
	if kind == '%' {
		kind, suffix = 'f', "%"
		f *= 100
	}
	if kind == 'n' {
		kind = 'g'
	}
	negative := math.Signbit(f) && !math.IsNaN(f)
	digits := floatDigits(math.Abs(f), kind, precision, s.alt)
	if s.noNegZero && negative && strings.Trim(digits, "0.eE+-") == "" {
		negative = false
	}
	whole, rest := splitDigits(digits)
	return s.number(negative, "", whole, rest+suffix, 3), nil
}

// splitDigits cuts what can be grouped from the rest.
func splitDigits(digits string) (whole, rest string) {
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return digits[:i], digits[i:]
		}
	}
	return digits, ""
}

// floatDigits formats f, which is not negative, by the kind of presentation. Kind
// 0 is that of repr.
func floatDigits(f float64, kind byte, precision int, alt bool) string {
	upper := kind == 'E' || kind == 'F' || kind == 'G'
	if math.IsInf(f, 0) || math.IsNaN(f) {
		s := "inf"
		if math.IsNaN(f) {
			s = "nan"
		}
		if upper {
			return strings.ToUpper(s)
		}
		return s
	}
	if kind == 0 && precision < 0 {
		s := FormatFloat(f)
		if alt {
			s = withPoint(s)
		}
		return s
	}
	if precision < 0 {
		precision = 6
	}
	var s string
	switch kind | 0x20 {
	case 'e', 'f':
		s = strconv.FormatFloat(f, kind|0x20, precision, 64)
		if alt && precision == 0 {
			s = withPoint(s)
		}
	default:
		s = general(f, kind, max(precision, 1), alt)
	}
	if upper {
		return strings.ToUpper(s)
	}
	return s
}

// withPoint puts a decimal point behind the whole part.
func withPoint(s string) string {
	whole, rest := splitDigits(s)
	if strings.HasPrefix(rest, ".") {
		return s
	}
	return whole + "." + rest
}

// general is the presentation g, and that of no kind with a precision, which
// shows at least one digit behind the point.
func general(f float64, kind byte, precision int, alt bool) string {
	s := strconv.FormatFloat(f, 'e', precision-1, 64)
	at := strings.IndexByte(s, 'e')
	exp, _ := strconv.Atoi(s[at+1:])
	limit := precision
	if kind == 0 { // one digit is behind the point
		limit--
	}
	trim := func(s string) string {
		if alt || !strings.Contains(s, ".") {
			return s
		}
		return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	if exp < -4 || exp >= limit {
		mantissa := trim(s[:at])
		if alt {
			mantissa = withPoint(mantissa)
		}
		return mantissa + s[at:]
	}
	s = trim(strconv.FormatFloat(f, 'f', max(precision-1-exp, 0), 64))
	if alt {
		return withPoint(s)
	}
	if kind == 0 && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// number puts a sign, a prefix, grouped digits and the rest together and pads
// them.
func (s spec) number(negative bool, prefix, whole, rest string, every int) string {
	sign := ""
	switch {
	case negative:
		sign = "-"
	case s.sign == '+' || s.sign == ' ':
		sign = string(s.sign)
	}
	s.numberAlign()
	if s.group != 0 {
		if s.fill == "0" && s.align == '=' {
			room := s.width - len(sign) - len(prefix) - len(rest)
			for len(group(whole, s.group, every)) < room {
				whole = "0" + whole
			}
		}
		whole = group(whole, s.group, every)
	}
	return s.pad(sign+prefix, whole+rest)
}

// numberAlign is where a number stands if the specification does not say.
func (s *spec) numberAlign() {
	switch {
	case s.align != 0:
	case s.zero:
		s.align = '='
	default:
		s.align = '>'
	}
}

// group puts sep between groups of digits, from the right.
func group(digits string, sep byte, every int) string {
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%every == 0 {
			b.WriteByte(sep)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

// pad fills head and body up to the width.
func (s spec) pad(head, body string) string {
	n := s.width - len(head) - utf8.RuneCountInString(body)
	if n <= 0 {
		return head + body
	}
	left, middle, right := 0, 0, 0
	switch s.align {
	case '<':
		right = n
	case '^':
		left = n / 2
		right = n - left
	case '=':
		middle = n
	default:
		left = n
	}
	return strings.Repeat(s.fill, left) + head + strings.Repeat(s.fill, middle) + body + strings.Repeat(s.fill, right)
}
