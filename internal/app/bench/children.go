package bench

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

// children measures what it takes to show a workflow that has started very many executions.
func (b *bench) children(ctx context.Context) error {
	const n = 100_000
	s, err := b.conducted(ctx, "children")
	if err != nil {
		return err
	}
	if _, err := s.conduct(ctx, "items", 1, "items", numbers(n)); err != nil {
		return err
	}
	parent, err := s.Store.Reader().LastExecution(ctx)
	if err != nil {
		return err
	}
	if parent.Parent != "" {
		if parent, err = s.Store.Reader().Execution(ctx, parent.Parent); err != nil {
			return err
		}
	}
	for _, m := range []struct{ name, path string }{
		{"execution", "/api/v1/executions/" + parent.ID},
		{"children", "/api/v1/executions/" + parent.ID + "/children"},
		{"list", "/api/v1/executions?limit=-1&parent=" + parent.ID},
		{"graph", "/api/ns/v1/executions/" + parent.ID + "/graph"},
	} {
		debug.FreeOSMemory()
		base, err := resident(os.Getpid())
		if err != nil {
			return err
		}
		watch := watchMemory(ctx)
		begun := time.Now()
		err = s.poster(m.path).get(ctx)
		took := time.Since(begun)
		peak, merr := watch()
		if err != nil {
			return fmt.Errorf("GET %s: %w", m.path, err)
		}
		if merr != nil {
			return merr
		}
		b.add(Figure{
			Name: "many_children_" + m.name + "_memory", What: fmt.Sprintf("resident memory at most, above what it was, of the %s of a workflow of %d", m.name, n),
			Value: max(peak-base, 0.1), Unit: "MiB", Target: 100, AtMost: true,
		})
		b.add(Figure{Name: "many_children_" + m.name, What: "how long that took", Value: millis(took), Unit: "ms", AtMost: true})
	}
	return s.end()
}
