package jinja_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/st2fn"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func TestConformanceJinja(t *testing.T) {
	conformance.Run(t, "jinja", "testdata/known_jinja.txt", checkTemplate)
}

func TestConformanceJinjaPacks(t *testing.T) {
	conformance.Run(t, "jinja_packs", "testdata/known_jinja_packs.txt", checkTemplate)
}

// sources is a loader of a map.
type sources map[string]string

func (s sources) Load(_ context.Context, name string) (string, bool, error) {
	src, ok := s[name]
	return src, ok, nil
}

func environment(c conformance.Case) (*jinja.Env, string, error) {
	env, err := c.Dict("env")
	if err != nil {
		return nil, "", err
	}
	text := func(key string) string {
		v, _ := env.Get(key)
		s, _ := v.(string)
		return s
	}
	is := func(key string) bool {
		v, _ := env.Get(key)
		return value.Truth(v)
	}
	class := text("class")
	o := jinja.Options{
		Plain:            true,
		Autoescape:       is("autoescape"),
		Sandbox:          class == "SandboxedEnvironment",
		ImmutableSandbox: class == "ImmutableSandboxedEnvironment",
		Globals:          map[string]value.Value{},
		Syntax: &jinja.Syntax{
			BlockStart: text("block_start_string"), BlockEnd: text("block_end_string"),
			VariableStart: text("variable_start_string"), VariableEnd: text("variable_end_string"),
			CommentStart: text("comment_start_string"), CommentEnd: text("comment_end_string"),
			LineStatementPrefix: text("line_statement_prefix"), LineCommentPrefix: text("line_comment_prefix"),
			TrimBlocks: is("trim_blocks"), LstripBlocks: is("lstrip_blocks"),
			KeepTrailingNewline: is("keep_trailing_newline"), Newline: text("newline_sequence"),
		},
		Undefined: map[string]jinja.UndefinedKind{
			"": jinja.Lenient, "StrictUndefined": jinja.Strict, "ChainableUndefined": jinja.Chainable, "DebugUndefined": jinja.Debug,
		}[text("undefined")],
	}
	if exts, ok := env.Get("extensions"); ok {
		o.Do = strings.Contains(value.Repr(exts), ".do'")
		o.LoopControls = strings.Contains(value.Repr(exts), "LoopControl") || strings.Contains(value.Repr(exts), "loopcontrols")
	}
	globals, err := c.Dict("globals")
	if err != nil {
		return nil, "", err
	}
	maps.Insert(o.Globals, globals.Texts())
	templates, err := c.Dict("templates")
	if err != nil {
		return nil, "", err
	}
	loader := sources{}
	for k, v := range templates.Texts() {
		loader[k] = value.Str(v)
	}
	o.Loader = loader
	return jinja.New(o), class, nil
}

func checkTemplate(c conformance.Case) error {
	env, class, err := environment(c)
	if err != nil {
		return err
	}
	vars, err := c.Dict("context")
	if err != nil {
		return err
	}
	got, err := render(c, env, class, vars)
	if wantClass, msg, fails := c.WantError(); fails {
		return compareError(c, wantClass, msg, got, err)
	}
	if err != nil {
		if e, ok := errors.AsType[*jinja.Error](err); ok {
			return fmt.Errorf("%s", e.Detail())
		}
		return err
	}
	return c.CompareResult(got)
}

func render(c conformance.Case, env *jinja.Env, class string, vars *value.Dict) (value.Value, error) {
	ctx := context.Background()
	if c.Kind == "expression" {
		x, err := env.Expr(c.Text("source"))
		if err != nil {
			return nil, err
		}
		return x.Eval(ctx, vars)
	}
	src := c.Text("source")
	if name := c.Text("template"); name != "" {
		src = fmt.Sprintf("{%% extends %q %%}", name)
		if s, err := c.Dict("templates"); err == nil {
			v, _ := s.Get(name)
			src = value.Str(v)
		}
	}
	t, err := env.Parse(src)
	if err != nil {
		return nil, err
	}
	if class == "NativeEnvironment" {
		return t.Native(ctx, vars)
	}
	return t.Render(ctx, vars)
}

// compareError compares the class of an error where it is Jinja's own, and the
// line of a syntax error.
func compareError(c conformance.Case, class, msg string, got value.Value, err error) error {
	if err == nil {
		return fmt.Errorf("got %s, want %s: %s", value.Repr(got), class, msg)
	}
	var e *jinja.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("the error is no *jinja.Error: %w", err)
	}
	if e.Class != class {
		return fmt.Errorf("got %s, want %s: %s", e.Detail(), class, msg)
	}
	if c.Has("lineno") {
		if line, _ := c.Value("lineno"); line != int64(e.Line) {
			return fmt.Errorf("got %s, want it at line %v: %s", e.Detail(), line, msg)
		}
	}
	return nil
}

func TestConformanceJinjaST2(t *testing.T) {
	conformance.Run(t, "jinja_st2", "testdata/known_jinja_st2.txt", checkST2)
}

func checkST2(c conformance.Case) error {
	got, err := askST2(c)
	if class, msg, fails := c.WantError(); fails {
		if err == nil {
			return fmt.Errorf("got %s, want %s: %s", value.Repr(got), class, msg)
		}
		return nil
	}
	if err != nil {
		return err
	}
	return c.CompareResult(got)
}

func askST2(c conformance.Case) (value.Value, error) {
	ctx := context.Background()
	args, err := c.Dict("args")
	if err != nil {
		return nil, err
	}
	arg := func(name string) value.Value { v, _ := args.Get(name); return v }
	dict := func(name string) *value.Dict { d, _ := arg(name).(*value.Dict); return d }
	o := jinja.Options{}
	if value.Truth(arg("allow_undefined")) {
		o.Undefined = jinja.Lenient
	}
	env := jinja.New(o)
	switch c.Kind {
	case "render":
		vars, err := c.Dict("context")
		if err != nil {
			return nil, err
		}
		return env.Render(ctx, c.Text("template"), vars)
	case "render_values":
		return env.RenderValues(ctx, dict("mapping"), dict("context"))
	case "is_jinja_expression":
		return jinja.IsExpression(arg("value")), nil
	case "to_human_time_from_seconds":
		return st2fn.HumanTime(arg("seconds"))
	case "render_template_with_system_and_user_context":
		store, err := datastore(c)
		if err != nil {
			return nil, err
		}
		scopes := value.NewDict()
		user, _ := arg("user").(string)
		scopes.Set("system", &lookup{store: store, prefix: "st2kv.system/"})
		scopes.Set("user", &lookup{store: store, prefix: "st2kv.user/" + user + ":"})
		return env.Render(ctx, value.Str(arg("value")), jinja.Map{"st2kv": scopes})
	}
	return nil, conformance.ErrSkip
}

// datastore returns the pairs of a case by scope and name.
func datastore(c conformance.Case) (map[string]string, error) {
	v, err := c.Value("datastore")
	if err != nil {
		return nil, err
	}
	store := map[string]string{}
	pairs, _ := v.(*value.List)
	for _, p := range pairs.Items {
		d, _ := p.(*value.Dict)
		scope, _ := d.Get("scope")
		name, _ := d.Get("name")
		val, _ := d.Get("value")
		store[value.Str(scope)+"/"+value.Str(name)] = value.Str(val)
	}
	return store, nil
}

// lookup is st2kv.system or st2kv.user, or a key of it that may be longer still.
type lookup struct {
	store       map[string]string
	prefix, key string
}

func (*lookup) TypeName() string { return "KeyValueLookup" }

func (l *lookup) GetAttr(_ context.Context, name string) (value.Value, bool, error) {
	key := name
	if l.key != "" {
		key = l.key + "." + name
	}
	return &lookup{l.store, l.prefix, key}, true, nil
}

func (l *lookup) Force(context.Context) (value.Value, error) { return l.store[l.prefix+l.key], nil }
