package jinja

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Loader finds templates that others extend, include or import.
type Loader interface {
	// Load returns the source of a template, and whether there is one.
	Load(ctx context.Context, name string) (source string, ok bool, err error)
}

// load returns a template by its name.
func (f *frame) load(name value.Value) (*Template, error) {
	switch n := name.(type) {
	case *Template:
		return n, nil
	case *Undefined:
		return nil, n.err()
	}
	text, ok := name.(string)
	if !ok {
		return nil, value.TypeError.Errorf("a template's name has to be text, not %s", value.TypeName(name))
	}
	if err := f.rt.spend(100); err != nil {
		return nil, err
	}
	return f.rt.env.load(f.rt.ctx, text)
}

// render runs the body of a template, and then that of the template it extends.
func (f *frame) render(body []stmt) error {
	mute, depth := f.rt.out.mute, f.rt.depth
	defer func() { f.rt.depth = depth }()
	if _, err := f.run(body); err != nil {
		return err
	}
	for f.parent != nil {
		if err := f.rt.deeper(); err != nil {
			return err
		}
		f.rt.out.mute = mute
		f.tmpl, f.parent = f.parent, nil
		if _, err := f.run(f.tmpl.body); err != nil {
			return err
		}
	}
	f.rt.out.mute = mute
	return nil
}

func (s *extendsStmt) exec(f *frame) (signal, error) {
	if f.parent != nil {
		return done, f.fail(s.pos, errorf(RuntimeError, "extended multiple times"))
	}
	v, err := f.operand(s.template)
	if err != nil {
		return done, err
	}
	parent, err := f.load(v)
	if err != nil {
		return done, f.fail(s.pos, err)
	}
	f.parent = parent
	f.addBlocks(parent)
	f.rt.out.mute = true
	return done, nil
}

// addBlocks adds the blocks of a template behind those that replace them.
func (f *frame) addBlocks(t *Template) {
	if len(t.blocks) == 0 {
		return
	}
	if f.blocks == nil {
		f.blocks = map[string][]*boundBlock{}
	}
	for name, b := range t.blocks {
		f.blocks[name] = append(f.blocks[name], &boundBlock{stmt: b, tmpl: t, name: name, at: len(f.blocks[name])})
	}
}

func (s *blockStmt) exec(f *frame) (signal, error) {
	if f.parent != nil && s.topLevel {
		return done, nil
	}
	chain := f.blocks[s.name]
	if len(chain) == 0 {
		return done, nil
	}
	if s.required && chain[0].stmt == s {
		return done, f.fail(s.pos, errorf(RuntimeError, "Required block %s not found", value.Repr(s.name)))
	}
	var around *scope
	if s.scoped {
		around = f.scope
	}
	if err := f.renderBlock(chain[0], around); err != nil {
		return done, f.fail(s.pos, err)
	}
	return done, nil
}

// renderBlock runs a block. It sees what the template set at its top level, and
// what is in the scopes around it if it is a scoped one.
func (f *frame) renderBlock(b *boundBlock, around *scope) error {
	if err := f.rt.deeper(); err != nil {
		return err
	}
	defer func() { f.rt.depth-- }()
	in := *f
	in.tmpl, in.block, in.parent = b.tmpl, b, nil
	if around == nil {
		around = in.root
	}
	in.scope = &scope{parent: around}
	in.scope.set("super", &blockRef{b: b, f: f, up: true})
	_, err := in.run(b.stmt.body)
	return err
}

// blockRef is a block as a function: self.name, or super in a block.
type blockRef struct {
	b  *boundBlock
	f  *frame
	up bool // stands for the block that b replaces
}

// TypeName implements [value.Object].
func (*blockRef) TypeName() string { return "BlockReference" }

// target returns the block that is meant.
func (r *blockRef) target() *boundBlock {
	if !r.up {
		return r.b
	}
	if chain := r.f.blocks[r.b.name]; r.b.at+1 < len(chain) {
		return chain[r.b.at+1]
	}
	return nil
}

func (r *blockRef) missing() *Undefined {
	return r.f.undefinedHint("", "there is no parent block called %s.", value.Repr(r.b.name))
}

// GetAttr implements [value.Getter]: super.super is the block above that.
func (r *blockRef) GetAttr(_ context.Context, name string) (value.Value, bool, error) {
	if name != "super" {
		return nil, false, nil
	}
	b := r.target()
	if b == nil {
		return r.missing(), true, nil
	}
	return &blockRef{b: b, f: r.f, up: true}, true, nil
}

// Call implements [value.Callable].
func (r *blockRef) Call(context.Context, *value.Args) (value.Value, error) {
	b := r.target()
	if b == nil {
		return nil, r.missing().err()
	}
	f := *r.f
	v, err := f.capture(func() error { return f.renderBlock(b, nil) })
	return v, err
}

// selfObject is self: the blocks of the template.
type selfObject struct{ f *frame }

// TypeName implements [value.Object].
func (*selfObject) TypeName() string { return "TemplateReference" }

// GetAttr implements [value.Getter].
func (s *selfObject) GetAttr(_ context.Context, name string) (value.Value, bool, error) {
	chain := s.f.blocks[name]
	if len(chain) == 0 {
		return nil, false, nil
	}
	return &blockRef{b: chain[0], f: s.f}, true, nil
}

// GetItem implements [value.Itemer].
func (s *selfObject) GetItem(ctx context.Context, key value.Value) (value.Value, bool, error) {
	name, ok := key.(string)
	if !ok {
		return nil, false, nil
	}
	return s.GetAttr(ctx, name)
}

// Repr implements [value.Printer].
func (s *selfObject) Repr() string { return "<TemplateReference " + value.Repr(s.f.tmpl.name) + ">" }

// Str implements [value.Printer].
func (s *selfObject) Str() string { return s.Repr() }

// start returns the frame of another template that this one includes or imports.
func (f *frame) start(t *Template, withContext bool) *frame {
	in := &frame{rt: f.rt, tmpl: t, root: &scope{}}
	in.scope = in.root
	if withContext {
		in.vars = layers{f.locals(), f.vars}
	}
	in.addBlocks(t)
	return in
}

func (s *includeStmt) exec(f *frame) (signal, error) {
	v, err := f.operand(s.template)
	if err != nil {
		return done, err
	}
	t, err := f.choose(v)
	if err != nil {
		e := asError(err)
		if s.ignoreMissing && (e.Class == NotFoundError || e.Class == NotFoundAnyError) {
			return done, nil
		}
		return done, f.fail(s.pos, err)
	}
	if err := f.rt.deeper(); err != nil {
		return done, f.fail(s.pos, err)
	}
	defer func() { f.rt.depth-- }()
	return done, f.start(t, s.withContext).render(t.body)
}

// choose loads a template, or the first of several that there is.
func (f *frame) choose(v value.Value) (*Template, error) {
	var names []value.Value
	switch l := v.(type) {
	case *value.List:
		names = l.Items
	case value.Tuple:
		names = l
	default:
		return f.load(v)
	}
	for _, name := range names {
		t, err := f.load(name)
		if err == nil || asError(err).Class != NotFoundError {
			return t, err
		}
	}
	return nil, errorf(NotFoundAnyError, "none of the templates given were found: %s", value.Str(value.NewList(names...)))
}

// module is a template that was imported: its macros and variables.
type module struct {
	name  string
	attrs *value.Dict
	text  value.Value
}

// TypeName implements [value.Object].
func (*module) TypeName() string { return "TemplateModule" }

// GetAttr implements [value.Getter].
func (m *module) GetAttr(_ context.Context, name string) (value.Value, bool, error) {
	v, ok := m.attrs.Get(name)
	return v, ok, nil
}

// Str implements [value.Printer].
func (m *module) Str() string { return value.Str(m.text) }

// Repr implements [value.Printer].
func (m *module) Repr() string { return "<TemplateModule " + value.Repr(m.name) + ">" }

// HTML implements [value.HTMLer].
func (m *module) HTML() value.Markup { return value.Markup(value.Str(m.text)) }

// importModule runs a template and returns what it defines.
func (f *frame) importModule(x expr, pos int, withContext bool) (*module, error) {
	v, err := f.operand(x)
	if err != nil {
		return nil, err
	}
	t, err := f.load(v)
	if err == nil {
		err = f.rt.deeper()
	}
	if err != nil {
		return nil, f.fail(pos, err)
	}
	defer func() { f.rt.depth-- }()
	in := f.start(t, withContext)
	text, err := f.capture(func() error { return in.render(t.body) })
	if err != nil {
		return nil, err
	}
	m := &module{name: t.name, attrs: value.NewDict(), text: text}
	for _, b := range in.root.vars {
		if b.name[0] != '_' && !b.imported {
			m.attrs.Set(b.name, b.val)
		}
	}
	return m, nil
}

func (s *importStmt) exec(f *frame) (signal, error) {
	m, err := f.importModule(s.template, s.pos, s.withContext)
	if err != nil {
		return done, err
	}
	f.scope.setImported(s.as, m)
	return done, nil
}

func (s *fromStmt) exec(f *frame) (signal, error) {
	m, err := f.importModule(s.template, s.pos, s.withContext)
	if err != nil {
		return done, err
	}
	for i, name := range s.names {
		v, ok := m.attrs.Get(name)
		if !ok {
			v = f.undefinedHint("", "the template %s (imported on %s) does not export the requested name %s",
				value.Repr(m.name), f.where(s.pos), value.Repr(name))
		}
		f.scope.setImported(s.as[i], v)
	}
	return done, nil
}

func (f *frame) where(pos int) string {
	var e Error
	e.locate(&f.tmpl.source, pos)
	return "line " + value.Str(int64(e.Line))
}
