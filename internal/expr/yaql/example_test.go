package yaql_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

func Example() {
	engine := yaql.New(yaql.Options{})
	data := value.Of(map[string]any{"hosts": []any{
		map[string]any{"name": "web1", "status": "down"},
		map[string]any{"name": "web2", "status": "up"},
	}})
	v, err := engine.Eval(context.Background(), "$.hosts.where($.status = down).select($.name)", data, nil)
	fmt.Println(value.Repr(v), err)

	_, err = engine.Eval(context.Background(), "$.hosts.selec($.name)", data, nil)
	if e, ok := errors.AsType[*yaql.Error](err); ok {
		fmt.Println(e.Class, e.Hint)
	}
	// Output:
	// ['web1'] <nil>
	// NoMethodRegisteredException did you mean select?
}
