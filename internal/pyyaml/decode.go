package pyyaml

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

const byteOrderMark = '\uFEFF'

// decode returns the text of data, which is UTF-8, or UTF-16 when it begins
// with a byte order mark of that. Characters that nobody can see are an error:
// they would otherwise end up in names and commands.
func decode(data []byte) (string, error) {
	if len(data) >= 2 && (data[0] == 0xFF && data[1] == 0xFE || data[0] == 0xFE && data[1] == 0xFF) {
		data = fromUTF16(data)
	}
	line, column := 1, 1
	for i := 0; i < len(data); {
		c := data[i]
		switch {
		case c >= 0x20 && c < 0x7F || c == '\t':
			i++
			column++
			continue
		case c == '\n':
			i++
			line, column = line+1, 1
			continue
		case c == '\r':
			i++
			if i >= len(data) || data[i] != '\n' {
				line, column = line+1, 1
			}
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return "", &Error{Line: line, Column: column, Msg: fmt.Sprintf("byte 0x%02x is not UTF-8; save the file as UTF-8", c)}
		}
		if !allowed(r) {
			return "", &Error{Line: line, Column: column, Msg: fmt.Sprintf(`character U+%04X is not allowed; in a text in double quotes, write it as "\%s"`, r, escapeOf(r))}
		}
		i += size
		switch r {
		case '\u0085', '\u2028', '\u2029':
			line, column = line+1, 1
		case byteOrderMark:
		default:
			column++
		}
	}
	return string(data), nil
}

func allowed(r rune) bool {
	return r == 0x85 || r >= 0xA0 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

func escapeOf(r rune) string {
	if r <= 0xFF {
		return fmt.Sprintf("x%02x", r)
	}
	return fmt.Sprintf("u%04x", r)
}

func fromUTF16(data []byte) []byte {
	little := data[0] == 0xFF
	units := make([]uint16, 0, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		if little {
			units = append(units, uint16(data[i])|uint16(data[i+1])<<8)
		} else {
			units = append(units, uint16(data[i])<<8|uint16(data[i+1]))
		}
	}
	return []byte(string(utf16.Decode(units)))
}
