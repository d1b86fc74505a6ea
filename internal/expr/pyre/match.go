package pyre

// Match is what a pattern matched. It holds on to the text.
type Match struct {
	re   *Regexp
	text string
	caps []int // in bytes
}

// Text returns what the whole pattern matched.
func (m *Match) Text() string { return m.text[m.caps[0]:m.caps[1]] }

// Group returns what a group matched; 0 is the whole match. It returns false for
// a group that took no part or does not exist.
func (m *Match) Group(n int) (string, bool) {
	if n < 0 || 2*n+1 >= len(m.caps) || m.caps[2*n] < 0 || m.caps[2*n+1] < 0 {
		return "", false
	}
	return m.text[m.caps[2*n]:m.caps[2*n+1]], true
}

// Named returns what a group matched that has a name.
func (m *Match) Named(name string) (string, bool) {
	n, ok := m.re.names[name]
	if !ok {
		return "", false
	}
	return m.Group(n)
}

// Groups returns the groups from the first on.
func (m *Match) Groups() []Part {
	parts := make([]Part, m.re.prog.groups)
	for i := range parts {
		s, ok := m.Group(i + 1)
		parts[i] = Part{Text: s, Missing: !ok}
	}
	return parts
}

// GroupDict returns the groups that have a name.
func (m *Match) GroupDict() map[string]Part {
	parts := make(map[string]Part, len(m.re.names))
	for name, n := range m.re.names {
		s, ok := m.Group(n)
		parts[name] = Part{Text: s, Missing: !ok}
	}
	return parts
}

// Span returns where a group begins and ends, in code points; -1 and -1 if it
// took no part.
func (m *Match) Span(group int) (start, end int) {
	if _, ok := m.Group(group); !ok {
		return -1, -1
	}
	start = runes(m.text[:m.caps[2*group]])
	return start, start + runes(m.text[m.caps[2*group]:m.caps[2*group+1]])
}

// Start returns where a group begins.
func (m *Match) Start(group int) int {
	start, _ := m.Span(group)
	return start
}

// End returns where a group ends.
func (m *Match) End(group int) int {
	_, end := m.Span(group)
	return end
}

// ByteSpan returns where the match begins and ends, in bytes.
func (m *Match) ByteSpan() (start, end int) { return m.caps[0], m.caps[1] }

// Regexp returns the pattern that matched.
func (m *Match) Regexp() *Regexp { return m.re }

// Expand fills a replacement template with the groups of the match.
func (m *Match) Expand(template string) (string, error) {
	t, err := m.re.template(template)
	if err != nil {
		return "", err
	}
	return t.expand(m), nil
}
