package yaql

import (
	"strconv"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func itoa(n int) string { return strconv.Itoa(n) }

// evaluator is what all parts of one evaluation share.
type evaluator struct {
	meter
	engine *Engine
	opts   *Options
	src    string
	vars   Vars
	nested int // how many sequences are being asked for an item, each by the next
}

// node is a part of an expression.
type node interface {
	eval(ev *evaluator, s *scope) (value.Value, error)
	at() int // in the source
	height() int
	// simple reports whether evaluating the node leaves nothing behind that holds
	// on to its scope.
	simple() bool
}

// base is what all nodes have.
type base struct {
	pos, tall int
	plain     bool
}

func (b *base) at() int      { return b.pos }
func (b *base) height() int  { return b.tall }
func (b *base) simple() bool { return b.plain }

// over returns the base of a node over others.
func over(pos int, parts ...node) base {
	b := base{pos: pos, tall: 1, plain: true}
	for _, p := range parts {
		if p != nil {
			b.tall = max(b.tall, p.height()+1)
			b.plain = b.plain && p.simple()
		}
	}
	return b
}

// fail gives an error the place of a node.
func (ev *evaluator) fail(err error, n node) error { return asError(err, ev.src, n.at()) }

// constNode is a constant, or a bare word, which stands for itself.
type constNode struct {
	base
	val  value.Value
	word bool
}

func (n *constNode) simple() bool { return true }

func (n *constNode) eval(*evaluator, *scope) (value.Value, error) { return n.val, nil }

// varNode is a variable.
type varNode struct {
	base
	name string // without $; "" is $ itself
}

func newVar(t token) *varNode {
	name := t.text[1:]
	if name == "1" {
		name = ""
	}
	return &varNode{base{t.pos, 1, true}, name}
}

func (n *varNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	if err := ev.spend(1); err != nil {
		return nil, ev.fail(err, n)
	}
	if n.name == "" && s.hasDollar {
		return s.dollar, nil
	}
	return ev.variable(s, n.name), nil
}

// wrapNode is an expression in parentheses.
type wrapNode struct {
	base
	x node
}

func (n *wrapNode) eval(ev *evaluator, s *scope) (value.Value, error) { return n.x.eval(ev, s) }

// ruleNode is a => b.
type ruleNode struct {
	base
	from, to node
}

func (n *ruleNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	from, err := n.from.eval(ev, s)
	if err != nil {
		return nil, err
	}
	to, err := n.to.eval(ev, s)
	if err != nil {
		return nil, err
	}
	return &mapRule{from, to}, nil
}

// unaryNode is -x, +x or not x.
type unaryNode struct {
	base
	op string
	x  node
}

func (n *unaryNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	v, err := n.x.eval(ev, s)
	if err == nil {
		v, err = ev.unary(n.op, v)
	}
	if err != nil {
		return nil, ev.fail(err, n)
	}
	return v, nil
}

// binaryNode is an operator between two expressions, both of which are evaluated.
type binaryNode struct {
	base
	op          string
	left, right node
}

// newBinary makes the node of an operator.
func newBinary(e *Engine, op string, left, right node, pos int) node {
	b := over(pos, left, right)
	switch op {
	case ".", "?.":
		return newDot(e, op == "?.", left, right, pos)
	case "and", "or":
		return &logicNode{b, op == "and", left, right}
	case "->":
		b.plain = false
		return &sendNode{b, left, right}
	}
	return &binaryNode{b, op, left, right}
}

func (n *binaryNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	if err := ev.spend(1); err != nil {
		return nil, ev.fail(err, n)
	}
	a, err := n.left.eval(ev, s)
	if err != nil {
		return nil, err
	}
	b, err := n.right.eval(ev, s)
	if err != nil {
		return nil, err
	}
	v, err := ev.operate(n.op, a, b)
	if err != nil {
		return nil, ev.fail(err, n)
	}
	return v, nil
}

// logicNode is and or or, which give one of their operands.
type logicNode struct {
	base
	and         bool
	left, right node
}

func (n *logicNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	if err := ev.spend(1); err != nil {
		return nil, ev.fail(err, n)
	}
	v, err := n.left.eval(ev, s)
	if err != nil || truth(v) != n.and {
		return v, err
	}
	return n.right.eval(ev, s)
}

// sendNode is context -> expression.
type sendNode struct {
	base
	left, right node
}

func (n *sendNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	v, err := n.left.eval(ev, s)
	if err != nil {
		return nil, err
	}
	c, ok := v.(*contextValue)
	if !ok {
		return nil, ev.fail(noMatch("#operator_->"), n)
	}
	return n.right.eval(ev, c.scope)
}

// dotNode is a.word, a.f(…), and the same with ?. which leaves null alone.
type dotNode struct {
	base
	elvis  bool
	left   node
	word   string
	isWord bool
	call   *callNode
}

func newDot(e *Engine, elvis bool, left, right node, pos int) node {
	n := &dotNode{base: over(pos, left, right), elvis: elvis, left: left}
	n.word, n.isWord = wordOf(right)
	if c, ok := right.(*callNode); ok {
		m := *c
		m.asMethod(e)
		n.call = &m
		n.plain = left.simple() && m.simple()
	}
	return n
}

func (n *dotNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	if err := ev.spend(1); err != nil {
		return nil, ev.fail(err, n)
	}
	if !n.isWord && n.call == nil {
		return nil, ev.fail(noMatch("#operator_."), n)
	}
	v, err := n.left.eval(ev, s)
	if err != nil {
		return nil, err
	}
	if n.elvis && v == nil {
		return nil, nil
	}
	if n.call != nil {
		v, err = n.call.invoke(ev, s, v)
		if err != nil {
			return nil, ev.fail(err, n.call)
		}
		return v, nil
	}
	v, err = ev.field(v, n.word)
	if err != nil {
		return nil, ev.fail(err, n)
	}
	return v, nil
}

// indexNode is a[i].
type indexNode struct {
	base
	left, key node
}

// newIndex makes the node of a[…]. Only that with one plain argument is common.
func newIndex(e *Engine, left node, args []node, pos int) node {
	if len(args) == 1 && args[0] != nil {
		if _, rule := args[0].(*ruleNode); !rule {
			return &indexNode{over(pos, left, args[0]), left, args[0]}
		}
	}
	return newCall(e, "#indexer", append([]node{left}, args...), pos)
}

func (n *indexNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	if err := ev.spend(1); err != nil {
		return nil, ev.fail(err, n)
	}
	v, err := n.left.eval(ev, s)
	if err != nil {
		return nil, err
	}
	key, err := n.key.eval(ev, s)
	if err != nil {
		return nil, err
	}
	v, err = ev.index(v, key)
	if err != nil {
		return nil, ev.fail(err, n)
	}
	return v, nil
}

// literalNode is […] or {…}.
type literalNode struct {
	base
	dict  bool
	items []node
}

func newLiteral(e *Engine, name string, args []node, pos int) node {
	for _, a := range args {
		_, rule := a.(*ruleNode)
		if a == nil || rule != (name == "#map") {
			return newCall(e, name, args, pos)
		}
	}
	return &literalNode{over(pos, args...), name == "#map", args}
}

func (n *literalNode) eval(ev *evaluator, s *scope) (value.Value, error) {
	if err := ev.spend(1 + len(n.items)); err != nil {
		return nil, ev.fail(err, n)
	}
	if err := ev.use(32 + 16*len(n.items)); err != nil {
		return nil, ev.fail(err, n)
	}
	if !n.dict {
		t := make(value.Tuple, len(n.items))
		for i, item := range n.items {
			v, err := item.eval(ev, s)
			if err != nil {
				return nil, err
			}
			t[i] = v
		}
		return t, nil
	}
	d := value.NewDictCap(len(n.items))
	for _, item := range n.items {
		rule, _ := item.(*ruleNode)
		k, err := rule.from.eval(ev, s)
		if err != nil {
			return nil, err
		}
		v, err := rule.to.eval(ev, s)
		if err != nil {
			return nil, err
		}
		if err := setKey(d, k, v); err != nil {
			return nil, ev.fail(err, item)
		}
	}
	return d, nil
}
