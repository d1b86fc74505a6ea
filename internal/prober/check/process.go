package check

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/nightshift-run/nightshift/internal/probe"
)

const mostPIDs = 100 // in an event

// process counts processes. One that ends while it is looked at does not count.
func (c *Checker) process(ctx context.Context, p *probe.Process) probe.Outcome {
	pids, err := c.running(ctx, p)
	if err != nil {
		return unknown(err)
	}
	n := len(pids)
	facts := map[string]any{"count": n, "pids": pids[:min(n, mostPIDs)]}
	switch {
	case n < p.Min:
		return failed("too_few", fmt.Sprintf("%d processes of %s run, at least %d should", n, p.Target(), p.Min), facts)
	case p.Max != nil && n > *p.Max:
		return failed("too_many", fmt.Sprintf("%d processes of %s run, at most %d should", n, p.Target(), *p.Max), facts)
	}
	return well(fmt.Sprintf("%d processes of %s run", n, p.Target()), facts)
}

// running returns the processes that fit. Those that have ended and were only not
// buried yet do not run.
func (c *Checker) running(ctx context.Context, p *probe.Process) ([]int, error) {
	pattern, err := regexp.Compile(p.Pattern)
	if err != nil {
		return nil, err
	}
	proc, err := procfs.NewFS(c.opts.Proc)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	all, err := proc.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	pids := []int{}
	for _, one := range all {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("list processes: %w", ctx.Err())
		}
		stat, err := one.Stat()
		if err != nil || stat.State == "Z" {
			continue
		}
		argv, err := one.CmdLine()
		if err == nil && named(p.Name, stat.Comm, argv) && pattern.MatchString(strings.Join(argv, " ")) {
			pids = append(pids, one.PID)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// named reports whether a process runs the program of a name. The kernel knows
// only the beginning of a long name; scripts are known by that of their own, too.
func named(name, comm string, argv []string) bool {
	return name == "" || comm == name || len(argv) > 0 && path.Base(argv[0]) == name
}
