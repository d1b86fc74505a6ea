package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// dig asks the domain name system with the program of that name, and returns the
// lines of its answer.
func dig(ctx context.Context, c Call, out runner.Output) (value.Value, error) {
	text := func(name string) string {
		v, _ := c.Parameters.Get(name)
		s, _ := v.(string)
		return strings.TrimSpace(s)
	}
	var args []string
	if server := text("nameserver"); server != "" {
		args = append(args, "@"+server)
	}
	for option := range strings.SplitSeq(text("queryopts"), ",") {
		if option = strings.TrimSpace(option); option != "" {
			args = append(args, "+"+option)
		}
	}
	// Behind -q and -t, a name or a type is not taken for an option of dig.
	args = append(args, "-q", text("hostname"), "-t", text("querytype"))
	answer, err := exec.CommandContext(ctx, "dig", args...).Output() //nolint:gosec // what comes from outside can't be an option
	failed, ran := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil:
		return nil, errStopped
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("the program dig is not installed on the server (it is in the package dnsutils, bind9-dnsutils or bind-utils)")
	case ran:
		out.Print(runner.Stderr, string(failed.Stderr))
		return nil, fmt.Errorf("dig has ended with exit code %d: %s", failed.ExitCode(), strings.TrimSpace(string(answer)))
	case err != nil:
		return nil, fmt.Errorf("run dig: %w", err)
	}
	said := string(answer)
	if strings.EqualFold(text("querytype"), "txt") {
		said = strings.ReplaceAll(said, `"`, "")
	}
	list := value.NewList()
	for line := range strings.SplitSeq(said, "\n") {
		if line != "" {
			list.Items = append(list.Items, line)
		}
	}
	count, _ := c.Parameters.Get("count")
	if n, ok := count.(int64); ok && n > 0 && int(n) < len(list.Items) {
		list.Items = list.Items[:n]
	}
	if random, _ := c.Parameters.Get("rand"); value.Truth(random) {
		rand.Shuffle(len(list.Items), func(i, j int) { list.Items[i], list.Items[j] = list.Items[j], list.Items[i] })
	}
	return list, nil
}
