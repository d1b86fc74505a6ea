package st2

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// command is one command and the words that it takes.
type command struct {
	name        string // "action list"
	about       string
	positionals []positional
	options     []option
	anonymous   bool // asks without a token: it is about to get one
	helps       bool // -h is an option of its own, as help needs the server
	run         func(c *call) error
}

// kind is how many words an option takes, and what they become.
type kind int

const (
	aText kind = iota
	aFlag
	aNumber
	someWords   // one or more
	someNumbers // one or more
	anyWords    // none or more
)

// option is an option of a command.
type option struct {
	names []string
	dest  string // by what the value is known; default: the first long name
	kind  kind
	def   value.Value
	about string
	alone bool // one of those that exclude each other
	must  bool
}

// How options are written in the table.
func opt(about string, names ...string) option { return option{names: names, about: about} }

func flag(about string, names ...string) option {
	return option{names: names, about: about, kind: aFlag}
}

func number(about string, names ...string) option {
	return option{names: names, about: about, kind: aNumber}
}

func (o option) as(dest string) option          { o.dest = dest; return o }
func (o option) or(def value.Value) option      { o.def = def; return o }
func (o option) exclusive() option              { o.alone = true; return o }
func (o option) required() option               { o.must = true; return o }
func (o option) takes(kind kind) option         { o.kind = kind; return o }
func (o option) orWords(words ...string) option { o.def = listOf(words); return o }

// target is by what the value is known.
func (o option) target() string {
	if o.dest != "" {
		return o.dest
	}
	for _, name := range o.names {
		if long, ok := strings.CutPrefix(name, "--"); ok {
			return strings.ReplaceAll(long, "-", "_")
		}
	}
	return strings.TrimLeft(o.names[0], "-")
}

// unset is the value of an option that is not given.
func (o option) unset() value.Value {
	if o.def == nil && o.kind == aFlag {
		return false
	}
	return o.def
}

// positional is a word that is no option.
type positional struct {
	dest, metavar string
	count         byte // 0 for one, or '?', '+', '*'
	about         string
}

func pos(dest, metavar, about string) positional  { return positional{dest, metavar, 0, about} }
func some(dest, metavar, about string) positional { return positional{dest, metavar, '+', about} }

// globals are the options that stand before the command. They are taken behind it,
// too, where the command has none of that name.
func globals() []option {
	return []option{
		opt("base address of the services (ST2_BASE_URL)", "--url").as("base_url"),
		opt("address of the service for tokens (ST2_AUTH_URL)", "--auth-url"),
		opt("address of the API (ST2_API_URL)", "--api-url"),
		opt("address of the event stream (ST2_STREAM_URL)", "--stream-url"),
		opt("version of the API (ST2_API_VERSION)", "--api-version"),
		opt("file with the certificates to trust, or false to check none (ST2_CACERT)", "--cacert"),
		opt("user:password for a proxy before the services", "--basic-auth"),
		opt("configuration file (ST2_CONFIG_FILE)", "--config-file"),
		flag("print the configuration", "--print-config"),
		flag("read no configuration file (ST2_CLI_SKIP_CONFIG)", "--skip-config"),
		flag("print each request to stderr, without secrets", "--debug"),
	}
}

// arguments are the values of a call by name.
type arguments struct{ *value.Dict }

func (a arguments) text(name string) string { return text(a.Dict, name) }
func (a arguments) flag(name string) bool   { return field(a.Dict, name) == true }

func (a arguments) number(name string) int {
	n, _ := field(a.Dict, name).(int64)
	return int(n)
}

func (a arguments) words(name string) []string { return wordsOf(field(a.Dict, name)) }

func wordsOf(v value.Value) []string {
	var out []string
	if l, ok := v.(*value.List); ok {
		for _, item := range l.Items {
			out = append(out, value.Str(item))
		}
	}
	return out
}

func listOf(words []string) *value.List {
	l := value.NewList()
	for _, w := range words {
		l.Items = append(l.Items, w)
	}
	return l
}

// usageError is a mistake in the words of a command.
type usageError struct {
	usage, program string
	err            error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) text() string {
	if e.err == nil {
		return e.usage
	}
	return e.usage + e.program + ": error: " + e.err.Error() + "\n"
}

// parse reads a command line as Python's argparse does, except that words and
// options may stand in any order.
func (a *app) parse(argv []string) (*call, error) {
	top := &command{name: "", options: globals()}
	p := &parser{app: a, cmd: top, args: arguments{value.NewDict()}}
	rest := argv
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") && rest[0] != "-" {
		switch rest[0] {
		case "-h", "--help":
			a.print(a.overview())
			return nil, silent(exitOK)
		case "--version":
			a.print("st2 " + compatible + ", on Nightshift " + a.Version)
			return nil, silent(exitOK)
		}
		n, err := p.option(rest)
		if err != nil {
			return nil, p.fail(err)
		}
		rest = rest[n:]
	}
	if p.args.flag("print_config") {
		rest = []string{"action", "list"}
	}
	if len(rest) == 0 {
		return nil, &usageError{usage: a.overview() + "\n"}
	}
	cmd, rest, err := a.find(rest)
	if err != nil {
		return nil, err
	}
	p.cmd = cmd
	if err := p.command(rest); err != nil {
		if _, ok := errors.AsType[silent](err); ok {
			return nil, err
		}
		return nil, p.fail(err)
	}
	return &call{app: a, cmd: cmd, args: p.args}, nil
}

// find returns the command that the words begin with.
func (a *app) find(words []string) (*command, []string, error) {
	for n := 1; n <= 3 && n <= len(words); n++ {
		name := strings.Join(words[:n], " ")
		if i := slices.IndexFunc(a.commands, func(c *command) bool { return c.name == name }); i >= 0 {
			return a.commands[i], words[n:], nil
		}
	}
	branch := ""
	for _, word := range words {
		if !slices.ContainsFunc(a.commands, func(c *command) bool { return strings.HasPrefix(c.name, branch+word+" ") }) {
			if word == "-h" || word == "--help" {
				a.print(a.listing(branch))
				return nil, nil, silent(exitOK)
			}
			return nil, nil, &usageError{
				usage: "usage: st2 " + branch + "...\n", program: strings.TrimSpace("st2 " + branch),
				err: fmt.Errorf("invalid choice: '%s' (choose from %s)", word, strings.Join(a.words(branch), ", ")),
			}
		}
		branch += word + " "
	}
	return nil, nil, &usageError{usage: a.listing(branch) + "\n"}
}

// words are the words that may follow a branch.
func (a *app) words(branch string) []string {
	var out []string
	for _, c := range a.commands {
		rest, ok := strings.CutPrefix(c.name, branch)
		word, _, _ := strings.Cut(rest, " ")
		if ok && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

// parser reads the words of one command.
type parser struct {
	*app
	cmd   *command
	args  arguments
	given []option // of those that exclude others
	words []string // that are no options
}

func (p *parser) fail(err error) error {
	program := strings.TrimSpace("st2 " + p.cmd.name)
	return &usageError{usage: p.usage(p.cmd), program: program, err: err}
}

func (p *parser) command(rest []string) error {
	for _, o := range p.cmd.all() {
		if _, ok := p.args.Get(o.target()); !ok {
			p.args.Set(o.target(), o.unset())
		}
	}
	for len(rest) > 0 {
		word := rest[0]
		switch {
		case word == "--":
			p.words = append(p.words, rest[1:]...)
			rest = nil
			continue
		case !p.isOption(word):
			p.words = append(p.words, word)
			rest = rest[1:]
			continue
		case (word == "-h" || word == "--help") && !p.cmd.helps:
			p.print(p.help(p.cmd))
			return silent(exitOK)
		}
		n, err := p.option(rest)
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	for _, o := range p.cmd.all() {
		if o.must && field(p.args.Dict, o.target()) == nil {
			return fmt.Errorf("the following arguments are required: %s", strings.Join(o.names, "/"))
		}
	}
	return p.distribute()
}

// all are the options that have a value in a call.
func (c *command) all() []option { return append(slices.Clone(c.options), globals()...) }

var numeric = regexp.MustCompile(`^-\d+$|^-\d*\.\d+$`)

// isOption reports whether a word is one: - is a word, as are numbers below zero
// and what has a space in it and is no option.
func (p *parser) isOption(word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	if _, _, _, err := p.match(word); err == nil {
		return true
	}
	return !numeric.MatchString(word) && !strings.Contains(word, " ")
}

// match finds the option that a word names, with the value that is in the same
// word, if any.
func (p *parser) match(word string) (o option, v string, has bool, err error) {
	name, v, has := strings.Cut(word, "=")
	var near []option
	for _, o := range p.cmd.all() {
		for _, n := range o.names {
			switch {
			case n == word:
				return o, "", false, nil
			case n == name && has:
				return o, v, true, nil
			case strings.HasPrefix(n, "--") && strings.HasPrefix(n, name) && len(name) > 2:
				near = append(near, o)
			}
		}
	}
	if len(near) > 0 {
		if slices.ContainsFunc(near, func(o option) bool { return o.target() != near[0].target() }) {
			return o, "", false, fmt.Errorf("ambiguous option: %s could match several", name)
		}
		return near[0], v, has, nil
	}
	if !strings.HasPrefix(word, "--") {
		for _, o := range p.cmd.all() {
			if slices.Contains(o.names, word[:2]) {
				return o, word[2:], true, nil
			}
		}
	}
	return o, "", false, fmt.Errorf("unrecognized arguments: %s", word)
}

// option reads an option with its values, and returns how many words they are.
func (p *parser) option(rest []string) (int, error) {
	word := rest[0]
	o, v, has, err := p.match(word)
	if err != nil {
		return 0, err
	}
	if o.alone {
		for _, other := range p.given {
			if other.target() != o.target() {
				return 0, fmt.Errorf("argument %s: not allowed with argument %s", strings.Join(o.names, "/"), strings.Join(other.names, "/"))
			}
		}
		p.given = append(p.given, o)
	}
	if o.kind == aFlag {
		p.args.Set(o.target(), true)
		if !has {
			return 1, nil
		}
		if strings.HasPrefix(word, "--") {
			return 0, fmt.Errorf("argument %s: ignored explicit argument '%s'", strings.Join(o.names, "/"), v)
		}
		rest[0] = "-" + v // the next one of several in one word
		return 0, nil
	}
	values := []string{v}
	n := 1
	if !has {
		for n < len(rest) && rest[n] != "--" && !p.isOption(rest[n]) {
			if n++; o.kind == aText || o.kind == aNumber {
				break
			}
		}
		values = rest[1:n]
	}
	read, err := o.read(values)
	if err != nil {
		return 0, fmt.Errorf("argument %s: %w", strings.Join(o.names, "/"), err)
	}
	p.args.Set(o.target(), read)
	return n, nil
}

// read turns the words of an option into its value.
func (o option) read(words []string) (value.Value, error) {
	switch o.kind {
	case aFlag:
		return true, nil
	case aText, aNumber:
		if len(words) == 0 {
			return nil, errors.New("expected one argument")
		}
		if o.kind == aText {
			return words[0], nil
		}
		return whole(words[0])
	case someWords, someNumbers:
		if len(words) == 0 {
			return nil, errors.New("expected at least one argument")
		}
	case anyWords:
	}
	if o.kind != someNumbers {
		return listOf(words), nil
	}
	l := value.NewList()
	for _, w := range words {
		n, err := whole(w)
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, n)
	}
	return l, nil
}

func whole(word string) (value.Value, error) {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("invalid int value: '%s'", word)
	}
	return n, nil
}

// distribute gives the words that are no options their names.
func (p *parser) distribute() error {
	words := p.words
	var missing []string
	for i, x := range p.cmd.positionals {
		later := 0 // words that the positionals behind this one need
		for _, y := range p.cmd.positionals[i+1:] {
			if y.count == 0 || y.count == '+' {
				later++
			}
		}
		room := max(len(words)-later, 0)
		switch x.count {
		case 0, '?':
			if room == 0 {
				p.args.Set(x.dest, nil)
				if x.count == 0 {
					missing = append(missing, x.metavar)
				}
				continue
			}
			p.args.Set(x.dest, words[0])
			words = words[1:]
		default:
			if room == 0 && x.count == '+' {
				missing = append(missing, x.metavar)
			}
			p.args.Set(x.dest, listOf(words[:room]))
			words = words[room:]
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the following arguments are required: %s", strings.Join(missing, ", "))
	}
	if len(words) > 0 {
		return fmt.Errorf("unrecognized arguments: %s", strings.Join(words, " "))
	}
	return nil
}
