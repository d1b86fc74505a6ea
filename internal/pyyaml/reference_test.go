package pyyaml_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// lines calls f for each line of a file that testdata/reference.py wrote.
func lines(t *testing.T, file string, f func(line []byte)) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for sc := bufio.NewScanner(bytes.NewReader(data)); sc.Scan(); {
		f(sc.Bytes())
	}
}

// stricter lists texts that PyYAML reads and we refuse, each with the reason.
var stricter = map[string]string{
	"a: &x [*x]":    "a value that holds itself cannot be written as JSON",
	"a: &x {b: *x}": "a value that holds itself cannot be written as JSON",
	"!!str {=: b}":  "a mapping that is a text is a mistake",
}

func TestReadsAsPyYAML(t *testing.T) {
	lines(t, "testdata/reference.jsonl", func(line []byte) {
		var rec struct {
			YAML         string
			Repr         *string
			Error        string
			Line, Column int
		}
		if err := json.Unmarshal(line, &rec); err != nil {
			t.Fatal(err)
		}
		v, err := pyyaml.Unmarshal([]byte(rec.YAML))
		switch {
		case rec.Repr == nil && err == nil:
			t.Errorf("%q: got %s, want an error (%s at %d:%d)", rec.YAML, value.Repr(v), rec.Error, rec.Line, rec.Column)
		case rec.Repr == nil:
			for _, e := range pyyaml.Errors(err) {
				if e.Line < 1 || e.Column < 1 || e.Msg == "" {
					t.Errorf("%q: error without a place: %v", rec.YAML, e)
				}
			}
		case stricter[rec.YAML] != "":
			if err == nil {
				t.Errorf("%q is read after all: take it off the list", rec.YAML)
			}
		case err != nil:
			t.Errorf("%q: got error %v, want %s", rec.YAML, err, *rec.Repr)
		default:
			if got, want := value.Repr(v), *rec.Repr; got != want {
				t.Errorf("%q:\n got %s\nwant %s", rec.YAML, got, want)
			}
		}
	})
}

func TestWritesAsPyYAML(t *testing.T) {
	one := value.NewList(int64(1), int64(2))
	a := value.NewDict()
	a.Set("a", int64(1))
	ab := value.NewDict()
	ab.Set("a", one)
	ab.Set("b", one)
	empty := value.NewList()
	shared := []value.Value{nil, ab, value.NewList(one, one, a, a), value.NewList(empty, empty)}
	lines(t, "testdata/reference_write.jsonl", func(line []byte) {
		var rec struct {
			Opts struct {
				AllowUnicode bool  `json:"allow_unicode"`
				SortKeys     *bool `json:"sort_keys"`
				Indent       int
				Width        int
			}
			Text   string
			Shared int
			Back   bool
			Value  json.RawMessage
		}
		if err := json.Unmarshal(line, &rec); err != nil {
			t.Fatal(err)
		}
		v := shared[rec.Shared]
		if rec.Shared == 0 {
			packed, err := value.FromJSON(rec.Value)
			if err != nil {
				t.Fatal(err)
			}
			v = unpack(packed)
		}
		opts := pyyaml.Options{
			Unicode: rec.Opts.AllowUnicode, KeepOrder: rec.Opts.SortKeys != nil && !*rec.Opts.SortKeys,
			Indent: rec.Opts.Indent, Width: rec.Opts.Width,
		}
		got, err := pyyaml.Marshal(v, opts)
		if err != nil {
			t.Errorf("%s: %v", value.Repr(v), err)
			return
		}
		if string(got) != rec.Text {
			t.Errorf("%s with %+v:\n got %q\nwant %q", value.Repr(v), opts, got, rec.Text)
		}
		back, err := pyyaml.Unmarshal(got)
		if rec.Back && (err != nil || !value.Equal(back, v)) {
			t.Errorf("%s reads back as %s (%v)", got, value.Repr(back), err)
		}
	})
}

// unpack undoes what reference.py does to values that JSON does not hold.
func unpack(v value.Value) value.Value {
	switch v := v.(type) {
	case *value.List:
		out := value.NewList()
		for _, item := range v.Items {
			out.Items = append(out.Items, unpack(item))
		}
		return out
	case *value.Dict:
		if f, ok := v.Get("$float"); ok {
			n, err := strconv.ParseFloat(f.(string), 64)
			if err != nil {
				return math.NaN()
			}
			return n
		}
		pairs, _ := v.Get("$dict")
		d := value.NewDict()
		for _, p := range pairs.(*value.List).Items {
			kv := p.(*value.List).Items
			if err := d.SetKey(unpack(kv[0]), unpack(kv[1])); err != nil {
				panic(err)
			}
		}
		return d
	}
	return v
}
