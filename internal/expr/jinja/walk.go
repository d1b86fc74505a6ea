package jinja

// operands calls visit for each expression that x is made of.
func operands(x expr, visit func(expr)) {
	all := func(items []expr) {
		for _, item := range items {
			visit(item)
		}
	}
	some := func(items ...expr) {
		for _, item := range items {
			if item != nil {
				visit(item)
			}
		}
	}
	switch x := x.(type) {
	case *tupleExpr:
		all(x.items)
	case *listExpr:
		all(x.items)
	case *dictExpr:
		for i := range x.keys {
			some(x.keys[i], x.vals[i])
		}
	case *condExpr:
		some(x.test, x.yes, x.no)
	case *binExpr:
		some(x.a, x.b)
	case *concatExpr:
		all(x.parts)
	case *logicExpr:
		some(x.a, x.b)
	case *notExpr:
		some(x.x)
	case *unaryExpr:
		some(x.x)
	case *compareExpr:
		some(x.first)
		for _, c := range x.ops {
			some(c.x)
		}
	case *attrExpr:
		some(x.obj)
	case *itemExpr:
		some(x.obj, x.key)
	case *sliceExpr:
		some(x.obj, x.start, x.stop, x.step)
	case *callExpr:
		some(x.fn)
		x.args.each(visit)
	case *filterExpr:
		some(x.in)
		x.args.each(visit)
	case *testExpr:
		some(x.in)
		x.args.each(visit)
	}
}

func (a *arguments) each(visit func(expr)) {
	for _, x := range a.pos {
		visit(x)
	}
	for _, n := range a.named {
		visit(n.x)
	}
	if a.rest != nil {
		visit(a.rest)
	}
	if a.more != nil {
		visit(a.more)
	}
}
