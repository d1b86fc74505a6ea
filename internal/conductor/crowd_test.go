package conductor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// crowd is a language of one sentence: run an action so and so often. Its engine has
// what matters to a conductor, a row for each child, steps of bounded size, signals,
// alarms, and faults on demand, and nothing else.
type crowd struct{}

// crowdText is a definition, in JSON.
type crowdText struct {
	N      int    // children
	Action string // of all
	Param  string // what each gets as its parameter x, if it is not empty
	Wake   int    // seconds after which it gives up; 0: never
	Sick   string // "panic" or "error" at the first child that is over, "new" at once
	Read   bool   // it reads the result of each child when it is over
}

func (crowd) New(text []byte, in workflow.Input) (workflow.Engine, error) {
	e := &crowdEngine{in: in, state: map[int64]execution.Status{}}
	if err := json.Unmarshal(text, &e.def); err != nil {
		return nil, err
	}
	switch e.def.Sick {
	case "new":
		return nil, mistaken{}
	case "panic at new":
		panic("sick")
	}
	e.head.Status = execution.Requested
	return e, nil
}

func (l crowd) Load(text []byte, in workflow.Input, rows []workflow.Row) (workflow.Engine, error) {
	made, err := l.New(text, in)
	if err != nil {
		return nil, err
	}
	e := made.(*crowdEngine)
	for _, r := range rows {
		if r.Kind == "head" {
			err = json.Unmarshal(r.Body, &e.head)
		} else {
			var s execution.Status
			err = json.Unmarshal(r.Body, &s)
			e.state[r.Key] = s
		}
		if err != nil {
			return nil, err
		}
	}
	return e, nil
}

// mistaken is an error about a definition that shows itself in its own way.
type mistaken struct{}

func (mistaken) Error() string { return "two mistakes" }

func (mistaken) Explain() *value.Dict {
	d := value.NewDict()
	d.Set("errors", value.NewList("one", "two"))
	return d
}

type crowdHead struct {
	Status execution.Status
	Next   int            // the first that has not been started
	Ends   map[string]int // how many children ended how
	Why    string         // the last refusal
	Run    int            // how often it was run again
}

type crowdEngine struct {
	def   crowdText
	in    workflow.Input
	head  crowdHead
	state map[int64]execution.Status // of children that are not over
}

const crowdStep = 100

func (e *crowdEngine) Status() execution.Status { return e.head.Status }

func (e *crowdEngine) Task(string, int64) (workflow.TaskInfo, bool) {
	return workflow.TaskInfo{}, false
}

func (e *crowdEngine) Step(ctx context.Context, event workflow.Event) (rows []workflow.Row, commands []workflow.Command, err error) {
	switch event := event.(type) {
	case workflow.Begin:
		e.head.Status, e.head.Ends = execution.Running, map[string]int{}
		if e.def.Wake > 0 {
			commands = append(commands, workflow.Wake{Ref: "give up", After: time.Hour},
				workflow.Wake{Ref: "give up", After: time.Duration(e.def.Wake) * time.Second})
		}
		rows, commands = e.more(commands)
	case workflow.More:
		rows, commands = e.more(nil)
	case workflow.Rerun:
		if len(event.Tasks) > 0 && event.Tasks[0].Name != "all" {
			return nil, nil, fault.Newf(fault.Invalid, "there is no task %s", event.Tasks[0].Name)
		}
		e.head = crowdHead{Status: execution.Running, Ends: map[string]int{}, Run: e.head.Run + 1}
		rows, commands = e.more(nil)
	case workflow.Launched:
		if event.Refused == "" {
			return nil, nil, nil
		}
		e.head.Why = fmt.Sprintf("%s (unknown: %v)", event.Refused, event.Unknown)
		rows, err = e.over(event.Ref, "refused")
	case workflow.Child:
		if event.Status.Final() {
			if e.def.Read {
				if _, err := event.Result(ctx); err != nil {
					return nil, nil, err
				}
			}
			rows, err = e.over(event.Ref, string(event.Status))
			break
		}
		key, _ := strconv.ParseInt(event.Ref, 10, 64)
		if _, ok := e.state[key]; ok {
			e.state[key] = event.Status
			rows = []workflow.Row{e.row(key)}
		}
	case workflow.Pause:
		if e.head.Status != execution.Running {
			return nil, nil, fault.Newf(fault.Conflict, "it is %s", e.head.Status)
		}
		e.head.Status = execution.Pausing
		commands = append(commands, workflow.Signal{To: execution.Pausing})
	case workflow.Resume:
		e.head.Status = execution.Running
		commands = append(commands, workflow.Signal{To: execution.Resuming}, workflow.More{})
	case workflow.Cancel:
		e.head.Status = execution.Canceling
		commands = append(commands, workflow.Signal{To: execution.Canceling})
	case workflow.Expired:
		e.head.Why = event.Ref
		commands = append(commands, e.end(execution.Timeout))
	}
	if err != nil {
		return nil, nil, err
	}
	commands = append(commands, e.settle()...)
	return append(rows, workflow.Row{Kind: "head", Body: encode(e.head)}), commands, nil
}

func (e *crowdEngine) row(key int64) workflow.Row {
	return workflow.Row{Kind: "child", Key: key, Body: encode(e.state[key])}
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// more starts some children.
func (e *crowdEngine) more(commands []workflow.Command) ([]workflow.Row, []workflow.Command) {
	var rows []workflow.Row
	if e.head.Status != execution.Running {
		return nil, commands
	}
	for n := 0; n < crowdStep && e.head.Next < e.def.N; n++ {
		key := int64(e.head.Next)
		input := value.NewDict()
		if e.def.Param != "" {
			input.Set("x", e.def.Param)
		}
		e.state[key] = execution.Requested
		rows = append(rows, e.row(key))
		commands = append(commands, workflow.Start{
			Ref: strconv.FormatInt(key, 10), Task: "all", Action: e.def.Action, Input: input,
			Context: map[string]value.Value{"orquesta": "crowd"},
		})
		e.head.Next++
	}
	if e.head.Next < e.def.N {
		commands = append(commands, workflow.More{})
	}
	return rows, commands
}

// over notes how a child ended.
func (e *crowdEngine) over(ref, how string) ([]workflow.Row, error) {
	key, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return nil, err
	}
	switch e.def.Sick {
	case "panic":
		panic("sick")
	case "error":
		return nil, errors.New("sick")
	}
	if _, ok := e.state[key]; !ok {
		return nil, fault.Newf(fault.Conflict, "child %s has ended twice", ref)
	}
	delete(e.state, key)
	e.head.Ends[how]++
	return []workflow.Row{{Kind: "child", Key: key}}, nil
}

// settle ends what is over, and pauses what only waits.
func (e *crowdEngine) settle() []workflow.Command {
	waiting := 0
	for _, s := range e.state {
		if s == execution.Paused || s == execution.Pending {
			waiting++
		}
	}
	switch {
	case e.head.Status == execution.Pausing && waiting == len(e.state):
		e.head.Status = execution.Paused
	case e.head.Status == execution.Canceling && len(e.state) == 0:
		return []workflow.Command{e.end(execution.Canceled)}
	case e.head.Status == execution.Running && len(e.state) == 0 && e.head.Next == e.def.N:
		status := execution.Succeeded
		if e.head.Ends[string(execution.Succeeded)] < e.def.N {
			status = execution.Failed
		}
		return []workflow.Command{e.end(status)}
	}
	return nil
}

func (e *crowdEngine) end(s execution.Status) workflow.Command {
	e.head.Status = s
	ends := value.NewDict()
	for how, n := range e.head.Ends {
		ends.Set(how, int64(n))
	}
	d := value.NewDict()
	d.Set("ends", ends)
	d.Set("why", e.head.Why)
	d.Set("run", int64(e.head.Run))
	return workflow.End{Result: d}
}
