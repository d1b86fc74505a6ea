package value_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// TestAnswersOfPython compares with what Python 3.11 answered.
func TestAnswersOfPython(t *testing.T) {
	data, err := os.ReadFile("testdata/python.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		v, err := value.FromJSON(line)
		if err != nil {
			t.Fatal(err)
		}
		q, _ := v.(*value.Dict)
		op, _ := q.Get("op")
		list, _ := q.Get("args")
		args := list.(*value.List).Items
		want, fine := q.Get("result")
		got, err := ask(t, op.(string), args)
		switch {
		case fine && (err != nil || !value.Equal(got, want)):
			t.Errorf("%s %s: got %s, %v; want %s", op, value.Repr(list), value.Repr(got), err, value.Repr(want))
		case !fine && err == nil:
			class, _ := q.Get("error")
			t.Errorf("%s %s: got %s; want %s", op, value.Repr(list), value.Repr(got), class)
		}
	}
}

func ask(t *testing.T, op string, a []value.Value) (value.Value, error) {
	t.Helper()
	repr := func(v value.Value, err error) (value.Value, error) { return value.Repr(v), err }
	switch op {
	case "format":
		return value.Format(a[0], a[1].(string))
	case "percent":
		return value.Percent(a[0].(string), value.Tuple{a[1]})
	case "+", "-", "*", "/", "//", "%", "**":
		return repr(value.Binary(value.Op(op), a[0], a[1]))
	case "<":
		n, err := value.Compare(a[0], a[1])
		return n < 0, err
	case "==":
		return value.Equal(a[0], a[1]), nil
	case "method":
		name := a[1].(string)
		v, ok, err := value.CallMethod(t.Context(), a[0], name, &value.Args{Name: name, Pos: a[2:]})
		if !ok {
			return nil, errors.New("no such method")
		}
		return repr(v, err)
	case "slice":
		return repr(value.Slice(a[0], a[1], a[2], a[3]))
	case "int":
		return repr(value.ToInt(a[0]))
	case "float":
		f, err := value.ToFloat(a[0])
		return repr(f, err)
	case "round":
		return repr(value.Round(a[0], a[1]))
	case "strftime":
		d := value.NewNaive(time.Date(2024, 2, 29, 13, 5, 9, 120_000, time.UTC))
		return value.Strftime(d, a[0].(string)), nil
	case "repr":
		return value.Repr(a[0]), nil
	}
	return nil, fmt.Errorf("unknown op %s", op)
}

func TestTimesAddUp(t *testing.T) {
	day := value.TimeDelta(24 * 3600 * 1e6)
	d := value.NewNaive(time.Date(2024, 2, 28, 12, 0, 0, 0, time.UTC))
	aware := value.NewDateTime(time.Date(2024, 2, 28, 12, 0, 0, 0, time.FixedZone("", 3600)))
	for want, f := range map[string]func() (value.Value, error){
		"2024-02-29 12:00:00":       func() (value.Value, error) { return value.Binary(value.Add, d, day) },
		"2024-02-27 12:00:00":       func() (value.Value, error) { return value.Binary(value.Sub, d, day) },
		"2 days, 0:00:00":           func() (value.Value, error) { return value.Binary(value.Mul, day, int64(2)) },
		"12:00:00":                  func() (value.Value, error) { return value.Binary(value.Div, day, int64(2)) },
		"0.5":                       func() (value.Value, error) { return value.Binary(value.Div, day/2, day) },
		"-1 day, 23:59:59":          func() (value.Value, error) { return value.Neg(value.TimeDelta(1e6)) },
		"0:00:00":                   func() (value.Value, error) { return value.Binary(value.Sub, aware, aware) },
		"2024-02-28 12:00:00+01:00": func() (value.Value, error) { return aware, nil },
	} {
		got, err := f()
		if value.Str(got) != want || err != nil {
			t.Errorf("got %s, %v; want %s", value.Str(got), err, want)
		}
	}
	if _, err := value.Compare(d, aware); !value.IsClass(err, value.TypeError) {
		t.Errorf("naive and aware: %v, want a TypeError", err)
	}
}

func TestNothingIsTooLarge(t *testing.T) {
	huge := int64(1) << 40
	for name, f := range map[string]func() error{
		"text":    func() error { _, err := value.Binary(value.Mul, "ab", huge); return err },
		"list":    func() error { _, err := value.Binary(value.Mul, value.NewList(nil), huge); return err },
		"int":     func() error { _, err := value.Binary(value.Pow, int64(3), huge); return err },
		"product": bigProduct,
		"padding": func() error { _, err := value.Format(int64(1), "99999999999"); return err },
		"range":   func() error { _, err := value.Items(t.Context(), value.Range{Stop: huge, Step: 1}); return err },
		"replace": func() error {
			_, err := value.Replace(string(bytes.Repeat([]byte("a"), 1<<16)), "a", string(make([]byte, 1<<16)), -1)
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// bigProduct squares an int until that is refused.
func bigProduct() error {
	var v value.Value = int64(3)
	for range 40 {
		var err error
		if v, err = value.Binary(value.Mul, v, v); err != nil {
			return err
		}
	}
	return nil
}
