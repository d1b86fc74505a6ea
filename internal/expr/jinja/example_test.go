package jinja_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func ExampleEnv_Render() {
	env := jinja.New(jinja.Options{})
	trigger := value.Of(map[string]any{"host": "web-01", "load": 0.9})
	text, _ := env.Render(context.Background(), "{{ trigger.host | upper }} is at {{ '%d%%' % (trigger.load * 100) }}", jinja.Map{"trigger": trigger})
	fmt.Println(text)
	// Output: WEB-01 is at 90%
}

func ExampleEnv_Expr() {
	env := jinja.New(jinja.Options{})
	x, _ := env.Expr("hosts | selectattr('up') | map(attribute='name') | list")
	hosts, _ := value.FromJSON([]byte(`[{"name": "a", "up": true}, {"name": "b", "up": false}]`))
	v, _ := x.Eval(context.Background(), jinja.Map{"hosts": hosts})
	fmt.Println(value.Repr(v), x.Variables())
	// Output: ['a'] [hosts]
}

func ExampleError_Detail() {
	env := jinja.New(jinja.Options{})
	_, err := env.Render(context.Background(), "{{ triger.host }}", jinja.Map{"trigger": nil})
	if e, ok := errors.AsType[*jinja.Error](err); ok {
		fmt.Println(e.Detail())
	}
	// Output:
	// UndefinedError: line 1, column 4: 'triger' is undefined (did you mean 'trigger'?)
	//     {{ triger.host }}
	//        ^
}
