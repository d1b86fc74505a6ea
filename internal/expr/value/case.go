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
	for i, r := range runes {
		switch {
		case r == 'İ':
			b.WriteString("i̇")
		case r == 'Σ' && finalSigma(runes, i):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// finalSigma reports whether the sigma at i ends a word.
func finalSigma(runes []rune, i int) bool {
	cased := func(i, step int) bool {
		for ; i >= 0 && i < len(runes); i += step {
			r := runes[i]
			if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) || r == '\'' || r == '.' || r == ':' {
				continue
			}
			return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r)
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

func lowerRune(r rune) string {
	if r == 'İ' {
		return "i̇"
	}
	return string(unicode.ToLower(r))
}

// Title returns s.title(): each run of letters begins with a capital.
func Title(s string) string {
	var b strings.Builder
	inWord := false
	for _, r := range s {
		if inWord {
			b.WriteString(lowerRune(r))
		} else {
			b.WriteString(titleRune(r))
		}
		inWord = unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r)
	}
	return b.String()
}

// Capitalize returns s.capitalize().
func Capitalize(s string) string {
	for i, r := range s {
		n := len(string(r))
		return titleRune(r) + Lower(s[i+n:])
	}
	return ""
}

func swapcase(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			b.WriteString(lowerRune(r))
		case unicode.IsLower(r):
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
