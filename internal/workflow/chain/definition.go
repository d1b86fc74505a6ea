package chain

import (
	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// definition is a chain as it was read. It is shared and never changed.
type definition struct {
	nodes map[string]*node
	order []string // their names, as written
	first string   // the node to begin with
	vars  []field
}

// node is an action in a chain.
type node struct {
	name, ref            string
	parameters, publish  []field
	onSuccess, onFailure target
	notify               value.Value // nil: as the chain has it
	spec                 *value.Dict // what the context of its executions shows of it
}

// field is a name with a value that may hold templates.
type field struct {
	name string
	tmpl *action.Template
}

// target is the name of a node. The zero target is none.
type target struct {
	name string           // as written
	tmpl *action.Template // nil: it is what is written
}

// after returns where a node leads to.
func (n *node) after(succeeded bool) target {
	if succeeded {
		return n.onSuccess
	}
	return n.onFailure
}
