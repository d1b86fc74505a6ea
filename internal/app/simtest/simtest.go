// Package simtest crashes a server at every effect that it has on the world,
// restarts it, and asks whether its promises hold: no accepted event lost, no
// action run twice that must run once, nothing stuck.
package simtest

import (
	"context"
	"errors"
	"sync"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
)

// ErrCrash is what everything answers once the process is dead.
var ErrCrash = errors.New("simulated crash")

// A Gate is what every effect of a process goes through: commits, rings of the
// bell, starts of actions. The process dies at the effect of one number.
type Gate struct {
	// At is the effect, from 0, at which the process dies; negative: never.
	At int
	// After lets that effect happen before the process dies, as when the answer
	// to a commit is lost.
	After bool

	mu   sync.Mutex
	n    int  // effects so far; guarded by mu
	dead bool // guarded by mu
}

// Effect carries out f unless the process is dead, or dies first.
func (g *Gate) Effect(f func() error) error {
	g.mu.Lock()
	last := !g.dead && g.n == g.At
	if g.dead || last && !g.After {
		g.dead = true
		g.mu.Unlock()
		return ErrCrash
	}
	g.n++
	g.dead = last
	g.mu.Unlock()
	if err := f(); err != nil || !last {
		return err
	}
	return ErrCrash
}

// Dead reports whether the process has died.
func (g *Gate) Dead() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dead
}

// Effects is how many effects have happened.
func (g *Gate) Effects() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.n
}

// driver is a database whose commits are effects.
type driver struct {
	store.Driver
	gate *Gate
}

func (d driver) Write(ctx context.Context, f func(store.Conn) error) error {
	return d.gate.Effect(func() error { return d.Driver.Write(ctx, f) })
}

// bell is a bus whose messages are effects.
type bell struct {
	bus.Bus
	gate *Gate
}

func (b bell) Publish(ctx context.Context, m bus.Message) error {
	return b.gate.Effect(func() error { return b.Bus.Publish(ctx, m) })
}

// World is what outlives every process: how often each action has really begun.
type World struct {
	mu    sync.Mutex
	begun map[string][]string // action to the executions that began, in order; guarded by mu
}

// Begun returns the executions of an action that began, in order, one of them
// twice if it began twice.
func (w *World) Begun(action string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.begun[action]...)
}

// acting is a runner whose actions leave a mark in the world.
type acting struct {
	world *World
	gate  *Gate
	fails map[string]int // how many of an action's first runs fail
}

func (a acting) Run(ctx context.Context, t runner.Task, _ runner.Output) runner.Outcome {
	var nth int
	err := a.gate.Effect(func() error {
		a.world.mu.Lock()
		defer a.world.mu.Unlock()
		if a.world.begun == nil {
			a.world.begun = map[string][]string{}
		}
		a.world.begun[t.Action] = append(a.world.begun[t.Action], t.ExecutionID)
		nth = len(a.world.begun[t.Action])
		return nil
	})
	if err != nil {
		<-ctx.Done() // a dead process says nothing
		return runner.Failed(err)
	}
	if nth <= a.fails[t.Action] {
		return runner.Failed(errors.New("it fails at first"))
	}
	return runner.Outcome{Status: execution.Succeeded}
}
