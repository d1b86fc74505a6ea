package expr

import "github.com/nightshift-run/nightshift/internal/expr/yaql"

// Reference describes the functions that workflows have beside those of the
// languages, and everything that YAQL has. The former are in the module more, and
// may be called in Jinja, too.
func (e *Evaluator) Reference() []yaql.Entry { return e.yaql.Reference() }

// document adds the sentences and the examples of the reference page. The examples
// use the context of [Evaluator.Reference]'s test: a workflow in which the task build
// has succeeded with the result {"stdout": "ok"}, with the variables host, web1, and
// ports, [80, 443], working on the item {"name": "a"}.
func document(all map[string]function) {
	for _, d := range [][4]string{
		{"ctx", "Returns a variable of the workflow, or all of them.", "ctx(host) + ctx().host", `"web1web1"`},
		{"item", "Returns the item that a task with items works on, or an entry of it.", "item(name)", `"a"`},
		{"result", "Returns the result of the task that has just ended.", "result().stdout", `"ok"`},
		{"task_status", "Returns the status of a task, or the text null if it has not been.", "task_status(build)", `"succeeded"`},
		{"succeeded", "Returns whether the task that has just ended succeeded.", "succeeded()", "true"},
		{"failed", "Returns whether the task that has just ended failed.", "failed()", "false"},
		{"completed", "Returns whether the task has ended in any way.", "completed()", "true"},
		{"json", "Reads JSON; a dict stays as it is.", `json('{"a": 1}').a`, "1"},
		{"zip", "Returns lists of the first items, of the second ones and so on; pad stands for items that are missing.", "zip([1, 2], [3], pad => 0)", "[[1, 3], [2, 0]]"},
		{"st2kv", "Returns a key of the datastore, decrypted if decrypt is true, or the default if there is no such key; a key of the system begins with system.", "st2kv('system.region', default => eu)", `"eu"`},
		{"task", "Returns the latest execution of a task: its result, status, times and ids.", "", ""},
		{"basename", "Returns what follows the last slash of a path.", "basename('/var/log/syslog')", `"syslog"`},
		{"dirname", "Returns what stands before the last slash of a path.", "dirname('/var/log/syslog')", `"/var/log"`},
		{"from_json_string", "Reads JSON.", "from_json_string('[1]')", "[1]"},
		{"json_parse", "Reads JSON.", "json_parse('[1]')", "[1]"},
		{"from_yaml_string", "Reads YAML.", "from_yaml_string('a: 1')", `{"a": 1}`},
		{"yaml_parse", "Reads YAML.", "yaml_parse('a: 1')", `{"a": 1}`},
		{"to_json_string", "Writes a value as JSON.", "to_json_string({a => 1})", `"{\"a\": 1}"`},
		{"json_dump", "Writes a value as JSON.", "json_dump([1, null])", `"[1,null]"`},
		{"to_yaml_string", "Writes a value as YAML.", "to_yaml_string({a => 1})", `"a: 1\n"`},
		{"yaml_dump", "Writes a value as YAML.", "yaml_dump({a => 1})", `"a: 1\n"`},
		{"json_escape", "Returns a text as it stands inside the quotes of JSON.", "json_escape('a\"b')", `"a\\\"b"`},
		{"jsonpath_query", "Returns the list of what a JSONPath finds, or null.", "jsonpath_query({a => {b => 1}}, '$.a.b')", "[1]"},
		{"regex_match", "Returns whether a text begins with a match of a pattern.", "regex_match(xyz, x)", "true"},
		{"regex_search", "Returns whether a pattern is found in a text.", "regex_search(xyz, y)", "true"},
		{"regex_replace", "Returns a text with all matches of a pattern replaced.", "regex_replace(xyz, y, Y)", `"xYz"`},
		{"regex_substring", "Returns one of the matches of a pattern, the first one by default.", "regex_substring(a1b2, '[0-9]', resultIndex => 1)", `"2"`},
		{"to_human_time_from_seconds", "Returns a number of seconds as text.", "to_human_time_from_seconds(12345)", `"3h25m45s"`},
		{"use_none", "Returns a text that stands for null until a parameter is cast to its type; everything else stays as it is.", "use_none(1)", "1"},
		{"version_compare", "Returns -1, 0 or 1 as a version is before, equal to or after another.", "version_compare('1.2.0', '1.10.0')", "-1"},
		{"version_more_than", "Returns whether a version is after another.", "version_more_than('1.2.0', '1.10.0')", "false"},
		{"version_less_than", "Returns whether a version is before another.", "version_less_than('1.2.0', '1.10.0')", "true"},
		{"version_equal", "Returns whether two versions are equal.", "version_equal('1.2.0', '1.2.0')", "true"},
		{"version_match", "Returns whether a version satisfies an expression such as >=1.2.0.", "version_match('1.2.3', '>=1.2.0')", "true"},
		{"version_bump_major", "Raises the first number of a version.", "version_bump_major('1.2.3')", `"2.0.0"`},
		{"version_bump_minor", "Raises the second number of a version.", "version_bump_minor('1.2.3')", `"1.3.0"`},
		{"version_bump_patch", "Raises the third number of a version.", "version_bump_patch('1.2.3')", `"1.2.4"`},
		{"version_strip_patch", "Returns the first two numbers of a version.", "version_strip_patch('1.2.3')", `"1.2"`},
	} {
		if f, ok := all[d[0]]; ok {
			f.doc, f.example, f.result = d[1], d[2], d[3]
			all[d[0]] = f
		}
	}
}
