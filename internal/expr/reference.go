package expr

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Entry describes a function of Orquesta or StackStorm for the reference pages.
type Entry struct {
	Name      string
	Signature string // in YAQL
	State     bool   // it knows of the workflow
	Doc       string // one sentence
	Example   string // in YAQL, over [ReferenceContext]
	Result    string // of the example, in JSON
}

// Reference returns the functions that both languages have in workflows, by name.
func (e *Evaluator) Reference() []Entry {
	filters := map[string]string{}
	for _, x := range jinja.New(jinja.Options{}).Reference() {
		filters[x.Name] = x.Doc
	}
	described := functionEntries()
	all := make([]Entry, 0, len(e.names))
	for _, name := range e.names {
		x := described[name]
		if x.Doc == "" {
			x.Doc = filters[name]
		}
		x.Name, x.State = name, e.functions[name].state
		x.Signature = signature(name, e.functions[name].params)
		all = append(all, x)
	}
	return all
}

// signature writes parameters as YAQL names them: in camel case, and in brackets
// what need not be given.
func signature(name, params string) string {
	var parts []string
	for p := range strings.SplitSeq(params, ",") {
		declared, _, optional := strings.Cut(p, "=")
		words := strings.Fields(declared)
		if len(words) == 0 {
			continue
		}
		part := words[0]
		switch {
		case strings.HasPrefix(part, "**"):
			part = "name => value…"
		case strings.HasPrefix(part, "*"):
			part = part[1:] + "…"
		default:
			part = camel(part)
		}
		if optional {
			part = "[" + part + "]"
		}
		parts = append(parts, part)
	}
	return name + "(" + strings.Join(parts, ", ") + ")"
}

func camel(name string) string {
	first, rest, more := strings.Cut(name, "_")
	for more {
		var word string
		word, rest, more = strings.Cut(rest, "_")
		if word != "" {
			first += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return first
}

// ReferenceContext returns the context of the examples: a workflow of which the
// task check has just succeeded, in the middle of items.
func ReferenceContext() (*value.Dict, error) {
	v, err := value.FromJSON([]byte(`{
  "host": "web-01",
  "st2": {"user": "ops", "workflow_execution_id": "65f1"},
  "__current_task": {"id": "check", "route": 0, "result": {"stdout": "ok"}},
  "__current_item": {"name": "disk"},
  "__state": {
    "tasks": {"check__r0": 0},
    "sequence": [{"id": "check", "route": 0, "status": "succeeded"}],
    "routes": [[]]
  }
}`))
	if err != nil {
		return nil, err
	}
	d, _ := v.(*value.Dict)
	return d, nil
}

// functionEntries describes the functions that are no filters of StackStorm, and
// has examples of all.
func functionEntries() map[string]Entry {
	return map[string]Entry{
		"ctx":         {Doc: "Returns a variable of the workflow, or all of them; one that is missing is an error.", Example: "ctx(host) + ctx().host", Result: `"web-01web-01"`},
		"item":        {Doc: "Returns the item that a task with items is at, or what the item has at a key.", Example: "item(name)", Result: `"disk"`},
		"result":      {Doc: "Returns the result of the task that has just ended.", Example: "result().stdout", Result: `"ok"`},
		"task_status": {Doc: "Returns the status of a task, or null if it has not begun.", Example: "task_status(check)", Result: `"succeeded"`},
		"succeeded":   {Doc: "Returns whether the task that has just ended succeeded.", Example: "succeeded()", Result: "true"},
		"failed":      {Doc: "Returns whether the task that has just ended failed.", Example: "failed()", Result: "false"},
		"completed":   {Doc: "Returns whether the task has ended, however that was.", Example: "completed()", Result: "true"},
		"task":        {Doc: "Returns the latest execution of a task: task_id, route, result, status, start_timestamp and end_timestamp.", Example: "task(check).result.stdout", Result: `"ok"`},
		"st2kv":       {Doc: "Returns the value of a key of the datastore, of the user or after system. of the system; it takes decrypt and default.", Example: "st2kv('system.env')", Result: `"prod"`},
		"secret":      {Doc: "Returns a secret that a store outside of the datastore keeps, by its name STORE:PATH#FIELD.", Example: "secret('vault:team/db#password')", Result: `"hush"`},
		"json":        {Doc: "Reads JSON, and returns a dict as it is.", Example: `json('{"a": 1}')`, Result: `{"a": 1}`},
		"zip":         {Doc: "Returns lists of the first items of all sequences, of the second ones, and so on, and fills up with pad.", Example: "zip([1, 2], [a], pad => x)", Result: `[[1, "a"], [2, "x"]]`},

		"json_parse":                 {Doc: "Reads JSON.", Example: `json_parse('[1, null]')`, Result: "[1, null]"},
		"json_dump":                  {Doc: "Writes a value as JSON.", Example: "json_dump({a => 1}, indent => 2)", Result: `"{\n  \"a\": 1\n}"`},
		"yaml_parse":                 {Doc: "Reads YAML.", Example: "yaml_parse('a: yes')", Result: `{"a": true}`},
		"yaml_dump":                  {Doc: "Writes a value as YAML.", Example: "yaml_dump({a => [1]})", Result: `"a:\n- 1\n"`},
		"basename":                   {Example: "basename('/var/log/syslog')", Result: `"syslog"`},
		"dirname":                    {Example: "dirname('/var/log/syslog')", Result: `"/var/log"`},
		"from_json_string":           {Example: `from_json_string('{"a": 1}')`, Result: `{"a": 1}`},
		"from_yaml_string":           {Example: "from_yaml_string('a: 1')", Result: `{"a": 1}`},
		"json_escape":                {Example: `json_escape('a "b" c')`, Result: `"a \\\"b\\\" c"`},
		"jsonpath_query":             {Example: "jsonpath_query({a => [{b => 1}]}, 'a[*].b')", Result: "[1]"},
		"regex_match":                {Example: "regex_match('web-01', 'WEB', true)", Result: "true"},
		"regex_replace":              {Example: `regex_replace('web-01', '-.*', '')`, Result: `"web"`},
		"regex_search":               {Example: `regex_search('web-01', '[0-9]+$')`, Result: "true"},
		"regex_substring":            {Example: `regex_substring('web-01 web-02', '[0-9]+', 1)`, Result: `"02"`},
		"to_human_time_from_seconds": {Example: "to_human_time_from_seconds(3785)", Result: `"1h3m5s"`},
		"to_json_string":             {Example: "to_json_string({a => 1})", Result: `"{\"a\": 1}"`},
		"to_yaml_string":             {Example: "to_yaml_string({a => 1})", Result: `"a: 1\n"`},
		"use_none":                   {Example: "use_none(x)", Result: `"x"`},
		"version_bump_major":         {Example: "version_bump_major('1.2.3')", Result: `"2.0.0"`},
		"version_bump_minor":         {Example: "version_bump_minor('1.2.3')", Result: `"1.3.0"`},
		"version_bump_patch":         {Example: "version_bump_patch('1.2.3')", Result: `"1.2.4"`},
		"version_compare":            {Example: "version_compare('1.2.3', '1.10.0')", Result: "-1"},
		"version_equal":              {Example: "version_equal('1.2.3', '1.2.3')", Result: "true"},
		"version_less_than":          {Example: "version_less_than('1.2.3', '1.10.0')", Result: "true"},
		"version_match":              {Example: "version_match('1.2.3', '>=1.2.0')", Result: "true"},
		"version_more_than":          {Example: "version_more_than('1.2.3', '1.10.0')", Result: "false"},
		"version_strip_patch":        {Example: "version_strip_patch('1.2.3')", Result: `"1.2"`},
	}
}
