package config_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/settings.md")

// TestSettingsPage holds docs/settings.md to the comments of the fields.
func TestSettingsPage(t *testing.T) {
	const page = "../../docs/settings.md"
	want := settingsPage(t)
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil { //nolint:gosec // a page for everybody
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/settings.md is not what the comments say; go test ./internal/config -update writes it:\n%s", diff)
	}
}

func settingsPage(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]*ast.StructType{}
	lists := map[string]*ast.ArrayType{} // types that are lists, by name
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.TypeSpec); ok {
				switch is := s.Type.(type) {
				case *ast.StructType:
					types[s.Name.Name] = is
				case *ast.ArrayType:
					lists[s.Name.Name] = is
				}
			}
			return true
		})
	}
	var b strings.Builder
	b.WriteString(`# Settings

Settings are in one YAML file, given as ` + "`nightshift serve --config FILE`" + `. A missing field has its default; a field that does not exist
is an error that names the one that was probably meant. The flags ` + "`--data`, `--listen`, `--packs` and `--log-level`" + ` go before the file.

This page is made from the comments in internal/config.

| setting | type | meaning |
|---|---|---|
`)
	fields(&b, types, lists, "Config", "")
	return b.String()
}

func fields(b *strings.Builder, types map[string]*ast.StructType, lists map[string]*ast.ArrayType, name, prefix string) {
	for _, f := range types[name].Fields.List {
		tag := strings.Trim(f.Tag.Value, "`")
		setting := prefix + strings.TrimSuffix(strings.TrimPrefix(tag, `yaml:"`), `"`)
		typ, kind := f.Type, "names and texts"
		if p, ok := typ.(*ast.StarExpr); ok {
			typ = p.X
		}
		if id, ok := typ.(*ast.Ident); ok && lists[id.Name] != nil {
			typ = lists[id.Name]
		}
		list, isList := typ.(*ast.ArrayType)
		if isList {
			typ = list.Elt
		}
		if id, ok := typ.(*ast.Ident); ok {
			kind = map[string]string{"string": "text", "int": "integer", "bool": "true or false", "Duration": "duration"}[id.Name]
			nested := types[id.Name] != nil
			switch {
			case nested && isList:
				fmt.Fprintf(b, "| `%s` | list | %s |\n", setting, strings.Join(strings.Fields(f.Doc.Text()), " "))
				fields(b, types, lists, id.Name, setting+"[].")
				continue
			case nested:
				fields(b, types, lists, id.Name, setting+".")
				continue
			case isList:
				kind = "list of texts"
			}
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", setting, kind, strings.Join(strings.Fields(f.Doc.Text()), " "))
	}
}
