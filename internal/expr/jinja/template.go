package jinja

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Template is a parsed template.
type Template struct {
	source
	env    *Env
	body   []stmt
	blocks map[string]*blockStmt

	mutates bool // it may change a list, dict or set
}

// TypeName implements [value.Object], so that templates can be variables.
func (*Template) TypeName() string { return "Template" }

// Render renders the template with variables, which may be nil. The error is an
// [*Error].
func (t *Template) Render(ctx context.Context, vars Vars) (text string, err error) {
	defer guard(&err)
	if len(t.body) == 0 {
		return "", nil
	}
	if d, ok := t.body[0].(*dataStmt); ok && len(t.body) == 1 && len(d.text) <= t.env.limits.Output {
		return d.text, nil
	}
	f := t.env.start(ctx, t, vars)
	if err := f.render(t.body); err != nil {
		return "", f.fail(0, err)
	}
	return string(f.rt.out.buf), nil
}

// Native renders the template to a value, as Jinja's NativeEnvironment does: a
// template that is one expression gives its value, and text is read as a literal
// of Python if it is one.
func (t *Template) Native(ctx context.Context, vars Vars) (v value.Value, err error) {
	defer guard(&err)
	f := t.env.start(ctx, t, vars)
	f.rt.out.native = true
	if err := f.render(t.body); err != nil {
		return nil, f.fail(0, err)
	}
	v, err = nativeConcat(f.rt.out.vals)
	if err == nil {
		v, err = f.force(v)
	}
	if err != nil {
		return nil, f.fail(0, err)
	}
	return v, nil
}

// Expression is a parsed expression.
type Expression struct {
	t    Template
	root expr
}

// Eval returns the value of the expression. What is undefined is None; [EvalRaw]
// tells the two apart. The error is an [*Error].
func (x *Expression) Eval(ctx context.Context, vars Vars) (value.Value, error) {
	v, err := x.EvalRaw(ctx, vars)
	if _, ok := v.(*Undefined); ok {
		return nil, err
	}
	return v, err
}

// EvalRaw is [Expression.Eval], but the value of what is undefined is an
// [*Undefined], whose Raise says whether using it would be an error.
func (x *Expression) EvalRaw(ctx context.Context, vars Vars) (v value.Value, err error) {
	defer guard(&err)
	f := x.t.env.start(ctx, &x.t, vars)
	if v, err = f.operand(x.root); err != nil {
		return nil, f.fail(x.root.at(), err)
	}
	return v, nil
}

// isDefault reports whether the delimiters are those of Jinja.
func (s *Syntax) isDefault() bool {
	return s.BlockStart == "{%" && s.VariableStart == "{{" && s.CommentStart == "{#" &&
		s.LineStatementPrefix == "" && s.LineCommentPrefix == "" && s.Newline == "\n"
}
