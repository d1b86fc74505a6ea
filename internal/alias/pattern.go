package alias

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

const (
	// slot is a place for a parameter, with the space before it and the default
	// after it: nothing, "quoted", 'quoted', {braced} or anything else.
	slot = `(?s)(?P<space>\s*)\{\{\s*(?P<name>\S+?)\s*` +
		`(?P<default>=\s*(?:""|''|"(?P<d>.+?)"|'(?P<s>.+?)'|(?P<b>\{.+?\})|(?P<any>.+?))\s*)?\}\}`

	// taken is what a command may have in such a place: it is quoted, braced, or as
	// short as what follows allows.
	taken = `["']?(?P<%s>(?<=').+?(?=')|(?<=").+?(?=")|\{.+?\}|.+?)["']?`

	// pair is a parameter that a command names by itself.
	pair = `(?:^|\s)\s*(?P<name>\S+?)\s*=(?:""|''|"(?P<d>.+?)"|'(?P<s>.+?)'|(?P<b>\{.+?\})|(?P<any>\S+))`

	// ending is all of these at the end of a command.
	ending = `(?s).*?((?:(?:^|\s)\s*\S+?\s*=(?:""|''|".+?"|'.+?'|\{.+?\}|\S+)\s*)*)$`
)

// ErrNoMatch says that a command does not fit a format.
var ErrNoMatch = errors.New("the command does not fit the format")

// A Pattern is a format ready to be matched with.
type Pattern struct {
	format   string
	re       *pyre.Regexp
	names    []string // of the parameters, in the order of the format
	defaults map[string]string
}

// Parse reads a format.
func Parse(format string) (*Pattern, error) {
	slots, err := pyre.Cached(slot, 0)
	if err != nil {
		return nil, err
	}
	p := &Pattern{format: format, defaults: map[string]string{}}
	text, _, err := slots.SubFunc(p.slot, format, 0)
	if err != nil {
		return nil, err
	}
	start, end, err := pyre.Anchors(text, pyre.DotAll)
	if err != nil {
		return nil, fmt.Errorf("the format is no regular expression: %w", err)
	}
	if !start {
		text = `^\s*` + text
	}
	if !end {
		text += `\s*$`
	}
	if p.re, err = pyre.Cached(text, pyre.DotAll); err != nil {
		return nil, fmt.Errorf("the format is no regular expression: %w", err)
	}
	p.names = make([]string, p.re.Groups()+1)
	for name, i := range p.re.GroupIndex() {
		p.names[i] = name
	}
	return p, nil
}

// slot returns the expression that takes the place of a parameter.
func (p *Pattern) slot(m *pyre.Match) (string, error) {
	name, _ := m.Named("name")
	space, _ := m.Named("space")
	if !isName(name) {
		return "", fmt.Errorf("{{%s}} is not the name of a parameter", name)
	}
	out := space + fmt.Sprintf(taken, name)
	if _, optional := m.Named("default"); optional {
		p.defaults[name] = quoted(m)
		return "(?:" + out + ")?", nil
	}
	return out, nil
}

func isName(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || 'z' < r) && (r < 'A' || 'Z' < r) && (i == 0 || r < '0' || '9' < r) {
			return false
		}
	}
	return s != ""
}

// quoted returns a value without its quotes.
func quoted(m *pyre.Match) string {
	for _, group := range []string{"d", "s", "b", "any"} {
		if text, ok := m.Named(group); ok {
			return text
		}
	}
	return ""
}

// Extract returns the parameters that a command gives, by name: texts, or nil for
// a group of the format's own that took no part. The error is a fault that is
// [ErrNoMatch] if the command does not fit.
func (p *Pattern) Extract(command string) (*value.Dict, error) {
	words, named, err := split(command)
	if err != nil {
		return nil, err
	}
	m, err := p.re.Search(words)
	switch {
	case err != nil:
		return nil, tooHard(command, err)
	case m == nil:
		return nil, noMatch("Command \"%s\" doesn't match format string \"%s\"", command, p.format)
	}
	return p.parameters(m, words, named)
}

// ExtractAll returns the parameters of each place of a command that fits, and
// there may be none.
func (p *Pattern) ExtractAll(command string) ([]*value.Dict, error) {
	words, named, err := split(command)
	if err != nil {
		return nil, err
	}
	found, err := p.re.FindIter(words)
	if err != nil {
		return nil, tooHard(command, err)
	}
	out := make([]*value.Dict, len(found))
	for i, m := range found {
		if out[i], err = p.parameters(m, words, named); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// split takes the parameters that a command names off its end. What is left has a
// space around it, so that a format may begin and end with one.
func split(command string) (words string, named *value.Dict, err error) {
	ends, err := pyre.Cached(ending, 0)
	if err != nil {
		return "", nil, err
	}
	pairs, err := pyre.Cached(pair, pyre.DotAll)
	if err != nil {
		return "", nil, err
	}
	m, err := ends.Match(command)
	if err != nil {
		return "", nil, tooHard(command, err)
	}
	named = value.NewDict()
	if m == nil {
		return " " + command + " ", named, nil
	}
	tail, _ := m.Group(1)
	found, err := pairs.FindIter(tail)
	if err != nil {
		return "", nil, tooHard(command, err)
	}
	for _, m := range found {
		name, _ := m.Named("name")
		named.Set(name, quoted(m))
	}
	return " " + strings.TrimSuffix(command, tail) + " ", named, nil
}

func (p *Pattern) parameters(m *pyre.Match, words string, named *value.Dict) (*value.Dict, error) {
	out, some := value.NewDict(), strings.TrimSpace(words) != ""
	for i, name := range p.names {
		if name == "" {
			continue
		}
		text, ok := m.Group(i)
		if def, optional := p.defaults[name]; optional && text == "" {
			text, ok = def, true
		}
		if ok {
			out.Set(name, text)
		} else {
			out.Set(name, nil)
		}
		some = some || text != ""
	}
	for name, v := range named.Texts() {
		out.Set(name, v)
		some = some || v != ""
	}
	if p.format != "" && !some {
		return nil, noMatch("No value supplied and no default value found.")
	}
	return out, nil
}

func noMatch(format string, args ...any) error {
	return &fault.Fault{Kind: fault.Invalid, Msg: fmt.Sprintf(format, args...), Err: ErrNoMatch}
}

// tooHard says that matching took too many steps, which is for who wrote the
// command or the format to change.
func tooHard(command string, err error) error {
	return &fault.Fault{Kind: fault.Invalid, Msg: fmt.Sprintf("Command \"%s\" can't be matched: %v", command, err), Err: err}
}
