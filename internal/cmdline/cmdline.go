// Package cmdline makes the command lines that shells get: of a command or a
// script with its arguments, for this machine or for another one, with or without
// sudo. It quotes so that a shell reads what was meant, and it is pure.
package cmdline

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Masked stands for a secret in what people read.
const Masked = "********"

// Line is a command or a script with everything that decides about the
// command line that a shell gets for it.
type Line struct {
	// Command is in the language of the shell. It is not looked at if there is a
	// Script, which is a path that is called with arguments.
	Command    string
	Script     string
	Through    []string    // the interpreter, if the script can't be called itself
	Named      *value.Dict // named arguments, with what stands before their names
	Positional []string

	Self         string            // who runs the shell
	User         string            // who is to run the command; "" is Self
	Sudo         bool              // run it as root; then User does not matter
	SudoPassword string            // "" if sudo does not ask for one
	Env          map[string]string // for Remote; locally the environment is handed over as such
	Dir          string            // for Remote
}

// Local returns the command line for a shell on this machine. sudo gets its
// password by standard input.
func (l *Line) Local() string {
	switch {
	case l.Sudo:
		return l.sudo() + " -- bash -c " + Quote(l.body())
	case l.User != "" && l.User != l.Self:
		return l.sudo() + " -H -u " + Quote(l.User) + " -- bash -c " + Quote(l.body())
	default:
		return l.body()
	}
}

// LocalMasked returns what may be logged of Local.
func (l *Line) LocalMasked() string {
	if l.SudoPassword == "" {
		return l.Local()
	}
	return "echo -e '" + Masked + "\n' | " + l.Local()
}

// Remote returns the command line for a shell on another machine, whose
// environment and folder must be set by the command line too. A password for
// sudo is in it: it must not be logged.
func (l *Line) Remote() string { return l.remote(l.SudoPassword) }

// RemoteFed is Remote for a shell whose standard input has the password for sudo
// and a newline: nobody on the other machine finds it in the list of processes.
func (l *Line) RemoteFed() string { return l.remote("") }

// RemoteMasked returns what may be logged of Remote.
func (l *Line) RemoteMasked() string {
	if l.SudoPassword == "" {
		return l.Remote()
	}
	return l.remote(Masked)
}

func (l *Line) remote(password string) string {
	dir := l.Dir
	if l.Script != "" {
		dir = Quote(dir) // of a command it is taken as it stands: packs write ~ and $HOME there
	}
	line := "cd " + dir + " && " + l.body()
	if export := l.export(); export != "" {
		line = export + " && " + line
	}
	if !l.Sudo {
		return line
	}
	line = l.sudo() + " -- bash -c " + Quote(line)
	if password != "" {
		line = "set +o history ; echo -e " + Quote(password+"\n") + " | " + line
	}
	return line
}

var (
	passwordRefused = regexp.MustCompile(`sudo: \d+ incorrect password attempts?`)
	passwordPrompt  = regexp.MustCompile(`\[sudo\] password for (.+?):`)
)

// Refused returns what is wrong if sudo refused the password, as its words on
// stderr say, or "".
func (l *Line) Refused(stderr string) string {
	if l.SudoPassword == "" || !passwordRefused.MatchString(stderr) {
		return ""
	}
	name := "unknown"
	if m := passwordPrompt.FindStringSubmatch(stderr); m != nil {
		name = m[1]
	}
	return fmt.Sprintf("Invalid sudo password provided or sudo is not configured for this user (%s)", name)
}

// Elevated returns words that begin a command as the line begins its own: with
// sudo if that has it, and else without anything. A password is wanted on standard
// input.
func (l *Line) Elevated() string {
	if !l.Sudo && (l.User == "" || l.User == l.Self) {
		return ""
	}
	return l.sudo() + " "
}

// sudo returns the call of sudo up to its options. -E keeps the environment.
func (l *Line) sudo() string {
	if l.SudoPassword != "" {
		return "sudo -S -E"
	}
	return "sudo -E"
}

// export returns the command that sets the environment on another machine.
func (l *Line) export() string {
	if len(l.Env) == 0 {
		return ""
	}
	env := maps.Clone(l.Env)
	if l.Sudo && l.SudoPassword != "" {
		// The password is in the command line: no history may keep it.
		env["HISTFILE"], env["HISTSIZE"] = "/dev/null", "0"
	}
	var b strings.Builder
	b.WriteString("export")
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, " %s=%s", Quote(name), Quote(env[name]))
	}
	return b.String()
}

// body returns the command, or the script with its arguments.
func (l *Line) body() string {
	if l.Script == "" {
		return l.Command
	}
	var b strings.Builder
	for _, word := range l.Through {
		b.WriteString(Quote(word) + " ")
	}
	b.WriteString(Quote(l.Script))
	if args := l.Arguments(); args != "" {
		b.WriteString(" " + args)
	}
	return b.String()
}

// Arguments returns the arguments of a script as a shell reads them: named ones
// first. True is the bare name; None, False and "" are left out.
func (l *Line) Arguments() string {
	var parts []string
	if l.Named != nil {
		for name, v := range l.Named.Texts() {
			switch v {
			case nil, false, "":
			case true:
				parts = append(parts, name)
			default:
				parts = append(parts, Quote(name)+"="+Quote(value.Str(v)))
			}
		}
	}
	for _, arg := range l.Positional {
		parts = append(parts, Quote(arg))
	}
	return strings.Join(parts, " ")
}

// Quote returns text as one word of a shell's language.
func Quote(text string) string {
	if text == "" {
		return "''"
	}
	if strings.IndexFunc(text, func(c rune) bool { return !plain(c) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'"'"'`) + "'"
}

// plain reports whether a shell never sees more in c than c.
func plain(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_@%+=:,./-", c)
}
