package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// evalFlags are the flags of eval.
type evalFlags struct {
	language, context string
	only              bool
}

// eval is the command for people who write packs. It asks no server.
func (a *app) eval() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval [expression]",
		Short: "Evaluate an expression or a template, without a server",
		Long: `Evaluate an expression of YAQL or Jinja, or a text with <% %> or {{ }} in it, and print the value and
its type, or what is wrong and where.

The language is seen from the delimiters. An expression without any is read as Jinja if it is Jinja,
and else as YAQL. The context is a file of JSON or YAML; its names are the variables of Jinja, and ctx()
in both languages. Keys of the datastore are what stands under st2kv in it: st2kv.system.NAME.

Without an expression, expressions are asked for on a terminal, with a history, or else read from stdin,
one a line.`,
		Example: `  nightshift eval "{{ [3, 1, 2] | sort | join('-') }}"
  nightshift eval -c event.json "trigger.body.alerts[0].labels.instance | default('x')"
  nightshift eval -c context.yaml "<% ctx().items.where($.status = 'down').select($.name) %>"
  nightshift execution get ID -j | nightshift eval -c - -l yaql "ctx(result).stdout" --value
  nightshift eval                           ask for expressions`,
		Args: args(0, 1),
		RunE: func(cmd *cobra.Command, words []string) error {
			ev, err := a.evaluation(&f, len(words) > 0)
			switch {
			case errors.Is(err, errContextOnStdin):
				return &usageError{cmd, err}
			case err != nil:
				return err
			case len(words) > 0:
				return ev.show(cmd.Context(), words[0])
			case a.InTerminal && a.Raw != nil:
				return ev.converse(cmd.Context())
			}
			return ev.lines(cmd.Context())
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.language, "language", "l", "", "yaql or jinja; otherwise it is guessed")
	fl.StringVarP(&f.context, "context", "c", "", "file of JSON or YAML with the context; - is stdin")
	fl.BoolVar(&f.only, "value", false, "print the value only, not its type")
	_ = cmd.RegisterFlagCompletionFunc("language", cobra.FixedCompletions( // the flag is there
		[]string{expr.Jinja, expr.Yaql}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var errContextOnStdin = errors.New("the context on stdin leaves no place for expressions: give one")

// evaluation evaluates expressions over one context.
type evaluation struct {
	*app
	evaluator *evaluator
	language  string // or ""
	only      bool   // the value, not its type
}

func (a *app) evaluation(f *evalFlags, given bool) (*evaluation, error) {
	switch f.language {
	case "", expr.Jinja, expr.Yaql:
	default:
		return nil, fault.Newf(fault.Invalid, "there is no language %s; it is yaql or jinja", f.language)
	}
	data := value.NewDict()
	if f.context != "" {
		if f.context == "-" && !given {
			return nil, errContextOnStdin
		}
		var err error
		if data, err = a.readObject(f.context); err != nil {
			return nil, err
		}
	}
	return &evaluation{app: a, evaluator: newEvaluator(data), language: f.language, only: f.only}, nil
}

// show evaluates a text and prints the outcome.
func (e *evaluation) show(ctx context.Context, text string) error {
	v, guessed, err := e.evaluator.evaluate(ctx, e.language, text)
	if err != nil {
		if errors.Is(err, context.Canceled) || ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fault.Newf(fault.Invalid, "%s", detail(err))
	}
	if e.machine() {
		return e.encode(v)
	}
	shown, err := pretty(v)
	if err != nil {
		return fault.Newf(fault.Invalid, "the value cannot be shown: %v", err)
	}
	if e.OutTerminal {
		shown = clean(shown)
	}
	if err := e.print(shown); err != nil || e.only {
		return err
	}
	about := "type: " + typeName(v)
	if guessed == expr.Yaql {
		about += ", read as YAQL"
	}
	return e.print(e.paint(faint, about))
}

// pretty is a value as people read it: text as it is, lists and dicts as JSON with
// the keys in their order, and all else as Python prints it.
func pretty(v value.Value) (string, error) {
	switch v.(type) {
	case nil, bool:
		return compact(v), nil
	case *value.List, *value.Dict, value.Tuple:
		two := "  "
		b, err := value.AppendJSONOptions(nil, v, value.JSONOptions{Indent: &two, Item: ",", Key: ": "})
		if err == nil {
			return string(b), nil
		}
		return value.Repr(v), nil // a set in a list is no JSON
	}
	return value.ToStr(v)
}

// typeName is the type of a value in Python, with its name in JSON if that is
// another one.
func typeName(v value.Value) string {
	name := value.TypeName(v)
	var inJSON string
	switch name {
	case "str":
		inJSON = "string"
	case "int":
		inJSON = "integer"
	case "float":
		inJSON = "number"
	case "bool":
		inJSON = "boolean"
	case "NoneType":
		inJSON = "null"
	case "list", "tuple":
		inJSON = "array"
	case "dict":
		inJSON = "object"
	default:
		return name
	}
	return name + " (" + inJSON + ")"
}

// detail is an error with the line and a caret under the place, if it is known.
func detail(err error) string {
	var d interface{ Detail() string }
	if errors.As(err, &d) {
		return strings.TrimSpace(d.Detail())
	}
	return err.Error()
}
