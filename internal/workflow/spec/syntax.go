package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// syntax returns where the definition has not the shape of a workflow.
func (i *inspector) syntax() Findings {
	var all Findings
	for _, e := range language().Validate(i.root) {
		p := place{path: e.Path, spec: Path(e.Path), schema: Path(e.SchemaPath())}
		keys, known := e.Unexpected()
		f := i.finding(Syntax, p, plain(e.Msg))
		if len(keys) > 0 {
			f.Line, f.Column = i.doc.KeyPos(append(p.path, keys[0])...)
			f.Hint = meant(keys, known)
		} else if _, large := i.valueAt(e.Path).(*value.Dict); !large {
			f.Hint = plain(because(e.Alternatives()))
		}
		all = append(all, f)
	}
	for _, t := range i.w.Tasks {
		all = append(all, i.items(t)...)
	}
	return all
}

// theirItems is how the reference says what items look like: an expression alone, or
// names, "in" and an expression. Here it is for people only, since there are texts
// for which it takes as good as forever; ourItems is the same.
const (
	theirItems = `^(\s+)?({{.*?}}|<%.*?%>)(\s+)?$|^(\s+)?((\w+,\s?|\s+)+)?(\w+)\s+in\s+({{.*?}}|<%.*?%>)(\s+)?$`

	space    = `[\s\v\x1c-\x1f\x85\p{Z}]`
	word     = `[\pL\pN_]+`
	ourItems = `\A` + space + `*((` + word + `,` + space + `?|` + space + `+)*` + word + space + `+in` + space + `+)?({{.*}}|<%.*%>)` + space + `*\z`
)

//nolint:gochecknoglobals // made once, never changed
var itemsForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(ourItems) })

// items returns what is wrong with the items of a task that the schema does not find.
func (i *inspector) items(t *Task) Findings {
	v, _ := t.Raw.Get("with")
	with, ok := v.(*value.Dict)
	if !ok {
		return nil
	}
	written, _ := with.Get("items")
	text, ok := written.(string)
	if !ok || itemsForm().MatchString(text) {
		return nil
	}
	p := taskPlace(t.Name).below("with").below("items")
	f := i.finding(Syntax, p, plain(value.Repr(text)+" does not match "+value.Repr(theirItems)))
	f.SchemaPath += ".pattern"
	f.Hint = `write "x in <% ctx().list %>", or the expression alone`
	return Findings{f}
}

// because says why nothing fits that there is to choose from.
func because(alternatives []*schema.Error) string {
	var all []string
	for _, e := range alternatives {
		if !slices.Contains(all, e.Msg) {
			all = append(all, e.Msg)
		}
	}
	return strings.Join(all, ", and ")
}

// plain undoes the doubling of backslashes in a message that quotes patterns.
func plain(message string) string { return strings.ReplaceAll(message, `\\`, `\`) }

// meant says which keys were perhaps meant by those that there are not.
func meant(keys []value.Value, known []string) string {
	var all []string
	for _, key := range keys {
		name, _ := key.(string)
		if meant := near.Name(name, known); meant != "" {
			all = append(all, fmt.Sprintf("%q for %q", meant, name))
		}
	}
	if all == nil {
		return ""
	}
	return "perhaps " + strings.Join(all, ", ") + " was meant"
}
