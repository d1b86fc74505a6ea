package yaql

import (
	"context"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Limits bound what one evaluation may use. A zero field has its default.
type Limits struct {
	Steps  int           // nodes evaluated and items handled; 10 million
	Memory int           // bytes of all texts and containers made, roughly; 512 MiB
	Output int           // bytes of the result, roughly; 64 MiB
	Depth  int           // of functions that call each other, and of sequences over sequences; 200
	Time   time.Duration // 10 s
	Source int           // bytes of an expression; 1 MiB
}

func (l *Limits) fill() {
	if l.Steps == 0 {
		l.Steps = 10_000_000
	}
	if l.Memory == 0 {
		l.Memory = 512 << 20
	}
	if l.Output == 0 {
		l.Output = 64 << 20
	}
	if l.Depth == 0 {
		l.Depth = 200
	}
	if l.Time == 0 {
		l.Time = 10 * time.Second
	}
	if l.Source == 0 {
		l.Source = 1 << 20
	}
}

const (
	// maxHeight is how deep an expression may be nested. The reference stops far
	// earlier, at the recursion limit of Python.
	maxHeight = 500
	// maxNested is how deep values may be nested that are followed by us.
	maxNested = 1000
	// checkEvery is after how many steps the clock is looked at.
	checkEvery = 1024
)

func limitError(limit, format string, args ...any) error {
	e := errorf(LimitError, format, args...)
	e.Limit = limit
	return e
}

func tooDeep() error { return limitError("depth", "values nested deeper than %d levels", maxNested) }

// meter counts what an evaluation uses.
type meter struct {
	limits   *Limits
	ctx      context.Context //nolint:containedctx // a meter lives for one evaluation
	steps    int
	check    int // at which step to look at the clock
	memory   int
	out      int
	depth    int
	deadline time.Time
}

// spend counts n steps.
func (m *meter) spend(n int) error {
	m.steps += n
	if m.steps < m.check {
		return nil
	}
	return m.look()
}

// look checks the limits of steps and time.
func (m *meter) look() error {
	m.check = m.steps + checkEvery
	if m.steps > m.limits.Steps {
		return limitError("steps", "more than %d steps", m.limits.Steps)
	}
	if m.ctx.Err() != nil {
		return limitError("time", "stopped: %v", context.Cause(m.ctx))
	}
	now := time.Now()
	if m.deadline.IsZero() {
		m.deadline = now.Add(m.limits.Time)
	}
	if now.After(m.deadline) {
		return limitError("time", "took longer than %v", m.limits.Time)
	}
	return nil
}

// use counts n bytes.
func (m *meter) use(n int) error {
	if m.memory += n; m.memory > m.limits.Memory {
		return limitError("memory", "values of more than %d bytes", m.limits.Memory)
	}
	return nil
}

// made counts the memory of a value that was made.
func (m *meter) made(v value.Value) error {
	if n := sizeOf(v); n > 0 {
		if err := m.spend(n >> 8); err != nil {
			return err
		}
		return m.use(n)
	}
	return nil
}

// deeper goes one level of calls deeper.
func (m *meter) deeper() error {
	if m.depth++; m.depth > m.limits.Depth {
		return limitError("depth", "recursion deeper than %d levels", m.limits.Depth)
	}
	return nil
}

// sizeOf is roughly what v itself takes, without what it holds.
func sizeOf(v value.Value) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case value.Bytes:
		return len(v)
	case *value.List:
		return 24 + 16*len(v.Items)
	case value.Tuple:
		return 24 + 16*len(v)
	case *pyList:
		return 24 + 16*len(v.items)
	case *value.Dict:
		return 48 + 56*v.Len()
	case *pyDict:
		return 48 + 56*v.d.Len()
	case *frozenDict:
		return 48 + 56*v.d.Len()
	case *value.Set:
		return 48 + 56*v.Len()
	}
	return 0
}
