package value

import (
	"strings"
	"unicode"
)

// Lower returns s.lower().
func Lower(s string) string {
	if !strings.ContainsAny(s, "İΣ") {
		return strings.ToLower(s)
	}
	var b strings.Builder
	runes := []rune(s)
	for i := range runes {
		b.WriteString(lowerAt(runes, i))
	}
	return b.String()
}

// lowerAt returns the small letter of the one at i, which for a sigma depends on
// the letters around it.
func lowerAt(runes []rune, i int) string {
	switch r := runes[i]; {
	case r == 'İ':
		return "i̇"
	case r == 'Σ' && finalSigma(runes, i):
		return "ς"
	default:
		return string(unicode.ToLower(r))
	}
}

// isUpper and isLower are those of Python, where for example Ⅷ is a capital.
func isUpper(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }
func isLower(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }

func isCased(r rune) bool { return isUpper(r) || isLower(r) || unicode.IsTitle(r) }

// finalSigma reports whether the sigma at i ends a word.
func finalSigma(runes []rune, i int) bool {
	cased := func(i, step int) bool {
		for ; i >= 0 && i < len(runes); i += step {
			r := runes[i]
			if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) || r == '\'' || r == '.' || r == ':' {
				continue
			}
			return isCased(r)
		}
		return false
	}
	return cased(i-1, -1) && !cased(i+1, 1)
}

// upperSpecial returns what a letter becomes that has no single capital, or "".
func upperSpecial(r rune) string {
	switch r {
	case 'ß':
		return "SS"
	case 'ŉ':
		return "ʼN"
	case 'ǰ':
		return "J̌"
	case 'ΐ':
		return "Ϊ́"
	case 'ΰ':
		return "Ϋ́"
	case 'և':
		return "ԵՒ"
	case 'ẖ':
		return "H̱"
	case 'ẗ':
		return "T̈"
	case 'ẘ':
		return "W̊"
	case 'ẙ':
		return "Y̊"
	case 'ẚ':
		return "Aʾ"
	case 'ﬀ':
		return "FF"
	case 'ﬁ':
		return "FI"
	case 'ﬂ':
		return "FL"
	case 'ﬃ':
		return "FFI"
	case 'ﬄ':
		return "FFL"
	case 'ﬅ', 'ﬆ':
		return "ST"
	}
	return ""
}

// Upper returns s.upper().
func Upper(s string) string {
	if ASCII(s) {
		return strings.ToUpper(s)
	}
	var b strings.Builder
	for _, r := range s {
		if special := upperSpecial(r); special != "" {
			b.WriteString(special)
		} else {
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}

// titleRune returns the letter r at the beginning of a word.
func titleRune(r rune) string {
	if special := upperSpecial(r); special != "" {
		first := []rune(special)
		return string(first[:1]) + Lower(string(first[1:]))
	}
	return string(unicode.ToTitle(r))
}

// Title returns s.title(): each run of letters begins with a capital.
func Title(s string) string {
	var b strings.Builder
	inWord := false
	runes := []rune(s)
	for i, r := range runes {
		if inWord {
			b.WriteString(lowerAt(runes, i))
		} else {
			b.WriteString(titleRune(r))
		}
		inWord = isCased(r)
	}
	return b.String()
}

// Capitalize returns s.capitalize().
func Capitalize(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		if i == 0 {
			b.WriteString(titleRune(r))
		} else {
			b.WriteString(lowerAt(runes, i))
		}
	}
	return b.String()
}

func swapcase(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case isUpper(r):
			b.WriteString(lowerAt(runes, i))
		case isLower(r):
			b.WriteString(Upper(string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func casefold(s string) string {
	if ASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == 'İ':
			b.WriteString("i̇")
		case r == 'ς':
			b.WriteRune('σ')
		case r == 'ẞ':
			b.WriteString("ss")
		case upperSpecial(r) != "":
			b.WriteString(strings.ToLower(upperSpecial(r)))
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
