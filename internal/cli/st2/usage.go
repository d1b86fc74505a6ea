package st2

import (
	"slices"
	"strings"
)

// usage is the line that says how a command is written, folded to the terminal.
func (a *app) usage(c *command) string {
	prefix := strings.TrimSpace("usage: st2 " + c.name)
	var options, words []string
	if !c.helps {
		options = append(options, "[-h]")
	}
	for i := 0; i < len(c.options); i++ {
		o := c.options[i]
		one := o.shown()
		for o.alone && i+1 < len(c.options) && c.options[i+1].alone {
			i++
			one += " | " + c.options[i].shown()
		}
		if !o.must {
			one = "[" + one + "]"
		}
		options = append(options, one)
	}
	if c.name == "" {
		words = []string{"command", "..."}
	}
	for _, x := range c.positionals {
		switch x.count {
		case '?':
			words = append(words, "["+x.metavar+"]")
		case '*':
			words = append(words, "["+x.metavar+" ...]")
		case '+':
			words = append(words, x.metavar, "["+x.metavar+" ...]")
		default:
			words = append(words, x.metavar)
		}
	}
	width := a.columns() - 2
	if line := strings.Join(append([]string{prefix}, append(options, words...)...), " "); len(line) <= width {
		return line + "\n"
	}
	indent := strings.Repeat(" ", len(prefix)+1)
	lines := append(folded(options, width-len(indent)), folded(words, width-len(indent))...)
	return prefix + " " + strings.Join(lines, "\n"+indent) + "\n"
}

// folded puts words on lines of at most width.
func folded(words []string, width int) []string {
	var lines []string
	for _, w := range words {
		if last := len(lines) - 1; last >= 0 && len(lines[last])+1+len(w) <= width {
			lines[last] += " " + w
			continue
		}
		lines = append(lines, w)
	}
	return lines
}

// shown is an option with what it takes.
func (o option) shown() string { return o.with(o.names[0]) }

func (o option) with(name string) string {
	word := strings.ToUpper(o.target())
	switch o.kind {
	case aFlag:
		return name
	case someWords, someNumbers:
		return name + " " + word + " [" + word + " ...]"
	case anyWords:
		return name + " [" + word + " ...]"
	case aText, aNumber:
	}
	return name + " " + word
}

// help is all that is said of a command.
func (a *app) help(c *command) string {
	var b strings.Builder
	b.WriteString(a.usage(c) + "\n" + c.about + "\n")
	if len(c.positionals) > 0 {
		b.WriteString("\npositional arguments:\n")
		for _, x := range c.positionals {
			b.WriteString(a.entry(x.metavar, x.about))
		}
	}
	b.WriteString("\noptions:\n")
	if !c.helps {
		b.WriteString(a.entry("-h, --help", "show this help and exit"))
	}
	for _, o := range c.options {
		names := slices.Clone(o.names)
		for i := range names {
			names[i] = o.with(names[i])
		}
		b.WriteString(a.entry(strings.Join(names, ", "), o.about))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// entry is a name with what is said of it beside or below it.
func (a *app) entry(name, about string) string {
	const column = 24
	lines := wrap(about, max(a.columns()-2-column, 11))
	first := "  " + name
	indent := "\n" + strings.Repeat(" ", column)
	if len(first) > column-2 || len(lines) == 0 {
		if len(lines) == 0 {
			return first + "\n"
		}
		return first + indent + strings.Join(lines, indent) + "\n"
	}
	return first + strings.Repeat(" ", column-len(first)) + strings.Join(lines, indent) + "\n"
}

// overview is the help of the program.
func (a *app) overview() string {
	top := &command{options: globals(), about: "Nightshift under the name of StackStorm's command line."}
	return a.help(top) + "\n\n" + a.listing("")
}

// listing names the commands of a branch.
func (a *app) listing(branch string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace("commands of st2 "+branch) + ":\n")
	for _, word := range a.words(branch) {
		about := strings.Join(a.words(branch+word+" "), ", ")
		if i := slices.IndexFunc(a.commands, func(c *command) bool { return c.name == branch+word }); i >= 0 {
			about = a.commands[i].about
		}
		b.WriteString(a.entry(word, about))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
