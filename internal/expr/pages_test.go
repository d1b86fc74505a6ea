package expr_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

var update = flag.Bool("update", false, "write docs/yaql.md and docs/jinja.md anew")

// documented is what the pages describe, with a datastore and a task for the
// examples.
func documented() *expr.Evaluator {
	return expr.New(expr.Options{
		Datastore: func(_ context.Context, k expr.Key) (value.Value, bool, error) {
			return "prod", k == expr.Key{System: true, Name: "env", User: "ops"}, nil
		},
		Secret: func(context.Context, string) (string, error) { return "hush", nil },
		Task: func(_ context.Context, workflow, task string, _ int64) (value.Value, bool, error) {
			v, err := value.FromJSON([]byte(`{"task_id": "check", "result": {"stdout": "ok"}, "status": "succeeded"}`))
			return v, workflow == "65f1" && task == "check", err
		},
	})
}

// TestReferenceExamples holds the promise of the reference pages that each example
// gives what it says, in a workflow, too.
func TestReferenceExamples(t *testing.T) {
	e := documented()
	data, err := expr.ReferenceContext()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range e.Reference() {
		if !strings.HasSuffix(x.Doc, ".") || !strings.Contains(x.Example, x.Name) {
			t.Errorf("%s has no sentence or no example: %+v", x.Name, x)
			continue
		}
		v, err := e.Evaluate(t.Context(), "<% "+x.Example+" %>", data)
		if err != nil {
			t.Errorf("%s: %v", x.Example, err)
			continue
		}
		got, err := value.AppendJSONOptions(nil, v, value.JSONOptions{Item: ", ", Key: ": "})
		if err != nil || string(got) != x.Result {
			t.Errorf("%s: got %s, %v, want %s", x.Example, got, err, x.Result)
		}
	}
}

// TestReferencePages holds docs/yaql.md and docs/jinja.md to what the functions say
// of themselves. "go test ./internal/expr -run Pages -update" writes them anew.
func TestReferencePages(t *testing.T) {
	env := jinja.New(jinja.Options{Filters: map[string]jinja.Filter{"decrypt_kv": nil, "secret": nil}})
	for path, page := range map[string]string{
		"../../docs/yaql.md":  yaqlPage(documented(), yaql.New(yaql.Options{})),
		"../../docs/jinja.md": jinjaPage(documented(), env),
	} {
		if *update {
			if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(old), page); diff != "" {
			t.Errorf("%s is not up to date: go test ./internal/expr -run Pages -update\n%s", path, diff)
		}
	}
}

const made = "<!-- made from the functions: go test ./internal/expr -run Pages -update -->\n\n"

// described is what a page has of one function.
type described struct{ name, signature, doc, example, result string }

// section writes functions under their names. Those that are several have one
// name.
func section(b *strings.Builder, title, intro string, all []described) {
	fmt.Fprintf(b, "## %s\n\n", title)
	if intro != "" {
		b.WriteString(intro + "\n\n")
	}
	last := ""
	for _, x := range all {
		if x.name != last {
			fmt.Fprintf(b, "### %s\n\n", code(x.name))
		}
		last = x.name
		fmt.Fprintf(b, "%s\n\n%s\n\n", code(x.signature), x.doc)
		if x.example != "" {
			fmt.Fprintf(b, "```\n%s\n→ %s\n```\n\n", x.example, x.result)
		}
	}
}

func code(s string) string { return "`" + s + "`" }

func yaqlPage(e *expr.Evaluator, engine *yaql.Engine) string {
	var b strings.Builder
	b.WriteString(`# YAQL

` + made + `Every function and operator of YAQL, as workflows have it. [Expressions](expressions.md) says where expressions stand
and what they see. ` + "`nightshift eval -l yaql`" + ` tries them out; each example here runs as a test.

An expression stands between ` + "`<%`" + ` and ` + "`%>`" + `. Texts are in single or double quotes, or are a word alone (` + "`abc`" + `). A method is called
on what stands before the dot; ` + "`$`" + ` is the item where a function takes an expression for items. Arguments are given by position or by name,
` + "`name => value`" + `. In a signature ` + "`[x]`" + ` need not be given, ` + "`x => 1`" + ` says what it is then, and ` + "`x…`" + ` may be given several times.

`)
	all := engine.Reference()
	titles := []string{"operators"}
	for _, x := range all {
		if !slices.Contains(titles, x.Module) {
			titles = append(titles, x.Module)
		}
	}
	var operators []described
	for _, x := range all {
		if x.Module == "operators" {
			operators = append(operators, described{x.Name, x.Signature, x.Doc, x.Example, x.Result})
		}
	}
	section(&b, "Operators and properties", "Those with the strongest binding come first.", operators)
	section(&b, "Functions of workflows", workflowIntro, workflowEntries(e, func(expr.Entry) bool { return true }))
	for _, title := range titles[1:] {
		var entries []described
		for _, x := range all {
			if x.Module == title {
				entries = append(entries, described{x.Name, x.Signature, x.Doc, x.Example, x.Result})
			}
		}
		section(&b, strings.ToUpper(title[:1])+title[1:], "", entries)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

const workflowIntro = "What Orquesta and StackStorm add. The examples are those of a workflow with the variable `host`, `web-01`, whose task `check`\n" +
	"has just succeeded; the key `env` of the system is `prod`."

func workflowEntries(e *expr.Evaluator, want func(expr.Entry) bool) []described {
	var all []described
	for _, x := range e.Reference() {
		if want(x) {
			all = append(all, described{x.Name, x.Signature, x.Doc, x.Example, x.Result})
		}
	}
	return all
}

func jinjaPage(e *expr.Evaluator, env *jinja.Env) string {
	var b strings.Builder
	b.WriteString(`# Jinja

` + made + `Every filter, test and function of Jinja, as rules, parameters and workflows have it. [Expressions](expressions.md) says where templates
stand and what they see. ` + "`nightshift eval`" + ` tries them out; each example here runs as a test.

An expression stands between ` + "`{{`" + ` and ` + "`}}`" + `, a statement between ` + "`{%`" + ` and ` + "`%}`" + `, and a comment between ` + "`{#`" + ` and ` + "`#}`" + `. The statements are
` + "`for`, `if`, `set`, `macro`, `call`, `filter`, `with`, `raw`, `autoescape` and `block`" + `. Templates are in a sandbox: names that begin with ` + "`_`" + ` cannot be reached.
A filter is put behind a value, ` + "`value | filter(arguments)`" + `, and a test behind ` + "`is`" + ` or ` + "`is not`" + `.
Arguments are given by position or by name, ` + "`name=value`" + `.

`)
	for _, s := range []struct{ kind, title, intro string }{
		{jinja.KindFilter, "Filters", "Where a filter gives items one by one, the example shows them as a list."},
		{jinja.KindStackStorm, "Filters of StackStorm", "In workflows these are functions, too: `regex_match(value, pattern)`. There `to_complex` and `decrypt_kv` are missing; `st2kv(name, decrypt=true)` decrypts."},
		{jinja.KindTest, "Tests", "Signs are operators between two values; as tests they are for `select` and its kin."},
		{jinja.KindGlobal, "Functions", ""},
	} {
		var entries []described
		for _, x := range env.Reference() {
			if x.Kind == s.kind {
				entries = append(entries, described{x.Name, x.Signature, x.Doc, x.Example, x.Result})
			}
		}
		section(&b, s.title, s.intro, entries)
	}
	b.WriteString("## Functions of workflows\n\nIn workflows there are also the functions of Orquesta:\n")
	for _, x := range workflowEntries(e, func(x expr.Entry) bool { return x.State || x.Name == "zip" || x.Name == "json" }) {
		fmt.Fprintf(&b, "%s, ", code(x.name+"()"))
	}
	return strings.TrimSuffix(b.String(), ", ") + ".\n[YAQL](yaql.md#functions-of-workflows) has the same ones and describes them; here arguments are named as in Python, `task_status(task_id='check')`.\n"
}
