package st2

import (
	"io"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func tailing(r resource) *command {
	return &command{
		name: "execution tail", about: "Show what an execution prints, while it runs.",
		options: append(common(),
			opt("only this kind of output: stdout, stderr or other", "--type").as("output_type"),
			flag("show when each piece was printed, and where to", "--include-metadata")),
		positionals: []positional{{"id", "id", '?', `the execution; "last" for the latest`}},
		run: func(c *call) error {
			id := c.args.text("id")
			var d *value.Dict
			var err error
			if id == "" || id == "last" {
				id = "last"
				list, _, listErr := c.list(request{path: r.path + "/", query: []param{{"limit", "1"}}})
				if err = listErr; err == nil && len(list) == 0 {
					c.print("No executions found in db.")
					return nil
				}
				if err == nil {
					d = list[0]
				}
			} else {
				d, err = c.find(request{path: r.path + path(id)})
			}
			if err != nil {
				return err
			}
			if d == nil {
				return notFound("Execution  with id " + id + " not found.")
			}
			return c.tail(d, c.args.text("output_type"), c.args.flag("include_metadata"))
		},
	}
}

// lineage is whose child an execution is, and as which task.
type lineage struct{ id, parent, task string }

func lineageOf(d *value.Dict) lineage {
	around := dict(field(d, "context"))
	l := lineage{id: text(d, "id"), parent: text(dict(field(around, "parent")), "execution_id"), task: "unknown"}
	for kind, name := range map[string]string{"orquesta": "task_name", "chain": "name"} {
		if task := text(dict(field(around, kind)), name); task != "" {
			l.task = task
		}
	}
	return l
}

// tail shows what an execution and those that it starts print, until it ends.
func (c *call) tail(d *value.Dict, kind string, metadata bool) error {
	id := text(d, "id")
	if completed(text(d, "status")) {
		r := request{path: "/executions" + path(id, "output")}
		if kind != "" {
			r.query = []param{{"output_type", kind}}
		}
		x, err := c.do(r)
		if err == nil {
			err = x.check()
		}
		if err != nil {
			return err
		}
		c.print(string(x.body))
		c.print("Execution " + id + " has completed (status=" + text(d, "status") + ").")
		return nil
	}
	child := lineageOf(d).parent != ""
	known := map[string]bool{id: true}
	now, err := c.ask(request{path: "/executions" + path(id), query: []param{{"include_attributes", "id,children"}}})
	if err != nil {
		return err
	}
	for _, v := range items(now, "children") {
		known[value.Str(v)] = true
	}
	return c.listen([]string{"st2.execution__update", "st2.execution.output__create"}, id, func(e *value.Dict) (bool, error) {
		if status := text(e, "status"); status != "" {
			return c.progress(e, status, id, child, known), nil
		}
		is := text(e, "output_type")
		if !known[text(e, "execution_id")] || kind != "" && kind != "all" && is != kind {
			return true, nil
		}
		piece := text(e, "data")
		if metadata {
			piece = "[" + text(e, "timestamp") + "][" + is + "] " + piece
		}
		_, err := io.WriteString(c.Out, piece)
		return true, err
	})
}

// progress says how an execution goes on, and reports whether there is more to wait
// for. Known are the executions that belong to the one that is followed.
func (c *call) progress(e *value.Dict, status, followed string, child bool, known map[string]bool) (more bool) {
	l := lineageOf(e)
	if l.parent != "" && !child && !known[l.parent] || (l.parent == "" || child) && !known[l.id] {
		return true
	}
	known[l.id] = true
	switch {
	case l.parent != "" && status == "running":
		c.print("Child execution (task=" + l.task + ") " + l.id + " has started.\n")
	case l.parent != "" && completed(status):
		c.print("\nChild execution (task=" + l.task + ") " + l.id + " has finished (status=" + status + ").")
		return !child
	case status == "running" && len(items(e, "children")) == 0:
		c.print("Execution " + followed + " has started.\n")
	case completed(status):
		c.print("\nExecution " + followed + " has completed (status=" + status + ").")
		return false
	}
	return true
}
