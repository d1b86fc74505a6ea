package st2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/cli"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// standard are the attributes of an execution that are shown of a run.
func standard() []string {
	return []string{"id", "action.ref", "context.user", "parameters", "status", "start_timestamp", "end_timestamp", "result"}
}

// resultOptions are the options of commands that show an execution.
func resultOptions(attrs []string) []option {
	return []option{
		flag("suggest a schema of the output", "--with-schema"),
		flag("do not show the tasks of workflows", "--raw"),
		flag("show the tasks of a workflow", "--show-tasks"),
		number("how deep tasks are shown; -1 for all", "--depth").or(int64(-1)),
		widthOption(),
		opt(`attributes to show; "all" for every one`, "--attr").takes(someWords).orWords(attrs...).exclusive(),
		flag("show the execution as a table", "-d", "--detail").exclusive(),
		opt("show only this part of the result, with dots between names", "-k", "--key").exclusive(),
		number("milliseconds to wait before it starts", "--delay").exclusive(),
		flag("show what it prints while it runs", "--tail").exclusive(),
		flag("make objects of lists of a:b", "--auto-dict").exclusive(),
	}
}

// runOptions are those of commands that start an execution.
func runOptions(wait bool) []option {
	return []option{
		flag("do not wait for the end", "-a", "--async").as("action_async").or(!wait),
		flag("hand this program's environment on as the parameter env", "-e", "--inherit-env"),
	}
}

func helpOption() option {
	return flag("show this help, or the parameters of the action", "-h", "--help")
}

func runCommands() []*command { return []*command{running("run", true)} }

// running is the command that runs an action, under both of its names.
func running(name string, wait bool) *command {
	c := &command{
		name: name, about: "Run an action.", helps: true,
		positionals: []positional{
			{"ref_or_id", "ref-or-id", '?', "the action"}, {"parameters", "parameters", '*', "its parameters, as name=value"},
		},
		options: slices.Concat(common(), []option{helpOption()}, resultOptions(standard()), []option{
			opt("tag to find it by later", "--trace-tag", "--trace_tag"), opt("trace that it belongs to", "--trace-id"),
		}, runOptions(wait), []option{opt("user to run it as, for admins", "-u", "--user")}),
	}
	c.run = func(c *call) error {
		ref := c.args.text("ref_or_id")
		switch {
		case c.args.flag("help") && ref == "":
			c.print(c.help(c.cmd))
			return nil
		case c.args.flag("help"):
			return c.describe(ref)
		case ref == "":
			return &usageError{usage: c.usage(c.cmd), program: "st2 " + c.cmd.name, err: sayf("Missing action reference or id")}
		}
		d, err := c.start(ref)
		if err != nil {
			return err
		}
		return c.follow(d, false)
	}
	return c
}

// start asks for an execution of an action.
func (c *call) start(ref string) (*value.Dict, error) {
	action, runner, err := c.action(ref)
	if err != nil {
		return nil, err
	}
	parameters, err := c.parameters(action, runner)
	if err != nil {
		return nil, err
	}
	body := value.NewDict()
	body.Set("action", text(action, "pack")+"."+text(action, "name"))
	body.Set("parameters", parameters)
	body.Set("user", field(c.args.Dict, "user"))
	if delay := c.args.number("delay"); delay != 0 {
		body.Set("delay", int64(delay))
	}
	trace := value.NewDict()
	if tag := c.args.text("trace_tag"); tag != "" {
		trace.Set("trace_tag", tag)
	}
	if id := c.args.text("trace_id"); id != "" {
		trace = value.NewDict()
		trace.Set("id_", id)
	}
	if trace.Len() > 0 {
		around := value.NewDict()
		around.Set("trace_context", trace)
		body.Set("context", around)
	}
	return c.ask(request{method: "POST", path: "/executions", body: body})
}

// action gets an action and the parameters of its runner. Who may not look at runner types is
// told of all parameters by the action that they may look at.
func (c *call) action(ref string) (action, runner *value.Dict, err error) {
	if action, err = c.fetch(actions(), ref); err != nil {
		return nil, nil, err
	}
	name := text(action, "runner_type")
	list, _, err := c.list(request{path: "/runnertypes/", query: []param{{"name", name}}})
	if r := (*refusal)(nil); errors.As(err, &r) && r.status == http.StatusForbidden {
		all, err := c.ask(request{path: "/actions/views/parameters" + path(text(action, "ref"))})
		runner = value.NewDict()
		runner.Set("runner_parameters", dict(field(all, "parameters")))
		return action, runner, err
	}
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return nil, nil, sayf("Runner type %q for action %q cannot be found.", name, text(action, "name"))
	}
	return action, list[0], nil
}

// parameters reads the words behind the action.
func (c *call) parameters(action, runner *value.Dict) (*value.Dict, error) {
	p := parameterReader{
		action: text(action, "ref"), own: dict(field(action, "parameters")), runner: dict(field(runner, "runner_parameters")),
		autoDict: c.args.flag("auto_dict"),
	}
	if c.args.flag("inherit_env") {
		p.environment = cli.Environment(c.Environ())
	}
	return p.read(c.args.words("parameters"))
}

// follow waits for the end of an execution and shows it, as the options say. An
// execution that failed is a failure of the command.
func (c *call) follow(d *value.Dict, fresh bool) error {
	d, err := c.await(d, fresh)
	if err != nil {
		return err
	}
	if c.args.flag("action_async") && !c.args.flag("tail") {
		c.print("To get the results, execute:\n st2 execution get " + text(d, "id"))
		c.print("\nTo view output in real-time, execute:\n st2 execution tail " + text(d, "id"))
	} else if err := c.execution(d); err != nil {
		return err
	}
	if text(d, "status") == "failed" {
		return silent(exitFailure)
	}
	return nil
}

// await returns an execution when it has ended, or at once if nobody wants to wait.
// Fresh asks for it once more even if it has ended already.
func (c *call) await(d *value.Dict, fresh bool) (*value.Dict, error) {
	id := text(d, "id")
	again := request{path: "/executions" + path(id)}
	if c.args.flag("tail") {
		c.print(`Tailing execution "` + id + `"`)
		if err := c.tail(d, "", false); err != nil {
			return nil, err
		}
		c.print("")
		return c.ask(again)
	}
	if c.args.flag("action_async") {
		return d, nil
	}
	// Most actions are short: who waits for one of them is not to wait two seconds.
	const slowest = 2 * time.Second
	asked := false
	for wait := 50 * time.Millisecond; unfinished(text(d, "status")); wait = min(wait*2, slowest) {
		if err := c.sleep(wait); err != nil {
			return nil, err
		}
		if wait == slowest && !c.machine() {
			_, _ = io.WriteString(c.Out, ".") // it still runs
		}
		var err error
		if d, err = c.ask(again); err != nil {
			return nil, err
		}
		asked = true
	}
	c.print("")
	if fresh && !asked {
		return c.ask(again)
	}
	return d, nil
}

func unfinished(status string) bool {
	return slices.Contains([]string{"requested", "scheduled", "running", "canceling"}, status)
}

// shape is how an execution's attributes are shown.
func (c *call) shape() shape {
	return shape{"start_timestamp": c.moment, "end_timestamp": c.moment, "parameters": hidden, "status": c.colored}
}

// execution shows an execution, and the tasks of a workflow.
func (c *call) execution(d *value.Dict) error {
	action, ok := field(d, "action").(*value.Dict)
	if !ok {
		return fmt.Errorf("the server's answer does not say what was run")
	}
	runner := text(action, "runner_type")
	workflow := runner == "orquesta" || runner == "action-chain"
	if c.args.flag("show_tasks") && !workflow {
		return sayf("--show-tasks option can only be used with workflow actions")
	}
	if workflow && !c.args.flag("raw") && !c.args.flag("detail") {
		return c.tasks(d)
	}
	v := view{attrs: c.args.words("attr"), shape: c.shape()}
	switch key := c.args.text("key"); {
	case c.args.flag("detail"):
		v.attrs = c.columnsOf()
		return c.properties(d, v)
	case key != "" && c.machine():
		v.attrs = []string{"result." + key}
	case key != "":
		part, err := lookUp(field(d, "result"), key)
		if err != nil {
			return err
		}
		c.print(value.Str(c.plain(part)))
		return nil
	}
	return c.details(d, v)
}

// columnsOf are the attributes that the command shows if nobody asks for others.
func (c *call) columnsOf() []string {
	for _, o := range c.cmd.options {
		if o.target() == "attr" {
			return wordsOf(o.def)
		}
	}
	return nil
}

// tasks shows an execution of a workflow and what it started.
func (c *call) tasks(d *value.Dict) error {
	depth := c.args.number("depth")
	children, _, err := c.list(request{path: "/executions" + path(text(d, "id"), "children") + "/", query: []param{{"depth", itoa(depth)}}})
	if err != nil {
		return err
	}
	d = d.Clone()
	attrs := []string{"id", "action.ref", "parameters", "status"}
	more := []string{"start_timestamp", "end_timestamp", "log"}
	result, _ := field(d, "result").(*value.Dict)
	var last *value.Dict // task of an action chain
	if tasks := items(dict(result), "tasks"); len(tasks) > 0 {
		last = dict(tasks[len(tasks)-1])
	}
	if last != nil && value.Truth(field(last, "result")) {
		d.Set("result_task", orUnknown(last))
		d.Set("result", field(last, "result"))
		attrs = append(attrs, "result_task", "result")
	} else if last == nil {
		more = append(more, "result")
	}
	if text(d, "status") == "failed" {
		attrs = append(attrs, failed(d, result, last)...)
	}
	err = c.details(d, view{attrs: append(attrs, more...), shape: c.shape()})
	if err != nil || len(children) == 0 {
		return err
	}
	v := c.tableOf(resource{})
	v.attrs, v.shape = []string{"id", "status", "task", "action", "start_timestamp"}, c.shape()
	_, err = c.table(tree(children, text(d, "id")), v)
	return err
}

func orUnknown(task *value.Dict) value.Value {
	if name := text(task, "name"); name != "" {
		return name
	}
	return "unknown"
}

// failed puts what went wrong into an execution, and returns the attributes that
// say so.
func failed(d, result, last *value.Dict) []string {
	set := func(err, trace value.Value) {
		d.Set("error", err)
		d.Set("traceback", trace)
		if !d.Has("result_task") {
			d.Set("result", "See error and traceback.")
		}
	}
	if result == nil {
		set("See result", "See result")
		return []string{"error", "traceback"}
	}
	if err := field(result, "error"); value.Truth(err) {
		set(err, field(result, "traceback"))
		return []string{"error", "traceback"}
	}
	of := dict(field(dict(last), "result"))
	err := field(of, "error")
	if !value.Truth(err) {
		err = field(of, "stderr")
	}
	if last == nil || !value.Truth(err) {
		return nil
	}
	set(err, field(of, "traceback"))
	d.Set("failed_on", orUnknown(last))
	return []string{"error", "traceback", "failed_on"}
}

// tree are the children of an execution as rows of a table: workflows among them
// are marked, and what a workflow started stands below it, further to the right.
func tree(children []*value.Dict, root string) []*value.Dict {
	workflows := slices.ContainsFunc(children, func(d *value.Dict) bool { return len(items(d, "children")) > 0 })
	depth := map[string]int{root: 0}
	var rows []*value.Dict
	for _, d := range children {
		id, at := text(d, "id"), depth[text(d, "parent")]
		depth[id] = at + 1
		d = withElapsed(d)
		row := value.NewDict()
		shown := id
		if workflows && len(items(d, "children")) > 0 {
			shown = "+ " + id
		} else if workflows {
			shown = "  " + id
		}
		row.Set("id", strings.Repeat(" ", at)+shown)
		row.Set("status", field(d, "status"))
		around := dict(field(d, "context"))
		row.Set("task", nil)
		if chain, ok := field(around, "chain").(*value.Dict); ok {
			row.Set("task", field(chain, "name"))
		} else if orquesta, ok := field(around, "orquesta").(*value.Dict); ok {
			row.Set("task", field(orquesta, "task_name"))
		}
		row.Set("action", field(dict(field(d, "action")), "ref"))
		row.Set("start_timestamp", field(d, "start_timestamp"))
		rows = append(rows, row)
	}
	return rows
}

// describe shows the parameters of an action.
func (c *call) describe(ref string) error {
	action, runner, err := c.action(ref)
	if _, ok := err.(notFound); ok { //nolint:errorlint // fetch returns exactly this
		c.print(`Action "` + ref + `" is not found. Use "st2 action list" to see the list of available actions.`)
		return nil
	}
	if err != nil {
		return err
	}
	all := dict(field(runner, "runner_parameters")).Clone()
	locked := map[string]bool{}
	for name, v := range all.Texts() {
		locked[name] = field(dict(v), "immutable") == true
	}
	for name, v := range dict(field(action, "parameters")).Texts() {
		all.Set(name, v)
		locked[name] = locked[name] || field(dict(v), "immutable") == true
	}
	c.print("\n" + strings.Join(wrap(text(action, "description"), 70), "\n") + "\n")
	for _, must := range []bool{true, false} {
		var names []string
		for name, v := range all.Texts() {
			if (field(dict(v), "required") == true) == must && !locked[name] {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			continue
		}
		slices.SortFunc(names, func(a, b string) int { return byPosition(all, a, b) })
		c.print(map[bool]string{true: "Required Parameters:", false: "Optional Parameters:"}[must])
		for _, name := range names {
			c.parameter(name, dict(field(all, name)))
		}
	}
	return nil
}

// byPosition puts parameters with a position first, and the others by name.
func byPosition(all *value.Dict, a, b string) int {
	place := func(name string) int64 {
		if n, ok := field(dict(field(all, name)), "position").(int64); ok {
			return n
		}
		return 1 << 62
	}
	if x, y := place(a), place(b); x != y {
		return int(min(max(x-y, -1), 1))
	}
	return strings.Compare(a, b)
}

// parameter prints what is said of a parameter.
func (c *call) parameter(name string, of *value.Dict) {
	line := func(indent int, s string) {
		pad := strings.Repeat(" ", indent)
		for _, l := range wrap(s, 78-indent) {
			c.print(pad + l)
		}
	}
	line(4, name)
	line(8, text(of, "description"))
	if kind := field(of, "type"); value.Truth(kind) {
		line(8, "Type: "+value.Str(kind))
	}
	if of := items(of, "enum"); len(of) > 0 {
		words := make([]string, len(of))
		for i, v := range of {
			words[i] = value.Str(v)
		}
		line(8, "Enum: "+strings.Join(words, ", "))
	}
	if def := field(of, "default"); def != nil {
		line(8, "Default: "+value.Str(def))
	}
	c.print("")
}
