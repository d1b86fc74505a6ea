package conformance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// recorder is a TB that keeps what it is told.
type recorder struct{ errs []string }

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errs = append(r.errs, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...) }
func (r *recorder) Skipf(format string, args ...any)  { r.Errorf(format, args...) }

func TestRunHoldsTheListOfKnownDifferences(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "c.jsonl"), `{"suite":"c","test":"a","n":0,"result":1}
{"suite":"c","test":"b","n":0,"result":1}
{"suite":"c","test":"c","n":0,"result":1}
{"suite":"c","test":"d","n":3,"result":1}
{"suite":"c","test":"e","n":0,"result":1}
`)
	known := filepath.Join(dir, "known.txt")
	write(t, known, "b#0  a reason\nc#0  another\ngone#0  old\n")
	t.Setenv("CONFORMANCE_DIR", dir)
	var r recorder
	conformance.Run(&r, "c", known, func(c conformance.Case) error {
		switch c.Test {
		case "e":
			return conformance.ErrSkip
		case "b":
			return errors.New("differs")
		case "d":
			panic("boom")
		}
		return nil
	})
	got := strings.Join(r.errs, "\n")
	for _, want := range []string{"c#0 agrees now", "d#3: panic: boom", "gone#0 is not a case"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s\nwant %q in it", got, want)
		}
	}
	if len(r.errs) != 3 {
		t.Errorf("got %d errors, want 3:\n%s", len(r.errs), got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDecodeKnowsAllTypes(t *testing.T) {
	for raw, want := range map[string]string{
		`{"$type":"tuple","items":[1,{"$type":"set","items":[1.0]}]}`:                           `(1, {1.0})`,
		`{"$type":"namedtuple","class":"User","fields":["id"],"items":[1]}`:                     `User(id=1)`,
		`{"$type":"dict","items":[[1,"a"],["$type","b"]]}`:                                      `{1: 'a', '$type': 'b'}`,
		`{"$type":"range","start":0,"stop":4,"step":2}`:                                         `range(0, 4, 2)`,
		`{"$type":"bigint","value":"99999999999999999999"}`:                                     `99999999999999999999`,
		`{"$type":"float","value":"-inf"}`:                                                      `-inf`,
		`{"$type":"complex","real":1.0,"imag":2.0}`:                                             `(1+2j)`,
		`{"$type":"bytes","base64":"YWI="}`:                                                     `b'ab'`,
		`{"$type":"markup","value":"<b>"}`:                                                      `Markup('<b>')`,
		`{"$type":"timedelta","microseconds":90000000}`:                                         `datetime.timedelta(seconds=90)`,
		`{"$type":"datetime","iso":"2020-01-02T03:04:05.678900"}`:                               `datetime.datetime(2020, 1, 2, 3, 4, 5, 678900)`,
		`{"$type":"datetime","iso":"2020-01-02T03:04:05+00:00"}`:                                `datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)`,
		`{"$type":"date","iso":"2020-01-02"}`:                                                   `datetime.date(2020, 1, 2)`,
		`{"$type":"time","iso":"03:04:05.5"}`:                                                   `datetime.time(3, 4, 5, 500000)`,
		`{"$type":"object","class":"Foo","attrs":{}}`:                                           `<Foo object>`,
		`{"$type":"regex","pattern":"a+","flags":2}`:                                            `<Pattern object>`,
		`{"$type":"model","class":"ActionDB","fields":{"a":{"$type":"oid","value":"x"}}}`:       `<ActionDB object>`,
		`{"$type":"embedded","class":"NotificationSchema","fields":{}}`:                         `<NotificationSchema object>`,
		`{"$type":"reference","pack":"p","name":"n"}`:                                           `<ResourceReference object>`,
		`{"$type":"datastore_lookup","class":"KeyValueLookup","scope":"system","key_prefix":1}`: `<KeyValueLookup object>`,
		`{"$type":"aes_key","json":"{}"}`:                                                       `<AESKey object>`,
	} {
		v, err := conformance.Decode(json.RawMessage(raw))
		if err != nil || value.Repr(v) != want {
			t.Errorf("Decode(%s) = %s, %v; want %s", raw, value.Repr(v), err, want)
		}
	}
	if _, err := conformance.Decode(json.RawMessage(`[{"$type":"other"}]`)); err == nil {
		t.Error("an unknown $type was decoded")
	}
}

func TestCompareIsStrict(t *testing.T) {
	l := func(items ...value.Value) value.Value { return value.NewList(items...) }
	for name, pair := range map[string][2]value.Value{
		"int and float":   {int64(1), 1.0},
		"int and bool":    {l(int64(1)), l(true)},
		"list and tuple":  {l(), value.Tuple{}},
		"order":           {l("a", "b"), l("b", "a")},
		"missing key":     {value.Of(map[string]any{"a": 1}), value.Of(map[string]any{})},
		"unwanted key":    {value.Of(map[string]any{}), value.Of(map[string]any{"a": 1})},
		"text and markup": {"a", value.Markup("a")},
	} {
		if conformance.Compare(pair[0], pair[1], false) == nil {
			t.Errorf("%s: no difference", name)
		}
	}
	if err := conformance.Compare(l("a", l("c", "b")), l(l("b", "c"), "a"), true); err != nil {
		t.Errorf("unordered: %v", err)
	}
}
