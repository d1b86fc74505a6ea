package jinja

import (
	"slices"
	"strings"
)

// Kinds of [Entry].
const (
	KindFilter     = "filter"
	KindStackStorm = "filter of StackStorm"
	KindTest       = "test"
	KindGlobal     = "global"
)

// Entry describes a filter, a test or a global function for the reference page.
type Entry struct {
	Kind      string
	Name      string
	Signature string
	Doc       string // one sentence
	Example   string // an expression; may be empty where it needs a server
	Result    string // of the example, in JSON
}

// Reference returns what the environment has, by kind and name. What its caller
// added without a description here is left out.
func (e *Env) Reference() []Entry {
	var all []Entry
	add := func(kind string, has func(name string) bool, entries []Entry) {
		slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
		for _, x := range entries {
			if has(x.Name) {
				x.Kind = kind
				all = append(all, x)
			}
		}
	}
	filter := func(name string) bool { return e.filters[name] != nil }
	test := func(name string) bool { return e.tests[name] != nil }
	global := func(name string) bool { _, ok := e.globals[name]; return ok }
	add(KindFilter, filter, slices.Concat(filterEntries(), listEntries()))
	add(KindStackStorm, filter, stackstormEntries())
	add(KindTest, test, testEntries())
	add(KindGlobal, global, globalEntries())
	return all
}

// asFilter makes the entry of a filter with its arguments as they are written.
func asFilter(name, args, doc, example, result string) Entry {
	signature := "value | " + name
	if args != "" {
		signature += "(" + args + ")"
	}
	return Entry{Name: name, Signature: signature, Doc: doc, Example: example, Result: result}
}

// filterEntries describes the filters of text, numbers and single values.
func filterEntries() []Entry {
	return []Entry{
		asFilter("abs", "", "Returns a number without its sign.", "-3 | abs", "3"),
		asFilter("attr", "name", "Returns an attribute of an object, never an item: value.name looks at both.", "namespace(a=1) | attr('a')", "1"),
		asFilter("capitalize", "", "Makes the first letter a capital and all others small.", "'wEB one' | capitalize", `"Web one"`),
		asFilter("center", "width=80", "Puts a text in the middle of so many columns.", "'ab' | center(6)", `"  ab  "`),
		asFilter("count", "", "Is the same as length.", "'abc' | count", "3"),
		asFilter("d", "default_value='', boolean=false", "Is the same as default.", "missing | d('x')", `"x"`),
		asFilter("default", "default_value='', boolean=false",
			"Returns the default for what is undefined, and with true also for what counts as false.", "'' | default('x', true)", `"x"`),
		asFilter("e", "", "Is the same as escape.", "'<b>' | e", `"&lt;b&gt;"`),
		asFilter("escape", "", "Escapes &, <, >, ' and \" for HTML, unless the text is safe already.", "'a < b' | escape", `"a &lt; b"`),
		asFilter("filesizeformat", "binary=false", "Writes a number of bytes for people, in powers of 1000 or, if binary, of 1024.", "1500000 | filesizeformat", `"1.5 MB"`),
		asFilter("float", "default=0.0", "Returns a value as a floating-point number, or the default if it is none.", "'1.5' | float", "1.5"),
		asFilter("forceescape", "", "Escapes a text for HTML even if it is safe.", "'<b>' | safe | forceescape", `"&lt;b&gt;"`),
		asFilter("format", "*args, **kwargs", "Puts arguments into a text with placeholders in Python's manner.", "'%s is at %d%%' | format('disk', 91)", `"disk is at 91%"`),
		asFilter("indent", "width=4, first=false, blank=false",
			"Indents all lines but the first by so many blanks or by a text; first and blank say whether the first and the empty lines are indented, too.",
			"'a\\nb' | indent(2)", `"a\n  b"`),
		asFilter("int", "default=0, base=10", "Returns a value as an integer, or the default if it is none.", "'ff' | int(base=16)", "255"),
		asFilter("lower", "", "Makes all letters small.", "'WEB' | lower", `"web"`),
		asFilter("pprint", "", "Writes a value as Python's pprint does.", "{'a': [1, none]} | pprint", `"{'a': [1, None]}"`),
		asFilter("replace", "old, new, count=none", "Replaces one text by another, everywhere or only count times.", "'a-b-c' | replace('-', '.', 1)", `"a.b-c"`),
		asFilter("round", "precision=0, method='common'", "Rounds a number; the methods are common, ceil and floor.", "42.55 | round(1, 'floor')", "42.5"),
		asFilter("safe", "", "Marks a text as safe, so that it is not escaped again.", "'<b>' | safe | escape", `"<b>"`),
		asFilter("string", "", "Returns a value as text.", "1.0 | string", `"1.0"`),
		asFilter("striptags", "", "Takes the tags out of HTML and makes one blank of several.", "'<b>web</b>   one' | striptags", `"web one"`),
		asFilter("title", "", "Makes the first letter of each word a capital.", "'disk of web-01' | title", `"Disk Of Web-01"`),
		asFilter("tojson", "indent=none", "Writes a value as JSON in which <, >, & and ' are safe in HTML; to_json_string leaves them alone.", "{'a': [1, none]} | tojson", `"{\"a\": [1, null]}"`),
		asFilter("trim", "chars=none", "Takes blanks, or some characters, off both ends.", "'  web ' | trim", `"web"`),
		asFilter("truncate", "length=255, killwords=false, end='...', leeway=5",
			"Cuts a text that is longer than length and the leeway, at a word unless killwords, and puts the end behind it.",
			"'the disk of web-01 is full' | truncate(15)", `"the disk of..."`),
		asFilter("upper", "", "Makes all letters capitals.", "'web' | upper", `"WEB"`),
		asFilter("urlencode", "", "Quotes a text for a URL, or writes a dict or pairs as its query.", "{'q': 'a b', 'n': 1} | urlencode", `"q=a+b&n=1"`),
		asFilter("urlize", "trim_url_limit=none, nofollow=false, target=none, rel=none, extra_schemes=none",
			"Makes links of the URLs in a text.", "'see example.org' | urlize", `"see <a href=\"https://example.org\" rel=\"noopener\">example.org</a>"`),
		asFilter("wordcount", "", "Counts the words of a text.", "'the disk is full' | wordcount", "4"),
		asFilter("wordwrap", "width=79, break_long_words=true, wrapstring=none, break_on_hyphens=true",
			"Breaks the lines of a text at words, so that none is longer than width.", "'the disk is full' | wordwrap(8)", `"the disk\nis full"`),
		asFilter("xmlattr", "autospace=true", "Writes a dict as attributes of HTML, with a blank before it unless told otherwise.", "{'id': 'x', 'no': none} | xmlattr", `" id=\"x\""`),
	}
}

// listEntries describes the filters of sequences and dicts.
func listEntries() []Entry {
	return []Entry{
		asFilter("batch", "linecount, fill_with=none", "Cuts a sequence into lists of so many items, and fills up the last one.", "[1, 2, 3] | batch(2, 0)", "[[1, 2], [3, 0]]"),
		asFilter("dictsort", "case_sensitive=false, by='key', reverse=false", "Returns the pairs of a dict sorted by key or by value.", "{'b': 1, 'A': 2} | dictsort", `[["A", 2], ["b", 1]]`),
		asFilter("first", "", "Returns the first item.", "[1, 2, 3] | first", "1"),
		asFilter("groupby", "attribute, default=none, case_sensitive=false",
			"Returns pairs of a value of the attribute and the list of the items that have it, sorted by value; they are .grouper and .list, too.",
			"[{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'y'}, {'a': 1, 'b': 'z'}] | groupby('a') | map(attribute='list') | map('map', attribute='b') | map('list')",
			`[["x", "z"], ["y"]]`),
		asFilter("items", "", "Returns the pairs of a dict; of what is undefined, none.", "{'a': 1} | items", `[["a", 1]]`),
		asFilter("join", "d='', attribute=none", "Joins items, or an attribute of each, to a text.", "[1, 2, 3] | join('-')", `"1-2-3"`),
		asFilter("last", "", "Returns the last item.", "[1, 2, 3] | last", "3"),
		asFilter("length", "", "Counts the items of a sequence or a dict, or the letters of a text.", "[1, 2, 3] | length", "3"),
		asFilter("list", "", "Makes a list of anything that has items; of a text, its letters.", "'abc' | list", `["a", "b", "c"]`),
		asFilter("map", "filter, *args, attribute=…, default=…", "Puts each item through a filter, or takes an attribute of it.", "[{'n': 'a'}, {}] | map(attribute='n', default='?')", `["a", "?"]`),
		asFilter("max", "case_sensitive=false, attribute=none", "Returns the largest item.", "['b', 'C', 'a'] | max", `"C"`),
		asFilter("min", "case_sensitive=false, attribute=none", "Returns the smallest item.", "[{'n': 2}, {'n': 1}] | min(attribute='n')", `{"n": 1}`),
		asFilter("random", "", "Returns any item.", "[7] | random", "7"),
		asFilter("reject", "test, *args", "Returns the items that do not pass a test, or without one those that count as false.", "[1, 2, 3] | reject('odd')", "[2]"),
		asFilter("rejectattr", "attribute, test, *args", "Returns the items of which an attribute does not pass a test, or without one counts as false.",
			"[{'up': true}, {'up': false}] | rejectattr('up')", `[{"up": false}]`),
		asFilter("reverse", "", "Turns a sequence or a text around.", "[1, 2, 3] | reverse", "[3, 2, 1]"),
		asFilter("select", "test, *args", "Returns the items that pass a test, or without one those that count as true.", "[1, 2, 3] | select('gt', 1)", "[2, 3]"),
		asFilter("selectattr", "attribute, test, *args", "Returns the items of which an attribute passes a test, or without one counts as true.",
			"[{'n': 'a', 's': 'up'}, {'n': 'b', 's': 'down'}] | selectattr('s', 'eq', 'down') | map(attribute='n')", `["b"]`),
		asFilter("slice", "slices, fill_with=none", "Cuts a sequence into so many lists of about the same length.", "[1, 2, 3, 4, 5] | slice(2)", "[[1, 2, 3], [4, 5]]"),
		asFilter("sort", "reverse=false, case_sensitive=false, attribute=none", "Sorts items, by attributes with commas between them if they are given.", "[3, 1, 2] | sort(reverse=true)", "[3, 2, 1]"),
		asFilter("sum", "attribute=none, start=0", "Adds up items, or an attribute of each.", "[{'n': 1}, {'n': 2}] | sum('n')", "3"),
		asFilter("unique", "case_sensitive=false, attribute=none", "Returns each item once, where it comes first.", "['a', 'b', 'A'] | unique", `["a", "b"]`),
	}
}

// stackstormEntries describes the filters of StackStorm.
func stackstormEntries() []Entry {
	return []Entry{
		asFilter("basename", "", "Returns what follows the last slash of a path.", "'/var/log/syslog' | basename", `"syslog"`),
		asFilter("decrypt_kv", "", "Returns the value of a secret key of the datastore in the clear, as in st2kv.system.token | decrypt_kv.", "", ""),
		asFilter("dirname", "", "Returns what stands before the last slash of a path.", "'/var/log/syslog' | dirname", `"/var/log"`),
		asFilter("from_json_string", "", "Reads JSON.", `'{"a": [1, null]}' | from_json_string`, `{"a": [1, null]}`),
		asFilter("from_yaml_string", "", "Reads YAML.", "'a: [1, yes]' | from_yaml_string", `{"a": [1, true]}`),
		asFilter("json_escape", "", "Escapes a text as it stands between the quotes of a JSON string.", `'a "b" c' | json_escape`, `"a \\\"b\\\" c"`),
		asFilter("jsonpath_query", "query", "Returns the list of what a JSONPath finds, or none.", "{'a': [{'b': 1}, {'b': 2}]} | jsonpath_query('a[*].b')", "[1, 2]"),
		asFilter("regex_match", "pattern, ignorecase=false", "Returns whether a text begins with a match of a regular expression.", "'web-01' | regex_match('web')", "true"),
		asFilter("regex_replace", "pattern, replacement, ignorecase=false", "Replaces all matches of a regular expression; \\\\1 stands for its first group.", `'web-01' | regex_replace('(\\w+)-(\\d+)', '\\2.\\1')`, `"01.web"`),
		asFilter("regex_search", "pattern, ignorecase=false", "Returns whether a text has a match of a regular expression anywhere.", "'web-01' | regex_search('\\\\d+$')", "true"),
		asFilter("regex_substring", "pattern, result_index=0, ignorecase=false", "Returns one of the matches of a regular expression; a negative index counts from the last.", "'web-01 web-02' | regex_substring('\\\\d+', -1)", `"02"`),
		asFilter("secret", "", "Returns a secret that a store outside of the datastore keeps, as in 'vault:team/db#password' | secret.", "", ""),
		asFilter("to_complex", "", "Writes a value as JSON, so that a parameter that is an array or an object keeps its type.", "[1, 'a'] | to_complex", `"[1, \"a\"]"`),
		asFilter("to_human_time_from_seconds", "", "Writes a number of seconds for people.", "3785 | to_human_time_from_seconds", `"1h3m5s"`),
		asFilter("to_json_string", "indent=none, sort_keys=false, separators=(',', ': ')", "Writes a value as JSON, with an indent on several lines.", "{'b': 1, 'a': [2, 3]} | to_json_string(sort_keys=true)", `"{\"a\": [2,3],\"b\": 1}"`),
		asFilter("to_yaml_string", "indent=none, allow_unicode=true", "Writes a value as YAML.", "{'a': [1, 2]} | to_yaml_string", `"a:\n- 1\n- 2\n"`),
		asFilter("use_none", "", "Lets none come through a template as null, where it would be a text.", "'x' | use_none", `"x"`),
		asFilter("version_bump_major", "", "Raises the first number of a semantic version.", "'1.2.3' | version_bump_major", `"2.0.0"`),
		asFilter("version_bump_minor", "", "Raises the second number of a semantic version.", "'1.2.3' | version_bump_minor", `"1.3.0"`),
		asFilter("version_bump_patch", "", "Raises the third number of a semantic version.", "'1.2.3' | version_bump_patch", `"1.2.4"`),
		asFilter("version_compare", "pattern", "Returns -1, 0 or 1 as a version is before, equal to or after another.", "'1.2.3' | version_compare('1.10.0')", "-1"),
		asFilter("version_equal", "pattern", "Returns whether two versions are equal.", "'1.2.3' | version_equal('1.2.3')", "true"),
		asFilter("version_less_than", "pattern", "Returns whether a version is before another.", "'1.2.3' | version_less_than('1.10.0')", "true"),
		asFilter("version_match", "pattern", "Returns whether a version meets a condition, such as >=1.2.0.", "'1.2.3' | version_match('>=1.2.0')", "true"),
		asFilter("version_more_than", "pattern", "Returns whether a version is after another.", "'1.2.3' | version_more_than('1.10.0')", "false"),
		asFilter("version_strip_patch", "", "Returns the first two numbers of a semantic version.", "'1.2.3' | version_strip_patch", `"1.2"`),
	}
}

// testEntries describes the tests.
func testEntries() []Entry {
	is := func(name, arg, doc, example, result string) Entry {
		signature := "value is " + name
		if arg != "" {
			signature += "(" + arg + ")"
		}
		return Entry{Name: name, Signature: signature, Doc: doc, Example: example, Result: result}
	}
	// Tests that are signs can be named where a test is an argument.
	compare := func(sign, doc, example, result string, names ...string) []Entry {
		entries := []Entry{{Name: sign, Signature: "select('" + sign + "', other)", Doc: doc, Example: example, Result: result}}
		for _, name := range names {
			entries = append(entries, is(name, "other", "Is the same as "+sign+".", "2 is "+name+"(2)", map[string]string{
				"==": "true", "!=": "false", "<": "false", "<=": "true", ">": "false", ">=": "true",
			}[sign]))
		}
		return entries
	}
	return slices.Concat([]Entry{
		is("boolean", "", "Is it true or false?", "true is boolean", "true"),
		is("callable", "", "Can it be called?", "range is callable", "true"),
		is("defined", "", "Is there such a name or attribute?", "missing is defined", "false"),
		is("divisibleby", "num", "Can it be divided by the number without a rest?", "10 is divisibleby(5)", "true"),
		is("escaped", "", "Is it a safe text?", "'<b>' | escape is escaped", "true"),
		is("even", "", "Is it an even number?", "2 is even", "true"),
		is("false", "", "Is it false itself, not just something that counts as false?", "0 is false", "false"),
		is("filter", "", "Is there a filter of that name?", "'regex_match' is filter", "true"),
		is("float", "", "Is it a floating-point number?", "1.0 is float", "true"),
		is("in", "seq", "Is it in a sequence, a dict or a text?", "2 is in([1, 2])", "true"),
		is("integer", "", "Is it an integer?", "1 is integer", "true"),
		is("iterable", "", "Does it have items?", "[1] is iterable", "true"),
		is("lower", "", "Are all its letters small?", "'web' is lower", "true"),
		is("mapping", "", "Is it a dict?", "{'a': 1} is mapping", "true"),
		is("none", "", "Is it none?", "none is none", "true"),
		is("number", "", "Is it a number? True and false are, too.", "1.5 is number", "true"),
		is("odd", "", "Is it an odd number?", "2 is odd", "false"),
		is("sameas", "other", "Is it the very same thing, not just equal?", "[1] is sameas([1])", "false"),
		is("sequence", "", "Is it a list, a tuple, a text or a dict?", "'abc' is sequence", "true"),
		is("string", "", "Is it a text?", "1 is string", "false"),
		is("test", "", "Is there a test of that name?", "'odd' is test", "true"),
		is("true", "", "Is it true itself, not just something that counts as true?", "1 is true", "false"),
		is("undefined", "", "Is there no such name or attribute?", "missing is undefined", "true"),
		is("upper", "", "Are all its letters capitals?", "'web' is upper", "false"),
	},
		compare("==", "Are they equal?", "[1, 2, 1.0] | select('==', 1)", "[1, 1.0]", "eq", "equalto"),
		compare("!=", "Are they not equal?", "[1, 2, 3] | select('!=', 2)", "[1, 3]", "ne"),
		compare("<", "Is it smaller?", "[1, 2, 3] | select('<', 2)", "[1]", "lt", "lessthan"),
		compare("<=", "Is it smaller or equal?", "[1, 2, 3] | select('<=', 2)", "[1, 2]", "le"),
		compare(">", "Is it larger?", "[1, 2, 3] | select('>', 2)", "[3]", "gt", "greaterthan"),
		compare(">=", "Is it larger or equal?", "[1, 2, 3] | select('>=', 2)", "[2, 3]", "ge"),
	)
}

// globalEntries describes the functions that all templates have.
func globalEntries() []Entry {
	return []Entry{
		{Name: "cycler", Signature: "cycler(*items)", Doc: "Returns an object whose next() gives its items in turn; current is the next one, and reset() begins anew.", Example: "cycler('a', 'b').next()", Result: `"a"`},
		{Name: "dict", Signature: "dict(**items)", Doc: "Makes a dict, also of another one or of pairs.", Example: "dict(a=1, b=2)", Result: `{"a": 1, "b": 2}`},
		{Name: "joiner", Signature: "joiner(sep=', ')", Doc: "Returns a function that gives nothing the first time and the separator from then on.", Example: "joiner('-')()", Result: `""`},
		{Name: "lipsum", Signature: "lipsum(n=5, html=true, min=20, max=100)", Doc: "Makes so many paragraphs that mean nothing, of at least min and less than max words.", Example: "lipsum(n=1, html=false, min=3, max=4) | wordcount", Result: "3"},
		{Name: "namespace", Signature: "namespace(**attributes)", Doc: "Makes an object whose attributes {% set ns.x = … %} can set inside of a loop.", Example: "namespace(found=false).found", Result: "false"},
		{Name: "range", Signature: "range(start=0, stop, step=1)", Doc: "Counts from start to before stop; it can have 100,000 items.", Example: "range(1, 10, 3) | list", Result: "[1, 4, 7]"},
	}
}
