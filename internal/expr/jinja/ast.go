package jinja

import "github.com/nightshift-run/nightshift/internal/expr/value"

// expr is an expression.
type expr interface {
	eval(f *frame) (value.Value, error)
	at() int // offset in the source
}

// stmt is a piece of a body: text, a print statement or a tag.
type stmt interface {
	exec(f *frame) (signal, error)
}

// signal says how a body ended.
type signal uint8

const (
	done signal = iota
	breaks
	continues
)

// node is the position of what it is embedded in.
type node struct{ pos int }

func (n node) at() int { return n.pos }

type (
	literal struct {
		node
		val value.Value
	}
	nameExpr struct {
		node
		name string
	}
	tupleExpr struct {
		node
		items []expr
	}
	listExpr struct {
		node
		items []expr
	}
	dictExpr struct {
		node
		keys, vals []expr
	}
	condExpr struct {
		node
		test, yes, no expr // no may be nil
	}
	binExpr struct {
		node
		op   value.Op
		a, b expr
	}
	concatExpr struct {
		node
		parts []expr
	}
	logicExpr struct { // and, or
		node
		and  bool
		a, b expr
	}
	notExpr struct {
		node
		x expr
	}
	unaryExpr struct { // -x, +x
		node
		op byte
		x  expr
	}
	compareExpr struct {
		node
		first expr
		ops   []comparison
	}
	comparison struct {
		node
		op string // == != < <= > >= in not in
		x  expr
	}
	attrExpr struct {
		node
		obj  expr
		name string
	}
	itemExpr struct {
		node
		obj, key expr
	}
	sliceExpr struct {
		node
		obj               expr
		start, stop, step expr // nil where not given
	}
	callExpr struct {
		node
		fn   expr
		args arguments
	}
	filterExpr struct {
		node
		in   expr // nil in a filter block, for its text
		name string
		fn   filterFn // nil if there is none of the name
		args arguments
	}
	testExpr struct {
		node
		in   expr
		name string
		fn   testFn // nil if there is none of the name
		args arguments
	}
)

// arguments are what is in the parentheses of a call.
type arguments struct {
	pos    []expr
	named  []namedExpr
	rest   expr        // *rest, or nil
	more   expr        // **more, or nil
	static *value.Args // all of them where they are literals
}

type namedExpr struct {
	name string
	x    expr
}

type (
	dataStmt struct {
		node
		text string
	}
	printStmt struct {
		node
		x expr
	}
	forStmt struct {
		node
		target    target
		iter      expr
		test      expr // nil if there is none
		body, els []stmt
		recursive bool
	}
	ifStmt struct {
		node
		tests  []expr
		bodies [][]stmt
		els    []stmt
	}
	setStmt struct {
		node
		target target
		x      expr
	}
	setBlockStmt struct {
		node
		target target
		filter *filterExpr // nil if there is none
		body   []stmt
	}
	macroStmt struct {
		node
		signature
		name string
		body []stmt
	}
	callStmt struct {
		node
		call   *callExpr
		caller *macroStmt
	}
	filterStmt struct {
		node
		filter *filterExpr
		body   []stmt
	}
	withStmt struct {
		node
		targets []target
		vals    []expr
		body    []stmt
	}
	includeStmt struct {
		node
		template      expr
		ignoreMissing bool
		withContext   bool
	}
	importStmt struct {
		node
		template    expr
		as          string
		withContext bool
	}
	fromStmt struct {
		node
		template    expr
		names, as   []string
		withContext bool
	}
	extendsStmt struct {
		node
		template expr
	}
	blockStmt struct {
		node
		name     string
		body     []stmt
		scoped   bool
		required bool
		topLevel bool
	}
	autoescapeStmt struct {
		node
		on   expr
		body []stmt
	}
	doStmt struct {
		node
		x expr
	}
	breakStmt    struct{ node }
	continueStmt struct{ node }
)

// signature is the parameters of a macro.
type signature struct {
	params   []string
	defaults []expr // of the last params
	caller   bool   // the body uses caller, varargs, kwargs
	varargs  bool
	kwargs   bool
}

// target is what a value is assigned to: a name, an attribute of a namespace, or
// several of these.
type target struct {
	node
	name  string
	attr  string   // of the namespace called name, or ""
	items []target // if there are several
}

// names calls add for each plain name of the target.
func (t target) names(add func(name string)) {
	switch {
	case t.items != nil:
		for _, item := range t.items {
			item.names(add)
		}
	case t.attr == "":
		add(t.name)
	}
}
