package runner

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/inquiry"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

//go:embed types.yaml
var typesYAML []byte

// The names of the types that the packages below implement.
const (
	LocalShellCmd     = "local-shell-cmd"
	LocalShellScript  = "local-shell-script"
	RemoteShellCmd    = "remote-shell-cmd"
	RemoteShellScript = "remote-shell-script"
	WinRMCmd          = "winrm-cmd"
	WinRMPSCmd        = "winrm-ps-cmd"
	WinRMPSScript     = "winrm-ps-script"
	HTTPRequest       = "http-request"
	PythonScript      = "python-script"
	Noop              = "noop"
	Announcement      = "announcement"
	Inquirer          = inquiry.Runner
	Native            = "nightshift-native" // our own
)

// The names of the types whose actions are workflows.
const (
	Orquesta    = "orquesta"
	ActionChain = "action-chain"
)

// Types returns all runner types that packs may name, in a fixed order. A type
// that is neither among the runners nor among the languages of workflows says in
// Missing that actions of it can be registered and shown, but not run.
func Types(built map[string]Runner, languages map[string]workflow.Language) []action.RunnerType {
	doc, err := pyyaml.Unmarshal(typesYAML)
	if err != nil {
		panic(fmt.Sprintf("runner: types.yaml: %v", err)) // a test reads it
	}
	list := doc.(*value.List)
	types := make([]action.RunnerType, 0, len(list.Items))
	for _, item := range list.Items {
		t := typeOf(item.(*value.Dict))
		t.Conducted = languages[t.Name] != nil
		if built[t.Name] == nil && !t.Conducted {
			t.Missing = fmt.Sprintf("the runner type %q is known, but not part of this build", t.Name)
		}
		types = append(types, t)
	}
	return types
}

func typeOf(d *value.Dict) action.RunnerType {
	text := func(key string) string {
		v, _ := d.Get(key)
		s, _ := v.(string)
		return s
	}
	t := action.RunnerType{
		UID:         "runner_type:" + text("name"),
		Name:        text("name"),
		Description: text("description"),
		Enabled:     true,
		Package:     text("runner_package"),
		Module:      text("runner_module"),
		OutputKey:   text("output_key"),
	}
	if v, _ := d.Get("aliases"); v != nil {
		for _, alias := range v.(*value.List).Items {
			t.Aliases = append(t.Aliases, alias.(string))
		}
	}
	// Anchors are shared in the document, and a type belongs to its caller.
	if v, _ := d.Get("runner_parameters"); v != nil {
		t.Parameters = value.Copy(v).(*value.Dict)
	}
	if v, _ := d.Get("output_schema"); v != nil {
		t.OutputSchema = value.Copy(v).(*value.Dict)
	}
	return t
}

// Canonical returns the name by which a runner type is known that a pack calls
// name: it may be an alias, or written with underscores.
func Canonical(name string, types []action.RunnerType) (string, bool) {
	for _, name := range []string{name, strings.ReplaceAll(name, "_", "-")} {
		for i := range types {
			if types[i].Name == name || slices.Contains(types[i].Aliases, name) {
				return types[i].Name, true
			}
		}
	}
	return "", false
}
