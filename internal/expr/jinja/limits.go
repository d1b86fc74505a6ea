package jinja

import (
	"context"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Limits bound what one rendering may use. A zero field has its default.
type Limits struct {
	Steps  int           // nodes evaluated and items handled by filters; 10 million
	Output int           // bytes that come out; 64 MiB
	Memory int           // bytes of all texts and containers made, roughly; 512 MiB
	Depth  int           // of macros, includes and recursive loops; 200
	Time   time.Duration // 10 s
	Source int           // bytes of a template; 4 MiB
}

func (l *Limits) fill() {
	if l.Steps == 0 {
		l.Steps = 10_000_000
	}
	if l.Output == 0 {
		l.Output = 64 << 20
	}
	if l.Memory == 0 {
		l.Memory = 512 << 20
	}
	if l.Depth == 0 {
		l.Depth = 200
	}
	if l.Time == 0 {
		l.Time = 10 * time.Second
	}
	if l.Source == 0 {
		l.Source = 4 << 20
	}
}

func limitError(limit, format string, args ...any) error {
	e := errorf(LimitError, format, args...)
	e.Limit = limit
	return e
}

// checkEvery is after how many steps the clock is looked at.
const checkEvery = 1024

// meter counts what a rendering uses.
type meter struct {
	limits   *Limits
	ctx      context.Context // of the one rendering that the meter is for
	steps    int
	check    int // at which step to look at the clock
	memory   int
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

// made counts the memory of a value that was made.
func (m *meter) made(v value.Value) error {
	n := sizeOf(v)
	if n == 0 {
		return nil
	}
	return m.use(n)
}

func (m *meter) use(n int) error {
	if m.memory += n; m.memory > m.limits.Memory {
		return limitError("memory", "values of more than %d bytes", m.limits.Memory)
	}
	return nil
}

// sizeOf is roughly what v itself takes, without what it holds.
func sizeOf(v value.Value) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case value.Markup:
		return len(v)
	case value.Bytes:
		return len(v)
	case *value.List:
		return 24 + 16*len(v.Items)
	case value.Tuple:
		return 24 + 16*len(v)
	case *value.Dict:
		return 48 + 56*v.Len()
	case *value.Set:
		return 48 + 56*v.Len()
	}
	return 0
}

// costOf is how many steps it takes to go through v once.
func costOf(v value.Value) int {
	switch v := v.(type) {
	case string:
		return len(v) >> 8
	case value.Markup:
		return len(v) >> 8
	case *value.List:
		return len(v.Items) >> 2
	case value.Tuple:
		return len(v) >> 2
	case *value.Dict:
		return v.Len() >> 2
	case *value.Set:
		return v.Len() >> 2
	case value.Range:
		return v.Len() >> 2
	}
	return 0
}

// deeper goes one level of recursion deeper.
func (m *meter) deeper() error {
	if m.depth++; m.depth > m.limits.Depth {
		return limitError("depth", "recursion deeper than %d levels", m.limits.Depth)
	}
	return nil
}
