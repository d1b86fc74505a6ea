package runner

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Text returns bytes as text. What is no UTF-8 becomes U+FFFD, as with Python's
// errors="replace": one for each piece that could have begun a character.
func Text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var d decoder
	return d.next(b) + d.rest()
}

// decoder turns pieces of bytes into pieces of text without cutting characters.
type decoder struct {
	held [utf8.UTFMax]byte // the beginning of a character whose end has not come yet
	n    int
}

// next returns the text of the next piece, less a character that is not
// complete.
func (d *decoder) next(piece []byte) string {
	var text strings.Builder
	for d.n > 0 && len(piece) > 0 {
		d.held[d.n] = piece[0]
		size, full := sequence(d.held[:d.n+1])
		switch {
		case !full: // still only a beginning
			d.n++
			piece = piece[1:]
		case size == d.n+1 && utf8.Valid(d.held[:size]):
			text.Write(d.held[:size])
			d.n, piece = 0, piece[1:]
		default: // the new byte does not belong to it
			text.WriteRune(utf8.RuneError)
			d.n = 0
		}
	}
	for len(piece) > 0 {
		good := piece
		if !utf8.Valid(piece) {
			good = piece[:validPrefix(piece)]
		}
		text.Write(good)
		if piece = piece[len(good):]; len(piece) == 0 {
			break
		}
		size, full := sequence(piece)
		if !full {
			d.n = copy(d.held[:], piece)
			break
		}
		text.WriteRune(utf8.RuneError)
		piece = piece[size:]
	}
	return text.String()
}

// rest returns what is left at the end.
func (d *decoder) rest() string {
	if d.n == 0 {
		return ""
	}
	d.n = 0
	return string(utf8.RuneError)
}

// validPrefix returns how many bytes of b are valid UTF-8, from its beginning.
func validPrefix(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}

// sequence returns how many bytes at the beginning of b belong together: a
// character, or as much as could have been the beginning of one. full is false
// if b ends before that is known.
func sequence(b []byte) (size int, full bool) {
	lo, hi := byte(0x80), byte(0xBF)
	var more int
	switch c := b[0]; {
	case c < 0xC2 || c > 0xF4:
		return 1, true
	case c < 0xE0:
		more = 1
	case c < 0xF0:
		more = 2
		switch c {
		case 0xE0:
			lo = 0xA0
		case 0xED:
			hi = 0x9F
		}
	default:
		more = 3
		switch c {
		case 0xF0:
			lo = 0x90
		case 0xF4:
			hi = 0x8F
		}
	}
	for size = 1; size <= more; size++ {
		if size == len(b) {
			return size, false
		}
		if b[size] < lo || b[size] > hi {
			return size, true
		}
		lo, hi = 0x80, 0xBF
	}
	return size, true
}

// Decoded returns what text says if it is one JSON text, and else the text.
// StackStorm does this with what shell actions print, and packs rely on it: a
// script that prints 7 has the int 7 as its stdout.
func Decoded(text string) value.Value {
	if v, ok := DecodeJSON(text); ok {
		return v
	}
	return text
}

// DecodeJSON reads text as JSON as its standard has it, without the NaN and the
// infinities that Python's reader allows.
func DecodeJSON(text string) (v value.Value, ok bool) {
	start := strings.TrimLeft(text, " \t\r\n")
	if start == "" || !strings.ContainsRune(`{["-0123456789tfn`, rune(start[0])) {
		return nil, false // as most texts, without reading on
	}
	v, err := value.FromJSON([]byte(text))
	if err != nil || !strict(v) {
		return nil, false
	}
	return v, true
}

// strict reports whether v can have come from JSON as its standard has it,
// which knows no NaN and no infinity.
func strict(v value.Value) bool {
	switch v := v.(type) {
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	case *value.List:
		for _, item := range v.Items {
			if !strict(item) {
				return false
			}
		}
	case *value.Dict:
		for _, item := range v.All() {
			if !strict(item) {
				return false
			}
		}
	}
	return true
}
