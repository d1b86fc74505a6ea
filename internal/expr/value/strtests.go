package value

import (
	"strings"
	"unicode"
)

// strTest returns the methods that begin with is.
func strTest(name string) method {
	var test func(s string) bool
	all := func(is func(r rune) bool) func(s string) bool {
		return func(s string) bool { return s != "" && strings.IndexFunc(s, func(r rune) bool { return !is(r) }) < 0 }
	}
	switch name {
	case "isalnum":
		test = all(func(r rune) bool { return unicode.IsLetter(r) || unicode.Is(unicode.N, r) })
	case "isalpha":
		test = all(unicode.IsLetter)
	case "isascii":
		test = ASCII
	case "isdecimal":
		test = all(unicode.IsDigit)
	case "isdigit":
		test = all(func(r rune) bool { return unicode.IsDigit(r) || isSuperscriptDigit(r) })
	case "isnumeric":
		test = all(unicode.IsNumber)
	case "isspace":
		test = all(isSpace)
	case "isprintable":
		test = func(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return !Printable(r) }) < 0 }
	case "isidentifier":
		test = IsIdentifier
	case "islower":
		test = func(s string) bool { return hasCase(s, isLower, isUpper) }
	case "isupper":
		test = func(s string) bool { return hasCase(s, isUpper, isLower) }
	case "istitle":
		test = isTitle
	default:
		return nil
	}
	return plainMethod(func(self Value) (Value, error) { return test(text(self)), nil })
}

// isSuperscriptDigit reports whether r is a digit that does not count in a
// decimal number.
func isSuperscriptDigit(r rune) bool {
	return r == '²' || r == '³' || r == '¹' || r == '⁰' || r >= '⁴' && r <= '⁹' || r >= '₀' && r <= '₉' ||
		r >= '①' && r <= '⑨' || r >= '⑴' && r <= '⑼' || r >= '⒈' && r <= '⒐'
}

// IsIdentifier reports whether s could be a name in Python.
func IsIdentifier(s string) bool {
	for i, r := range s {
		switch {
		case r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r):
		case i > 0 && (unicode.Is(unicode.M, r) || unicode.IsDigit(r) || unicode.Is(unicode.Pc, r)):
		default:
			return false
		}
	}
	return s != ""
}

// hasCase reports whether s has letters for which yes holds and none for which
// no does.
func hasCase(s string, yes, no func(rune) bool) bool {
	found := false
	for _, r := range s {
		if no(r) || unicode.IsTitle(r) {
			return false
		}
		found = found || yes(r)
	}
	return found
}

func isTitle(s string) bool {
	found, inWord := false, false
	for _, r := range s {
		switch {
		case isUpper(r) || unicode.IsTitle(r):
			if inWord {
				return false
			}
			found, inWord = true, true
		case isLower(r):
			if !inWord {
				return false
			}
			found = true
		default:
			inWord = false
		}
	}
	return found
}
