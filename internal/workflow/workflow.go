// Package workflow says how a workflow goes on: an engine hears what happened,
// and answers with what changed in its state and what is to be done next.
//
// An engine has neither clock nor disk. Who carries it (package conductor, a
// test, a dry run) saves the changed rows together with the event that caused
// them, and only then carries the commands out; so a crash between any two
// effects repeats nothing and loses nothing. Package orquesta has the engine of
// StackStorm's workflows, package chain that of its action chains.
package workflow

import (
	"context"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// A Row is a piece of the state of a workflow that is kept on its own, so that a
// step saves only what it changed. Kind and Key name it; what they and the body
// mean is the engine's affair.
type Row struct {
	Kind string
	Key  int64
	Body []byte // JSON; nil: the row is gone
}

// Language makes the engines of one kind of definition. It may be used by
// several goroutines at once, and caches what it has compiled.
type Language interface {
	// New makes the engine of a workflow that has not begun. The error is about
	// the definition, and holds all its mistakes.
	New(text []byte, in Input) (Engine, error)
	// Load makes the engine of a workflow from the rows that it has saved, in
	// any order.
	Load(text []byte, in Input, rows []Row) (Engine, error)
}

// Explained is an error of a [Language] that knows what the execution shows of it,
// such as a list of mistakes. Others are shown as {"error": …, "traceback": ""}.
type Explained interface {
	error
	Explain() *value.Dict
}

// Input is what a workflow is given when it begins.
type Input struct {
	ID         string      // of the execution that is the workflow
	Parameters *value.Dict // of its action
	Runner     *value.Dict // parameters of its runner; nil: none
	Context    *value.Dict // what ctx() holds beside them: st2 and parent
	Notify     value.Value // who hears of its end; nil: nobody
	Expr       *expr.Evaluator
	// Templates is what the templates of an action chain look up: the datastore,
	// the configuration of the pack, and the context of the execution.
	Templates action.Env
	// Actions are those that there are, for a workflow to be inspected when it
	// begins; nil: whether there is one is found out when a task wants it.
	Actions Actions
	// Result reads the result of an execution that this workflow started. Engines
	// keep results by reference and ask for those that an expression wants.
	Result func(ctx context.Context, execution string) (value.Value, error)
}

// LookupError says that something could not be read that a step wanted: a result, a
// key, a task. It says nothing about the workflow, which is to be stepped again.
// Whoever answers an engine's questions marks such errors with it.
type LookupError struct{ Err error }

func (e *LookupError) Error() string { return e.Err.Error() }

// Unwrap returns why it could not be read.
func (e *LookupError) Unwrap() error { return e.Err }

// Actions says which actions there are.
type Actions interface {
	// Parameters returns what an action takes; nil: nobody knows. The bool is
	// whether there is such an action.
	Parameters(ref string) (*action.Compiled, bool)
	// Refs returns the references of all actions.
	Refs() []string
}

// Engine is one workflow in motion. It belongs to one goroutine.
type Engine interface {
	// Step hears one event. The rows are those that are another since; the
	// commands are to be carried out in order after the rows are saved. An error
	// says that the event makes no sense here (a [fault.Fault]: the workflow is as
	// it was), that something could not be read (a [LookupError]: load the engine
	// and step it again), or that the engine can't go on at all. What is wrong with
	// expressions, actions and the like is no error: it ends in a status and is
	// told in the result.
	//
	// A step starts a bounded number of executions. When there is more to start, it
	// says [More], and starts nothing else until it hears that.
	Step(ctx context.Context, e Event) ([]Row, []Command, error)
	// Status is where the workflow stands.
	Status() execution.Status
	// Task returns the latest execution of a task, for the function task of
	// expressions. A route of -1 is any.
	Task(name string, route int64) (TaskInfo, bool)
}

// TaskInfo is what expressions may know of a task.
type TaskInfo struct {
	ID        string
	Route     int64
	Status    string
	Execution string     // that ran its action last; its result is the task's
	Items     []ItemInfo // of its items instead
	Itemized  bool
}

// ItemInfo is what expressions may know of an item.
type ItemInfo struct {
	Execution string // empty: it did not run
	Status    string
}

// Ran is one time that a task ran, for people who look at the workflow.
type Ran struct {
	Task      string
	Route     int
	Status    execution.Status
	Execution string                   // that ran its action last; empty: none did, or it has items
	Items     map[execution.Status]int // how many are in each status, of a task with items; those that have not begun have none
	Published *value.Dict              // what the workflow knows by it; nil: nothing
	Led       []bool                   // which ways on were taken, in the order in which the graph has them; nil: they are not known
}

// Result returns what the function task shows as the result of a task: that of its
// action or, as in the reference, a mapping whose items are the status and the result
// of each, and None for one that did not run.
func (t TaskInfo) Result(ctx context.Context, read func(ctx context.Context, execution string) (value.Value, error)) (value.Value, error) {
	if !t.Itemized {
		if t.Execution == "" {
			return nil, nil
		}
		return read(ctx, t.Execution)
	}
	list := &value.List{Items: make([]value.Value, len(t.Items))}
	for i, item := range t.Items {
		if item.Execution == "" {
			continue
		}
		v, err := read(ctx, item.Execution)
		if err != nil {
			return nil, err
		}
		d := value.NewDictCap(2)
		d.Set("status", item.Status)
		d.Set("result", v)
		list.Items[i] = d
	}
	all := value.NewDictCap(1)
	all.Set("items", list)
	return all, nil
}

// Event is what a workflow hears: [Begin], [More], [Child], [Pause], [Resume],
// [Cancel], [Rerun], [Expired] or [Launched].
type Event interface{ event() }

type (
	// Begin is the first event of all.
	Begin struct{}
	// Child says that an execution that the workflow started is in another
	// status: over, pending, paused, or running again after that.
	Child struct {
		Ref       string // of the [Start]
		Execution string
		Status    execution.Status
		At        time.Time // when that was
		// Result reads its result when it is over. Nil: there is none.
		Result func(ctx context.Context) (value.Value, error)
	}
	// Launched says which execution a [Start] became, or that it was refused:
	// then it is the child's end, too.
	Launched struct {
		Ref       string
		Execution string
		At        time.Time // when that was
		Refused   string    // why there is no execution; empty: there is one
		Unknown   bool      // it is refused because there is no such action
	}
	// Pause asks the workflow to pause.
	Pause struct{ User string }
	// Resume asks it to go on.
	Resume struct{ User string }
	// Cancel asks it to stop.
	Cancel struct{ User string }
	// Rerun asks a workflow that is over to run again from some of its tasks; from
	// those that failed when there are none.
	Rerun struct{ Tasks []RerunTask }
	// Expired says that a time has come that a [Wake] asked for.
	Expired struct{ Ref string }
)

// RerunTask names a task to run again. Reset has items run again, too, that succeeded.
type RerunTask struct {
	Name  string
	Reset bool
}

func (Begin) event()    {}
func (Child) event()    {}
func (Launched) event() {}
func (Pause) event()    {}
func (Resume) event()   {}
func (Cancel) event()   {}
func (Rerun) event()    {}
func (Expired) event()  {}
func (More) event()     {}

// Command is what a workflow wants done: [Start], [Signal], [Wake], [More] or [End].
type Command interface{ command() }

type (
	// Start asks for an execution.
	Start struct {
		Ref    string // the engine's name for it; comes back in [Child] and [Launched]
		Task   string // name of the task, for people
		Action string // reference
		Input  *value.Dict
		Delay  time.Duration
		Notify value.Value // who hears of its end; nil: whom its action names; an empty dict: nobody
		// Context is put into the execution's context: "orquesta" or "chain".
		Context map[string]value.Value
	}
	// Signal asks for something of one child, or of all that are not over.
	Signal struct {
		Execution string           // empty: of all
		To        execution.Status // Pausing, Resuming or Canceling
	}
	// Wake asks for an [Expired] event after a time. Asking again for the same
	// Ref replaces what was asked; a negative time takes it back.
	Wake struct {
		Ref   string
		After time.Duration
	}
	// More asks for a step with itself as the event, after this one is saved.
	More struct{}
	// End says that the workflow is over, in the status that [Engine.Status] says.
	End struct {
		Result *value.Dict // output, errors: what its execution shows
	}
)

func (Start) command()  {}
func (Signal) command() {}
func (Wake) command()   {}
func (More) command()   {}
func (End) command()    {}
