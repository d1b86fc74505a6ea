package rule

import (
	"errors"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// pattern is a pattern that is rendered for each event.
type pattern struct {
	plain Template
	// typed renders the expressions of the pattern as JSON, so that a number
	// stays a number; nil if there are none. What comes out is taken if it is
	// JSON as a whole, else the plain text is.
	typed Template
}

var errNoTemplates = errors.New("there is nothing here that could render it")

// text prepares a pattern that is a text. It returns either a constant or a
// template.
func (c *compiler) text(text string) (string, *pattern, error) {
	if !isTemplate(text) {
		return asRendered(text), nil, nil
	}
	if c.parse == nil {
		return "", nil, errNoTemplates
	}
	plain, err := c.parse(text)
	if err != nil {
		return "", nil, err
	}
	p := &pattern{plain: plain}
	typed, n, err := typedText(text)
	if err == nil && n > 0 {
		// The text that is made here can be no template although the written
		// one is; then the plain one does.
		if t, err := c.parse(typed); err == nil {
			p.typed = t
		}
	}
	return "", p, nil
}

// typedText puts a filter into each expression that makes JSON of its value. It
// looks at nothing but braces, as StackStorm does, and so takes {{ a }} and {{ b }}
// in one line for one expression.
func typedText(text string) (string, int, error) {
	re, err := pyre.Cached(`({{)\s*(.*)\s*(}})`, 0)
	if err != nil {
		return "", 0, err
	}
	return re.Sub(`\1\2 | to_complex\3`, text, 0)
}

// isTemplate reports whether rendering would do more than [asRendered].
func isTemplate(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || strings.Contains(text, "{#")
}

// asRendered is what becomes of a text without expressions when it is rendered:
// line ends are unified, and one at the end is dropped.
func asRendered(text string) string {
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return strings.TrimSuffix(text, "\n")
}

// render returns the pattern for an event.
func (p *pattern) render(e *event) (value.Value, error) {
	if p.typed != nil {
		if text, err := p.typed.Render(e.ctx, e.names()); err == nil {
			if v, err := value.FromJSON([]byte(text)); err == nil {
				return v, nil
			}
		}
	}
	return p.plain.Render(e.ctx, e.names())
}
