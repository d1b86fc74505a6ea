package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/api"
)

const routesPage = "../../docs/api-reference.md"

// TestPageOfRoutes holds docs/api-reference.md, whose part below the mark is made from
// the table of routes. "go test ./cmd/nightshift -update" writes it anew.
func TestPageOfRoutes(t *testing.T) {
	old, err := os.ReadFile(routesPage)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- made from the routes: go test ./cmd/nightshift -update -->\n"
	head, _, ok := strings.Cut(string(old), mark)
	if !ok {
		t.Fatalf("%s has no line %s", routesPage, mark)
	}
	var b bytes.Buffer
	b.WriteString(head + mark)
	for _, r := range api.New(api.Deps{}, api.Options{}).Routes() {
		writeRoute(&b, r)
	}
	if *update {
		if err := os.WriteFile(routesPage, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(old), b.String()); diff != "" {
		t.Errorf("%s is not up to date: go test ./cmd/nightshift -update\n%s", routesPage, diff)
	}
}

func writeRoute(b *bytes.Buffer, r api.Route) {
	fmt.Fprintf(b, "\n### `%s %s`\n\n%s\n\n", r.Method, r.Published(), r.Summary)
	var permission string
	switch {
	case r.Public:
		permission = "none, and no credentials"
	case r.Permission != "":
		permission = "`" + r.Permission + "`, " + r.Who
	default:
		permission = r.Who
	}
	fmt.Fprintf(b, "Permission: %s. %s\n", permission, answer(r))
	if len(r.Query) == 0 {
		return
	}
	b.WriteString("\n| query | type | default | |\n|---|---|---|---|\n")
	for _, p := range r.Query {
		def := ""
		if p.Default != nil {
			def = fmt.Sprintf("`%v`", p.Default)
		}
		typ := p.Type
		if len(p.Enum) > 0 {
			typ = "`" + strings.Join(p.Enum, "`, `") + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p.Name, typ, def, p.Description)
	}
}

// answer says with what r answers.
func answer(r api.Route) string {
	status := ""
	if r.Status != 0 && r.Status != http.StatusOK {
		status = fmt.Sprintf("%d ", r.Status)
	}
	switch {
	case r.Status == http.StatusNoContent:
		return "Answer: 204, without a body."
	case r.Media != "":
		return "Answer: " + status + "`" + r.Media + "`."
	case r.Answer == nil:
		return "Answer: " + status + "JSON."
	default:
		return "Answer: " + status + "`" + shape(r.Answer) + "`."
	}
}

func shape(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "[" + shape(t.Elem()) + "]"
	case reflect.Pointer:
		return shape(t.Elem())
	case reflect.Map:
		return "object"
	default:
		if t.Name() == "Dict" {
			return "object"
		}
		return api.TypeName(t)
	}
}
