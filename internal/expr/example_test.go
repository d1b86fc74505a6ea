package expr_test

import (
	"context"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func Example() {
	e := expr.New(expr.Options{})
	data := value.NewDict()
	data.Set("host", "web1")
	data.Set("ports", value.NewList(int64(80), nil))
	for _, statement := range []string{"<% ctx().ports %>", "{{ ctx().host }} listens on <1>", "ports: <% ctx(ports) %>"} {
		v, err := e.Evaluate(context.Background(), statement, data)
		fmt.Println(value.Repr(v), err)
	}
	vars, err := e.Variables("<% ctx().host %> {{ x }}")
	fmt.Println(vars[0].Name, err)
	fmt.Println(e.Check("<% 1 +/ 2 %>")[0].Message)
	// Output:
	// [80, None] <nil>
	// 'web1 listens on <1>' <nil>
	// 'ports: [80, None]' <nil>
	// host <nil>
	// Parse error: unexpected '/' at position 3 of expression '1 +/ 2'
}
