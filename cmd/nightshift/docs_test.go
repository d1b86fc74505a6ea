package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func exitCode(err error) string {
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return strconv.Itoa(e.ExitCode())
	}
	return err.Error()
}

const page = "../../docs/cli.md"

// TestPageOfCommands holds docs/cli.md, whose part below the mark is made from
// the commands themselves. "go test ./cmd/nightshift -update" writes it anew.
func TestPageOfCommands(t *testing.T) {
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- made from the commands: go test ./cmd/nightshift -update -->\n"
	head, _, ok := strings.Cut(string(old), mark)
	if !ok {
		t.Fatalf("%s has no line %s", page, mark)
	}
	root := command(t.Context())
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	var b bytes.Buffer
	b.WriteString(head + mark)
	b.WriteString("\n### Flags of every command\n\n")
	writeFlags(&b, root.PersistentFlags())
	writeCommands(&b, root)
	if *update {
		if err := os.WriteFile(page, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(old), b.String()); diff != "" {
		t.Errorf("%s is not up to date: go test ./cmd/nightshift -update\n%s", page, diff)
	}
}

func writeCommands(b *bytes.Buffer, cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		if c.HasSubCommands() {
			fmt.Fprintf(b, "\n## `%s`\n\n%s.\n", c.CommandPath(), c.Short)
		} else {
			level := "###"
			if c.Parent() == c.Root() {
				level = "##"
			}
			fmt.Fprintf(b, "\n%s `%s`\n\n", level, strings.TrimSuffix(c.UseLine(), " [flags]"))
			text := c.Long
			if text == "" {
				text = c.Short + "."
			}
			b.WriteString(text + "\n")
			if c.Example != "" {
				b.WriteString("\n```\n" + dedent(c.Example) + "\n```\n")
			}
			if c.HasLocalFlags() {
				b.WriteString("\n")
				writeFlags(b, c.LocalNonPersistentFlags())
			}
		}
		writeCommands(b, c)
	}
}

func dedent(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

func writeFlags(b *bytes.Buffer, flags *pflag.FlagSet) {
	var rows []string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		usage := strings.ReplaceAll(f.Usage, "|", `\|`)
		if d := f.DefValue; d != "" && d != "false" && d != "[]" && d != "0" {
			usage += "; default `" + strings.Trim(d, "[]") + "`"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s |\n", name, usage))
	})
	if len(rows) == 0 {
		return
	}
	slices.Sort(rows)
	b.WriteString("| flag | meaning |\n|---|---|\n" + strings.Join(rows, ""))
}

// TestEveryCommandSaysWhatItDoes holds that nobody has to guess.
func TestEveryCommandSaysWhatItDoes(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its short text is %q; want one without a full stop", c.CommandPath(), c.Short)
		}
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s says nothing", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(command(t.Context()))
}
