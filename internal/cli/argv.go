package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Annotations of flags.
const (
	// spelling names a form that StackStorm's users type and that no flag here can
	// have: two letters after one dash, or a letter that means something else on
	// other commands.
	spelling = "nightshift_spelling"
	// greedy marks a flag that takes all words up to the next flag.
	greedy = "nightshift_greedy"
)

func annotate(cmd *cobra.Command, flag, key, value string) {
	f := cmd.Flags().Lookup(flag)
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[key] = []string{value}
}

// familiar rewrites arguments that StackStorm's client understands and ours, by
// itself, would not: -tg for --timestamp-gt, and several words after --attr.
func familiar(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd == nil || cmd == root {
		return args
	}
	long := map[string]string{}
	takes := map[string]bool{} // a word after it
	many := map[string]bool{}
	visit := func(f *pflag.Flag) {
		for _, s := range f.Annotations[spelling] {
			long[s] = "--" + f.Name
		}
		for _, name := range []string{"--" + f.Name, "-" + f.Shorthand} {
			takes[name] = f.NoOptDefVal == ""
			many[name] = f.Annotations[greedy] != nil
		}
	}
	cmd.InheritedFlags().VisitAll(visit)
	cmd.Flags().VisitAll(visit)

	out := make([]string, 0, len(args))
	words := -depth(cmd) // the first ones are the command itself
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...)
		}
		if full, ok := long[arg]; ok {
			arg = full
		}
		out = append(out, arg)
		switch {
		case !strings.HasPrefix(arg, "-") || arg == "-":
			words++
		case many[arg]:
			n := 0
			for i+n+1 < len(args) && !strings.HasPrefix(args[i+n+1], "-") {
				n++
			}
			// Where the command needs an argument that is not there yet, the words
			// after the first one are for it.
			if words < needs(cmd) {
				n = min(n, 1)
			}
			if n > 0 {
				out = append(out, strings.Join(args[i+1:i+1+n], ","))
			}
			i += n
		case takes[arg] && i+1 < len(args):
			i++
			out = append(out, args[i])
		}
	}
	return out
}

// depth is how many words name cmd below the root.
func depth(cmd *cobra.Command) int {
	n := 0
	for ; cmd.HasParent(); cmd = cmd.Parent() {
		n++
	}
	return n
}

// needs is how many arguments cmd can't do without, by its usage line.
func needs(cmd *cobra.Command) int {
	n := 0
	for _, w := range strings.Fields(cmd.Use)[1:] {
		if strings.HasPrefix(w, "<") {
			n++
		}
	}
	return n
}
