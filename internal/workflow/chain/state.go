package chain

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// The kinds of rows. Those of tasks and of what they published have the number of
// the run as their key, and are written once at its begin and once or twice later.
const (
	headRow      = "chain"
	varsRow      = "vars"
	taskRow      = "task"
	publishedRow = "published"
)

// head is what a chain is about to do.
type head struct {
	Status execution.Status `json:"status"`
	Held   bool             `json:"held,omitempty"` // somebody wants it paused
	Next   string           `json:"next,omitempty"` // the node to go on with, when it is held
	Error  string           `json:"error,omitempty"`
}

// run is one time that a node has run.
type run struct {
	Node      string           `json:"node"`
	Execution string           `json:"execution,omitempty"`
	Status    execution.Status `json:"status"`
	Created   time.Time        `json:"created,omitzero"`
	Updated   time.Time        `json:"updated,omitzero"`
	Waited    bool             `json:"waited,omitempty"` // it has been pending or paused
	Refused   string           `json:"refused,omitempty"`
}

// over reports whether the run has ended.
func (r *run) over() bool { return r.Status.Final() }

func row(kind string, key int, body any) (workflow.Row, error) {
	var b []byte
	var err error
	if d, ok := body.(*value.Dict); ok {
		b, err = value.ToJSON(d)
	} else {
		b, err = json.Marshal(body)
	}
	if err != nil {
		return workflow.Row{}, fmt.Errorf("write row %s %d: %w", kind, key, err)
	}
	return workflow.Row{Kind: kind, Key: int64(key), Body: b}, nil
}

// restore takes over what was saved.
func (e *Engine) restore(rows []workflow.Row) error {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b workflow.Row) int { return cmp.Compare(a.Key, b.Key) })
	var published []*value.Dict
	for _, row := range rows {
		if row.Body == nil {
			continue
		}
		var err error
		switch row.Kind {
		case headRow:
			err = json.Unmarshal(row.Body, &e.head)
		case varsRow:
			e.vars, err = dictOf(row.Body)
		case publishedRow:
			var d *value.Dict
			d, err = dictOf(row.Body)
			published = append(published, d)
		case taskRow:
			var r run
			if err = json.Unmarshal(row.Body, &r); err == nil && row.Key != int64(len(e.runs)) {
				err = fmt.Errorf("it is number %d", len(e.runs))
			}
			if r.over() {
				e.latest[r.Node] = len(e.runs)
			}
			e.runs = append(e.runs, r)
		default:
			err = fmt.Errorf("unknown kind")
		}
		if err != nil {
			return fmt.Errorf("read row %s %d: %w", row.Kind, row.Key, err)
		}
	}
	for _, d := range published {
		e.publish(d)
	}
	return nil
}

func (e *Engine) publish(d *value.Dict) {
	e.vars.Update(d)
	e.published.Update(d)
}

func dictOf(b []byte) (*value.Dict, error) {
	v, err := value.FromJSON(b)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("it is a %s, not a dict", value.TypeName(v))
	}
	return d, nil
}
