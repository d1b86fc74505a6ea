package yaql

import (
	"cmp"
	"slices"
	"strings"
)

// Entry describes a function or an operator for the reference page.
type Entry struct {
	Module    string
	Name      string
	Signature string
	Doc       string // one sentence
	Example   string // may be empty
	Result    string // of the example, in JSON
}

// Reference returns the functions that the engine has, by module and name, and
// before them the operators. What its caller added is in the module more.
func (e *Engine) Reference() []Entry {
	all := operatorEntries()
	var functions []Entry
	for _, o := range e.library.all {
		if strings.HasPrefix(o.name, "#") {
			continue
		}
		functions = append(functions, Entry{o.module, o.name, o.signature, o.doc, o.example, o.result})
	}
	slices.SortStableFunc(functions, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Name, b.Name))
	})
	return append(all, functions...)
}

func operatorEntries() []Entry {
	var all []Entry
	add := func(name, signature, doc, example, result string) {
		all = append(all, Entry{"operators", name, signature, doc, example, result})
	}
	add("$", "$, $name, $1", "Is a variable: $ is the data, or the item in the expression that a function applies to items; what is not set is null.", "[1, 2].select($ + 1)", "[2, 3]")
	add(".", "left.name", "Returns the entry of a dict, the entries of all dicts in a sequence, or a part of a moment or a span of time.", "[{a => 1}, {a => 2}].a", "[1, 2]")
	add(".", "left.method(…)", "Calls a method.", "abc.len()", "3")
	add("?.", "left?.name, left?.method(…)", "Is the same, but null if the left side is null.", "null?.len()", "null")
	add("[]", "left[index]", "Returns an item of a list, from the end if the index is negative.", "[a, b][-1]", `"b"`)
	add("[]", "left[key], left[key, default]", "Returns the value at a key of a dict, or the default if it is not there.", "{a => 1}[b, 2]", "2")
	add("[…]", "[item, …]", "Makes a list.", "[1, a]", `[1, "a"]`)
	add("{…}", "{key => value, …}", "Makes a dict.", "{a => 1}", `{"a": 1}`)
	add("+", "+right", "Returns a number or a span of time as it is.", "+2", "2")
	add("-", "-right", "Returns a number or a span of time with the other sign.", "-(2)", "-2")
	add("=~", "left =~ pattern", "Returns whether a pattern is found in a text.", `abc =~ "b."`, "true")
	add("!~", "left !~ pattern", "Returns whether a pattern is not found in a text.", `abc !~ "b."`, "false")
	add("*", "left * right", "Multiplies numbers, and repeats texts and lists.", "ab * 2", `"abab"`)
	add("/", "left / right", "Divides; of two integers the result is rounded down.", "7 / 2", "3")
	add("mod", "left mod right", "Returns what is left over by a division.", "7 mod 2", "1")
	add("+", "left + right", "Adds numbers, and joins texts, sequences and dicts, and moments and spans of time.", "[1] + [2]", "[1, 2]")
	add("-", "left - right", "Subtracts numbers, sets, moments and spans of time.", "3 - 1.5", "1.5")
	add(">", "left > right", "Returns whether the left side is larger; null is less than anything else.", "2 > null", "true")
	add(">=", "left >= right", "Returns whether the left side is larger or the same.", "2 >= 2", "true")
	add("<", "left < right", "Returns whether the left side is smaller.", "a < b", "true")
	add("<=", "left <= right", "Returns whether the left side is smaller or the same.", "set(1) <= set(1, 2)", "true")
	add("=", "left = right", "Returns whether both sides are equal.", "1 = 1.0", "true")
	add("!=", "left != right", "Returns whether the sides are not equal.", "1 != 1.0", "false")
	add("in", "left in right", "Returns whether a value is in a sequence, or a text in a text.", "b in abc", "true")
	add("not", "not right", "Returns whether a value counts as false.", "not []", "true")
	add("and", "left and right", "Returns the left side if it counts as false, and the right side if not.", "1 and 2", "2")
	add("or", "left or right", "Returns the left side if it counts as true, and the right side if not.", "0 or 2", "2")
	add("->", "context -> expression", "Evaluates an expression with what let, with, def or unpack define.", "let(a => 1) -> $a + 1", "2")
	for _, p := range []struct{ name, of, doc, example, result string }{
		{"year", "moment", "Is the year of a moment.", "datetime(2015, 8, 29).year", "2015"},
		{"month", "moment", "Is the month, from 1.", "datetime(2015, 8, 29).month", "8"},
		{"day", "moment", "Is the day of the month, from 1.", "datetime(2015, 8, 29).day", "29"},
		{"hour", "moment", "Is the hour.", "datetime(2015, 8, 29, 10).hour", "10"},
		{"minute", "moment", "Is the minute.", "datetime(2015, 8, 29, 10, 5).minute", "5"},
		{"second", "moment", "Is the second.", "datetime(2015, 8, 29, 10, 5, 1).second", "1"},
		{"microsecond", "moment", "Is the microsecond.", "datetime(2015, 8, 29).microsecond", "0"},
		{"weekday", "moment", "Is the day of the week; Monday is 0.", "datetime(2015, 8, 29).weekday", "5"},
		{"date", "moment", "Is the moment at which the day began.", "datetime(2015, 8, 29, 10).date.hour", "0"},
		{"time", "moment", "Is the span of time since the day began.", "datetime(2015, 8, 29, 10).time.hours", "10.0"},
		{"utc", "moment", "Is the moment with the clock of UTC.", "datetime(2015, 8, 29).utc.day", "29"},
		{"offset", "moment", "Is the offset from UTC.", "datetime(2015, 8, 29).offset.hours", "0.0"},
		{"timestamp", "moment", "Is the number of seconds since 1970.", "datetime(1970, 1, 2).timestamp", "86400.0"},
		{"days", "span", "Is a span of time in days.", "timespan(hours => 36).days", "1.5"},
		{"hours", "span", "Is a span of time in hours.", "timespan(days => 1).hours", "24.0"},
		{"minutes", "span", "Is a span of time in minutes.", "timespan(hours => 1).minutes", "60.0"},
		{"seconds", "span", "Is a span of time in seconds.", "timespan(minutes => 1).seconds", "60.0"},
		{"milliseconds", "span", "Is a span of time in milliseconds.", "timespan(seconds => 1).milliseconds", "1000.0"},
		{"microseconds", "span", "Is a span of time in microseconds, an integer.", "timespan(seconds => 1).microseconds", "1000000"},
	} {
		add(p.name, p.of+"."+p.name, p.doc, p.example, p.result)
	}
	return all
}
