package pyre

import (
	"slices"
	"unicode"
)

// charset is a set of characters: some ranges, some classes such as \w, all of
// it perhaps turned round. Characters below 128 are looked up in a bitmap.
type charset struct {
	negate  bool
	ranges  []runeRange // sorted and disjoint after seal
	classes []class
	low     [2]uint64
}

type runeRange struct{ first, last rune }

// class is one of \d \s \w, or its opposite.
type class struct {
	letter byte // d, s or w
	not    bool
	ascii  bool
}

func (c class) has(r rune) bool {
	var in bool
	switch c.letter {
	case 'd':
		in = isDigit(r) && (!c.ascii || r < unicode.MaxASCII)
	case 's':
		if c.ascii {
			in = r == ' ' || '\t' <= r && r <= '\r'
		} else {
			in = isSpace(r)
		}
	default:
		in = isWord(r) && (!c.ascii || r <= unicode.MaxASCII)
	}
	return in != c.not
}

func isDigit(r rune) bool {
	if r <= unicode.MaxASCII {
		return '0' <= r && r <= '9'
	}
	return unicode.Is(unicode.Nd, r)
}

// isSpace is str.isspace, which knows four separators that unicode.IsSpace does not.
func isSpace(r rune) bool { return 0x1c <= r && r <= 0x1f || unicode.IsSpace(r) }

func isWord(r rune) bool {
	if r <= unicode.MaxASCII {
		return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

func newSet(ranges ...runeRange) *charset {
	s := &charset{ranges: ranges}
	s.seal()
	return s
}

// seal brings the set into the form in which it can be asked.
func (s *charset) seal() {
	slices.SortFunc(s.ranges, func(a, b runeRange) int { return int(a.first) - int(b.first) })
	merged := s.ranges[:0]
	for _, r := range s.ranges {
		if n := len(merged); n > 0 && r.first <= merged[n-1].last+1 {
			merged[n-1].last = max(merged[n-1].last, r.last)
			continue
		}
		merged = append(merged, r)
	}
	s.ranges = merged
	for r := range rune(128) {
		if s.find(r) {
			s.low[r>>6] |= 1 << (r & 63)
		}
	}
}

func (s *charset) has(r rune) bool {
	if uint32(r) < 128 {
		return s.low[r>>6]&(1<<(r&63)) != 0
	}
	return s.find(r)
}

func (s *charset) find(r rune) bool {
	_, in := slices.BinarySearchFunc(s.ranges, r, func(x runeRange, r rune) int {
		switch {
		case x.last < r:
			return -1
		case x.first > r:
			return 1
		}
		return 0
	})
	for i := 0; !in && i < len(s.classes); i++ {
		in = s.classes[i].has(r)
	}
	return in != s.negate
}

// closeUnder adds every character that is the same as one in the set when case
// is ignored.
func (s *charset) closeUnder(f folding) {
	if f == foldNone {
		return
	}
	own := s.ranges
	for _, have := range own {
		if f == foldASCII {
			for r := max(have.first, 'A'); r <= min(have.last, 'z'); r++ {
				for _, same := range equivalents(r, f) {
					s.ranges = append(s.ranges, runeRange{same, same})
				}
			}
			continue
		}
		// Only characters that have a case have others that are the same, and
		// the tables of cases are short beside all of Unicode.
		for _, cased := range unicode.CaseRanges {
			first, last := max(have.first, rune(cased.Lo)), min(have.last, rune(cased.Hi))
			for r := first; r <= last; r++ {
				for _, same := range equivalents(r, f) {
					s.ranges = append(s.ranges, runeRange{same, same})
				}
			}
		}
	}
}

// equivalents returns all characters, r among them, that are the same as r when
// case is ignored.
func equivalents(r rune, f folding) []rune {
	switch f {
	case foldNone:
	case foldASCII:
		if r <= unicode.MaxASCII && unicode.IsLetter(r) {
			return []rune{unicode.ToLower(r), unicode.ToUpper(r)}
		}
	case foldUnicode:
		switch r {
		case 'i', 'I', 'İ', 'ı':
			// Python takes the four as one, simple folding does not.
			return []rune{'i', 'I', 'İ', 'ı'}
		}
		all := []rune{r}
		for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
			all = append(all, x)
		}
		return all
	}
	return []rune{r}
}

// same reports whether two characters are the same under a folding.
func same(a, b rune, f folding) bool {
	return a == b || f != foldNone && slices.Contains(equivalents(a, f), b)
}
