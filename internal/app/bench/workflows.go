package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Sizes of the workflows that are measured.
const (
	long   = 1000 // tasks, one after the other
	wide   = 1000 // tasks side by side
	crowd  = 200  // workflows at a time, of ten tasks each
	depth  = 50   // workflows in each other
	large  = 5_000_000
	passes = 10 // tasks that a large result goes through
)

// sequence is a workflow of n tasks, one after the other.
func sequence(n int) string {
	var b strings.Builder
	b.WriteString("version: 1.0\ntasks:\n")
	for i := range n {
		fmt.Fprintf(&b, "  t%d:\n    action: core.noop\n", i)
		if i+1 < n {
			fmt.Fprintf(&b, "    next: [{when: <%% succeeded() %%>, do: t%d}]\n", i+1)
		}
	}
	return b.String()
}

// fan is a workflow of n tasks side by side, which one waits for.
func fan(n int) string {
	var b strings.Builder
	b.WriteString("version: 1.0\ntasks:\n  begin:\n    action: core.noop\n    next:\n      - do: [")
	for i := range n {
		fmt.Fprintf(&b, "t%d, ", i)
	}
	b.WriteString("]\n")
	for i := range n {
		fmt.Fprintf(&b, "  t%d:\n    action: core.noop\n    next: [{do: end}]\n", i)
	}
	b.WriteString("  end:\n    join: all\n    action: core.noop\n")
	return b.String()
}

// items is a workflow that runs an action for each of n items.
func items(action, concurrency string) string {
	return "version: 1.0\ninput: [items]\ntasks:\n  each:\n    with: {items: <% ctx(items) %>" + concurrency + "}\n    action: " + action + "\n"
}

// nested is a workflow that runs itself once more, n deep.
func nested() string {
	return `version: 1.0
input: [n]
tasks:
  begin:
    action: core.noop
    next:
      - {when: <% ctx(n) > 1 %>, do: deeper}
  deeper:
    action: bench.nested
    input: {n: <% ctx(n) - 1 %>}
`
}

// carry is a workflow whose first task has a large result, which the others are given.
func carry(n int) string {
	var b strings.Builder
	b.WriteString("version: 1.0\ntasks:\n  make:\n    action: bench.large\n    next: [{publish: [{data: <% result().data %>}], do: t0}]\n")
	for i := range n {
		fmt.Fprintf(&b, "  t%d:\n    action: bench.carry\n    input: {data: <%% ctx(data) %%>}\n", i)
		if i+1 < n {
			fmt.Fprintf(&b, "    next: [{do: t%d}]\n", i+1)
		}
	}
	return b.String()
}

// Definitions are the workflows that are measured, by the names of their actions.
func Definitions() map[string]string {
	all := map[string]string{
		"ten": sequence(10), "nested": nested(),
		"items": items("core.noop", ""), "items_at_10": items("core.noop", ", concurrency: 10"), "items_by_workers": items("bench.work", ""),
	}
	for _, n := range []int{long / 2, long, 2 * long} {
		all["sequence_"+strconv.Itoa(n)] = sequence(n)
	}
	for _, n := range []int{wide / 2, wide, 2 * wide} {
		all["fan_"+strconv.Itoa(n)] = fan(n)
	}
	for _, n := range []int{passes, 2 * passes} {
		all["carry_"+strconv.Itoa(n)] = carry(n)
	}
	return all
}

// workflowPack are the files of the pack that the measurements of workflows add.
func workflowPack() map[string]string {
	files := map[string]string{
		"actions/work.yaml":  "{name: work, runner_type: local-shell-cmd, enabled: true}\n",
		"actions/large.yaml": "{name: large, runner_type: local-shell-cmd, enabled: true}\n",
		"actions/log.yaml":   "{name: log, runner_type: local-shell-cmd, enabled: true}\n",
		"actions/carry.yaml": "{name: carry, runner_type: noop, enabled: true, parameters: {data: {type: string}}}\n",
	}
	for name, text := range Definitions() {
		files["actions/workflows/"+name+".yaml"] = text
		files["actions/"+name+".yaml"] = "{name: " + name + ", runner_type: orquesta, enabled: true, entry_point: workflows/" + name + ".yaml," +
			" parameters: {items: {type: array}, n: {type: integer}}}\n"
	}
	return files
}

// worked is what workers run for bench.work, bench.large and bench.log: nothing, at once.
type worked struct{ data, log string }

// Run implements [runner.Runner].
func (w worked) Run(_ context.Context, t runner.Task, _ runner.Output) runner.Outcome {
	result := value.NewDict()
	switch t.Action {
	case "bench.large":
		result.Set("data", w.data)
	case "bench.log":
		result.Set("stdout", w.log)
	}
	return runner.Outcome{Status: execution.Succeeded, Result: result}
}

// printed is what a program may print: lines that are alike, and no two of them the same.
func printed(size int) string {
	var b strings.Builder
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	for b.Len() < size {
		fmt.Fprintf(&b, "2026-11-29T12:%02d:%02d web-%d GET /orders/%d %d in %d ms\n", r.IntN(60), r.IntN(60), r.IntN(20), r.IntN(1e6), 200+r.IntN(2)*304, r.IntN(900))
	}
	return b.String()
}

// conducted starts a server that has the workflows.
func (b *bench) conducted(ctx context.Context, name string) (*server, error) {
	return b.serve(ctx, name, map[string]runner.Runner{runner.LocalShellCmd: worked{strings.Repeat("x", large), printed(8_000_000)}}, workflowPack())
}

// conduct runs n workflows at a time, and returns how long it took until all had succeeded.
func (s *server) conduct(ctx context.Context, name string, n int, params ...any) (time.Duration, error) {
	given := value.NewDict()
	for i := 0; i+1 < len(params); i += 2 {
		given.Set(params[i].(string), params[i+1]) //nolint:forcetypeassert // see the calls
	}
	executions, mine := make([]*execution.Execution, n), make(map[string]bool, n)
	begun := time.Now()
	for i := range executions {
		e, err := s.Launcher.Prepare(ctx, execution.Request{Action: "bench." + name, Parameters: given}, time.Now())
		if err != nil {
			return 0, err
		}
		executions[i] = e
		mine[e.ID] = true
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	over, err := s.ends(ctx, func(id string) bool { return mine[id] })
	if err != nil {
		return 0, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		for _, e := range executions {
			if err := s.Launcher.Insert(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	s.Launcher.Ring(ctx, executions...)
	for _, e := range executions {
		if err := s.succeeded(ctx, e.ID, over); err != nil {
			return 0, fmt.Errorf("workflow %s: %w", name, err)
		}
	}
	return time.Since(begun), nil
}

// ends returns what holds a token when an execution has ended that is one of some.
func (s *server) ends(ctx context.Context, of func(id string) bool) (<-chan struct{}, error) {
	over := make(chan struct{}, 1)
	return over, s.Bus.Subscribe(ctx, bus.ExecutionChanged+"*", func(m bus.Message) {
		if execution.Status(m.Body).Final() && of(strings.TrimPrefix(m.Subject, bus.ExecutionChanged)) {
			select {
			case over <- struct{}{}:
			default: // a token is there already
			}
		}
	})
}

// succeeded waits for the end of an execution. It looks when it is told that
// something is over, since looking costs the server time.
func (s *server) succeeded(ctx context.Context, id string, over <-chan struct{}) error {
	for {
		e, err := s.Store.Reader().Execution(ctx, id)
		if err != nil {
			return err
		}
		if e.Status.Final() {
			if e.Status == execution.Succeeded {
				return nil
			}
			result, err := s.Store.Reader().Result(ctx, id)
			return errors.Join(fmt.Errorf("it is %s: %.500s", e.Status, result), err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
		case <-time.After(time.Second):
		}
	}
}

// sized is a workflow in one size.
type sized struct {
	name   string
	params []any
}

// cost is what a workflow takes.
type cost struct {
	wall time.Duration
	work time.Duration // of processors: what else the machine does hardly counts
}

// best returns the least that each of several workflows takes, which run in turn:
// what else the machine does only makes things slower, and should do so for all.
func (s *server) best(ctx context.Context, rounds int, of ...sized) ([]cost, error) {
	best := make([]cost, len(of))
	for round := range rounds {
		for i, w := range of {
			work := processorTime()
			wall, err := s.conduct(ctx, w.name, 1, w.params...)
			if err != nil {
				return nil, err
			}
			if work = processorTime() - work; round == 0 {
				best[i] = cost{wall, work}
			}
			best[i] = cost{min(best[i].wall, wall), min(best[i].work, work)}
		}
	}
	return best, nil
}

// grown adds by how much the work grows from one size to twice as much. A target of
// 0 is none.
func (b *bench) grown(name, what string, half, whole cost, target float64) {
	b.add(Figure{
		Name: name + "_to_half", What: "the processor time of " + what + ", as a multiple of that of half as many",
		Value: whole.work.Seconds() / half.work.Seconds(), Unit: "×", Target: target, AtMost: true,
	})
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// doubling measures workflows of a kind in three sizes, each twice the one before,
// and adds by how much the work grows. It returns the time of the middle one.
func (b *bench) doubling(ctx context.Context, s *server, name, what string, n int) (time.Duration, error) {
	var sizes []sized
	for _, size := range []int{n / 2, n, 2 * n} {
		sizes = append(sizes, sized{name: name + "_" + strconv.Itoa(size)})
	}
	took, err := s.best(ctx, 7, sizes...)
	if err != nil {
		return 0, err
	}
	for i, size := range []int{n, 2 * n} {
		b.grown(fmt.Sprintf("%s_%d", name, size), fmt.Sprintf("%d %s", size, what), took[i], took[i+1], 0)
	}
	return took[1].wall, nil
}

// sequential measures what a task costs beside its action.
func (b *bench) sequential(ctx context.Context) error {
	s, err := b.conducted(ctx, "sequence")
	if err != nil {
		return err
	}
	took, err := b.doubling(ctx, s, "sequence", "tasks one after the other", long)
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "sequence_task", What: "a no-op task of 1,000 one after the other", Value: millis(took) / long, Unit: "ms", Target: 1, AtMost: true,
	})
	return s.end()
}

// fanned measures many tasks side by side, and their join.
func (b *bench) fanned(ctx context.Context) error {
	s, err := b.conducted(ctx, "fan")
	if err != nil {
		return err
	}
	took, err := b.doubling(ctx, s, "fan", "tasks side by side with a join", wide)
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "fan_task", What: "a no-op task of 1,000 side by side, with a join", Value: millis(took) / wide, Unit: "ms", Target: 1, AtMost: true,
	})
	return s.end()
}

// numbers is a list of n items.
func numbers(n int) *value.List {
	l := value.NewList()
	for i := range n {
		l.Items = append(l.Items, int64(i))
	}
	return l
}

// overItems measures an action for each of many items.
func (b *bench) overItems(ctx context.Context) error {
	s, err := b.conducted(ctx, "items")
	if err != nil {
		return err
	}
	for _, how := range []struct{ name, what string }{{"items", ""}, {"items_at_10", ", ten at a time"}} {
		counts := []int{100, 1000, 5000, 10_000, 20_000}
		var sizes []sized
		for _, n := range counts {
			sizes = append(sizes, sized{how.name, []any{"items", numbers(n)}})
		}
		took, err := s.best(ctx, 3, sizes...)
		if err != nil {
			return err
		}
		for i, n := range counts {
			f := Figure{
				Name: fmt.Sprintf("%s_%d", how.name, n), What: fmt.Sprintf("%d no-op items%s", n, how.what), Value: millis(took[i].wall), Unit: "ms", AtMost: true,
			}
			if n == 10_000 {
				f.Target = 3000
			}
			b.add(f)
			if n >= 10_000 {
				b.grown(f.Name, f.What, took[i-1], took[i], 2.2)
			}
		}
		if err := b.hundredThousand(ctx, s, how.name, how.what); err != nil {
			return err
		}
	}
	took, err := s.best(ctx, 2, sized{"items_by_workers", []any{"items", numbers(10_000)}})
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "items_by_workers_10000", What: "10,000 items whose action does nothing in the hands of a worker", Value: millis(took[0].wall), Unit: "ms",
	})
	return s.end()
}

// hundredThousand measures very many items, and the memory that they take.
func (b *bench) hundredThousand(ctx context.Context, s *server, name, what string) error {
	const n = 100_000
	debug.FreeOSMemory()
	watch := watchMemory(ctx)
	took, err := s.conduct(ctx, name, 1, "items", numbers(n))
	peak, merr := watch()
	if err = errors.Join(err, merr); err != nil {
		return err
	}
	b.add(Figure{Name: name + "_100000", What: "100,000 no-op items" + what, Value: millis(took), Unit: "ms", AtMost: true})
	b.add(Figure{
		Name: name + "_100000_memory", What: "resident memory of the process at most meanwhile", Value: peak, Unit: "MiB", Target: 500, AtMost: true,
	})
	return nil
}

// crowded measures many workflows at a time.
func (b *bench) crowded(ctx context.Context) error {
	s, err := b.conducted(ctx, "crowd")
	if err != nil {
		return err
	}
	best := 0.0
	for range 5 {
		took, err := s.conduct(ctx, "ten", crowd)
		if err != nil {
			return err
		}
		best = max(best, crowd/took.Seconds())
	}
	limit, err := b.fsyncs()
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "crowd", What: "workflows of ten no-op tasks, 200 at a time, the best of five", Value: best, Unit: "1/s", Target: 500,
		Limit: limit, LimitWhat: "4 KiB written and synced, one after the other",
	})
	return s.end()
}

// deep measures workflows in workflows.
func (b *bench) deep(ctx context.Context) error {
	s, err := b.conducted(ctx, "deep")
	if err != nil {
		return err
	}
	took, err := s.best(ctx, 5, sized{"nested", []any{"n", int64(depth)}})
	if err != nil {
		return err
	}
	b.add(Figure{Name: "deep_level", What: "one of 50 workflows in each other", Value: millis(took[0].wall) / depth, Unit: "ms", AtMost: true})
	return s.end()
}

// carried measures a large result that goes through tasks.
func (b *bench) carried(ctx context.Context) error {
	s, err := b.conducted(ctx, "carry")
	if err != nil {
		return err
	}
	took, err := s.best(ctx, 3, sized{name: "carry_" + strconv.Itoa(passes)}, sized{name: "carry_" + strconv.Itoa(2*passes)})
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "carry_task", What: "a task that is given a result of 5 MB", Value: millis(took[1].wall-took[0].wall) / passes, Unit: "ms", AtMost: true,
	})
	b.grown("carry_20", "5 MB through 20 tasks", took[0], took[1], 2.2)
	return s.end()
}
