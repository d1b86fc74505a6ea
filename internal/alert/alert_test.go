package alert_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"github.com/nightshift-run/nightshift/internal/alert"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

var now = time.Date(2026, 11, 22, 14, 51, 7, 0, time.UTC)

func source(t testing.TB, name string) alert.Source {
	t.Helper()
	for _, s := range alert.Sources() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no source %q", name)
	return alert.Source{}
}

// post reads a request as it is written in testdata: a line with the address,
// headers, an empty line, the body.
func post(t testing.TB, text string) (alert.Source, alert.Request) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	address, err := url.Parse(strings.TrimPrefix(lines[0], "POST "))
	if err != nil {
		t.Fatal(err)
	}
	r := alert.Request{Header: http.Header{}, Query: address.Query(), Now: now, Body: []byte(strings.TrimSuffix(body, "\n"))}
	for _, l := range lines[1:] {
		name, val, _ := strings.Cut(l, ": ")
		r.Header.Add(name, val)
	}
	return source(t, strings.TrimPrefix(address.Path, "/api/v1/alerts/")), r
}

// show prints what Decode returned.
func show(t testing.TB, events []alert.Event, err error) string {
	t.Helper()
	if err != nil {
		kinds := map[fault.Kind]string{fault.Invalid: "invalid", fault.TooLarge: "too large", fault.Internal: "INTERNAL"}
		return kinds[fault.KindOf(err)] + ": " + err.Error() + "\n"
	}
	list := value.NewList()
	for _, e := range events {
		d := value.NewDict()
		d.Set("trigger", e.Trigger)
		d.Set("key", e.Key)
		d.Set("trace_tag", e.TraceTag)
		d.Set("at", e.At.Format(time.RFC3339Nano))
		d.Set("payload", e.Payload)
		list.Items = append(list.Items, d)
	}
	text, err := value.ToJSON(list)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

// TestDecode posts the requests in testdata. The payload of each event must be
// what the source declares.
func TestDecode(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			src, r := post(t, string(a.Files[0].Data))
			events, err := src.Decode(r)
			got := show(t, events, err)
			for i, e := range events {
				if err := conforms(t, src, e.Payload); err != nil {
					t.Errorf("event %d is not what the schema says: %v", i, err)
				}
				if e.Trigger != src.Trigger {
					t.Errorf("event %d has trigger %q, want %q", i, e.Trigger, src.Trigger)
				}
			}
			if *update {
				a.Files = append(a.Files[:1], txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(a.Files[1].Data), got); diff != "" {
				t.Errorf("(-want +got; -update rewrites):\n%s", diff)
			}
		})
	}
}

func conforms(t testing.TB, src alert.Source, payload *value.Dict) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(src.PayloadSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := value.ToJSON(payload)
	if err != nil {
		return fmt.Errorf("print the payload: %w", err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(instance)
}
