package alert_test

import (
	"path/filepath"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/nightshift-run/nightshift/internal/alert"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// fuzz posts bodies to a source. It never panics; it answers with a fault or
// with payloads that are what the source declares, the same each time.
func fuzz(f *testing.F, name string) {
	f.Helper()
	files, err := filepath.Glob("testdata/" + name + "/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, r := post(f, string(a.Files[0].Data))
		f.Add(r.Header.Get("Content-Type"), r.Header.Get("Ce-Specversion"), r.Header.Get("Ce-Subject"), r.Body)
	}
	src := source(f, name)
	f.Fuzz(func(t *testing.T, contentType, specversion, subject string, body []byte) {
		r := alert.Request{Header: map[string][]string{"Content-Type": {contentType}}, Body: body, Now: now}
		if specversion != "" {
			r.Header["Ce-Specversion"] = []string{specversion}
			r.Header["Ce-Subject"] = []string{subject}
			r.Header["Ce-Id"], r.Header["Ce-Source"], r.Header["Ce-Type"] = []string{"1"}, []string{"/s"}, []string{"t"}
		}
		events, err := src.Decode(r)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Errorf("kind %d of %v, want Invalid or TooLarge", k, err)
			}
			if !utf8.ValidString(err.Error()) {
				t.Errorf("the message is not UTF-8: %q", err)
			}
			return
		}
		again, _ := src.Decode(r)
		for i, e := range events {
			if err := conforms(t, src, e.Payload); err != nil {
				t.Errorf("the payload is not what the schema says: %v", err)
			}
			if e.Key != again[i].Key || !value.Equal(e.Payload, again[i].Payload) {
				t.Errorf("the second time the event is another: %v and %v", e, again[i])
			}
			if e.At.IsZero() || e.TraceTag == "" || len(e.TraceTag) > 200 || len(e.Key) > 60 {
				t.Errorf("event at %v, trace tag %q, key %q", e.At, e.TraceTag, e.Key)
			}
		}
	})
}

func FuzzAlertmanager(f *testing.F) { fuzz(f, "alertmanager") }

func FuzzNagios(f *testing.F) { fuzz(f, "nagios") }

func FuzzCloudEvents(f *testing.F) { fuzz(f, "cloudevents") }
