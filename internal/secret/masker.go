package secret

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// mask is what is shown in place of a secret.
const mask = "********"

// Masker masks secrets in what is shown. The nil Masker masks nothing.
type Masker struct {
	texts    []string // longest first
	replacer *strings.Replacer
}

// NewMasker returns what masks texts: as they are, as they are written in JSON, and each line of
// those that have several, as a program might print them. It is nil when there is nothing to mask.
func NewMasker(texts []string) *Masker {
	var all []string
	for _, t := range texts {
		all = Union(all, []string{t})
		if b, err := value.ToJSON(t); err == nil {
			all = Union(all, []string{string(b[1 : len(b)-1])})
		}
		if strings.Contains(t, "\n") {
			all = Union(all, strings.Split(t, "\n"))
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	pairs := make([]string, 0, 2*len(all))
	for _, t := range all {
		pairs = append(pairs, t, mask)
	}
	return &Masker{texts: all, replacer: strings.NewReplacer(pairs...)}
}

// Text returns a text without secrets.
func (m *Masker) Text(s string) string {
	if m == nil {
		return s
	}
	return m.replacer.Replace(s)
}

// JSON returns JSON without secrets in its texts, and numbers that are secret.
func (m *Masker) JSON(b []byte) []byte {
	if m == nil || len(b) == 0 {
		return b
	}
	// Most have none of them, and then reading it all would be for nothing.
	if s := string(b); m.replacer.Replace(s) == s {
		return b
	}
	v, err := value.FromJSON(b)
	if err != nil {
		return []byte(`"` + mask + `"`)
	}
	out, err := value.ToJSON(m.value(v))
	if err != nil {
		return []byte(`"` + mask + `"`)
	}
	return out
}

// Value returns a value without secrets in its texts, and numbers that are secret.
func (m *Masker) Value(v value.Value) value.Value {
	if m == nil {
		return v
	}
	return m.value(v)
}

func (m *Masker) value(v value.Value) value.Value {
	switch v := v.(type) {
	case string:
		return m.Text(v)
	case *value.List:
		out := make([]value.Value, len(v.Items))
		for i, item := range v.Items {
			out[i] = m.value(item)
		}
		return value.NewList(out...)
	case *value.Dict:
		out := value.NewDictCap(v.Len())
		for name, item := range v.Texts() {
			out.Set(m.Text(name), m.value(item))
		}
		return out
	case int64, float64:
		if slices.Contains(m.texts, value.Str(v)) {
			return mask
		}
	}
	return v
}

// A Stream masks secrets in a text that comes in pieces, also where one is cut in two.
type Stream struct {
	masker *Masker
	held   string // the end of what came, as long as it may be the beginning of a secret
}

// NewStream returns a stream whose secrets m masks.
func (m *Masker) NewStream() *Stream { return &Stream{masker: m} }

// Next returns what can be shown once a piece has come.
func (s *Stream) Next(piece string) string {
	if s.masker == nil {
		return piece
	}
	text := s.masker.Text(s.held + piece)
	keep := 0
	for _, t := range s.masker.texts {
		for n := min(len(t)-1, len(text)); n > keep; n-- {
			if strings.HasSuffix(text, t[:n]) {
				keep = n
			}
		}
	}
	s.held = text[len(text)-keep:]
	return text[:len(text)-keep]
}

// End returns what was held back.
func (s *Stream) End() string {
	text := s.held
	s.held = ""
	return text
}
