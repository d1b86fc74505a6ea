// Package notify says who hears of the end of an execution, and what they hear.
//
// It is what notify in the metadata of an action, in a request or in a task of an
// action chain means: a message with data for each route, when the execution is
// over, when it succeeded, when it failed.
package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
)

// The occasions, by the names that they are written with.
const (
	onComplete = "on-complete"
	onSuccess  = "on-success"
	onFailure  = "on-failure"
)

func occasions() []string { return []string{onComplete, onSuccess, onFailure} }

// A Notice is what the routes are told on one occasion.
type Notice struct {
	Message string      // may be a template
	Data    *value.Dict // may hold templates; never nil
	Routes  []value.Value
}

// Due returns what is to be told of the end of e.
func Due(e *execution.Execution) []Notice {
	if len(e.Notify) == 0 {
		return nil
	}
	v, err := value.FromJSON(e.Notify)
	if err != nil {
		return nil // it was checked when it came in
	}
	all, _ := v.(*value.Dict)
	var due []Notice
	for _, when := range occasions() {
		section, _ := get(all, when).(*value.Dict)
		if section == nil || !applies(when, e.Status) {
			continue
		}
		n := Notice{Data: value.NewDict()}
		n.Message, _ = get(section, "message").(string)
		if n.Message == "" {
			n.Message = "Action " + e.Action + " " + word(when)
		}
		if d, ok := get(section, "data").(*value.Dict); ok {
			n.Data = d
		}
		for _, name := range routeKeys() {
			if l, ok := get(section, name).(*value.List); ok && len(n.Routes) == 0 {
				n.Routes = l.Items
			}
		}
		if unrouted(section) {
			n.Routes = []value.Value{DefaultRoute}
		}
		if len(n.Routes) > 0 {
			due = append(due, n)
		}
	}
	return due
}

// DefaultRoute is told where no routes are named. An empty list of them is nobody.
const DefaultRoute = "notify.default"

// routeKeys are the names that routes go by; the second is the old one.
func routeKeys() []string { return []string{"routes", "channels"} }

func unrouted(section *value.Dict) bool {
	return !slices.ContainsFunc(routeKeys(), func(name string) bool { return get(section, name) != nil })
}

// Filled returns notify with the default route where it names none, as StackStorm
// shows it.
func Filled(notify json.RawMessage) json.RawMessage {
	if !Wanted(notify) {
		return notify
	}
	v, err := value.FromJSON(notify)
	all, ok := v.(*value.Dict)
	if err != nil || !ok {
		return notify
	}
	for _, when := range occasions() {
		if section, ok := get(all, when).(*value.Dict); ok && unrouted(section) {
			section.Set("routes", value.NewList(DefaultRoute))
		}
	}
	b, err := value.ToJSON(all)
	if err != nil {
		return notify
	}
	return b
}

// Wanted reports whether notify names an occasion at all.
func Wanted(notify json.RawMessage) bool {
	return len(notify) > 0 && string(notify) != "null" && string(notify) != "{}"
}

func applies(when string, s execution.Status) bool {
	switch when {
	case onSuccess:
		return s == execution.Succeeded
	case onFailure:
		return s.Failure()
	default:
		return s.Final()
	}
}

func word(when string) string {
	switch when {
	case onSuccess:
		return "succeeded."
	case onFailure:
		return "failed."
	default:
		return "completed."
	}
}

func get(d *value.Dict, key string) value.Value {
	if d == nil {
		return nil
	}
	v, _ := d.Get(key)
	return v
}

// A Mistake is something wrong with what notify says.
type Mistake struct {
	Path []any // to what is wrong
	Key  bool  // it is the last key of the path that is wrong, not its value
	Msg  string
	Hint string // what would be right; may be empty
}

// Check returns what is wrong with a value of notify.
func Check(v value.Value) []Mistake {
	var found []Mistake
	wrong := func(path []any, want string, v value.Value) {
		names := []string{"notify"}
		for _, step := range path {
			names = append(names, value.Str(step))
		}
		found = append(found, Mistake{Path: path, Msg: fmt.Sprintf("%s is of type %s, not a %s", strings.Join(names, "."), value.TypeName(v), want)})
	}
	unknown := func(path []any, d *value.Dict, known []string) {
		for _, k := range d.Keys() {
			name := value.Str(k)
			if slices.Contains(known, name) {
				continue
			}
			m := Mistake{Path: append(slices.Clip(path), k), Key: true, Msg: fmt.Sprintf("notify: unknown key %q", name)}
			if meant := near.Name(name, known); meant != "" {
				m.Hint = fmt.Sprintf("did you mean %q?", meant)
			}
			found = append(found, m)
		}
	}
	if v == nil {
		return nil
	}
	all, ok := v.(*value.Dict)
	if !ok {
		wrong(nil, "mapping", v)
		return found
	}
	unknown(nil, all, occasions())
	for _, when := range occasions() {
		v, _ := all.Get(when)
		if v == nil {
			continue
		}
		section, ok := v.(*value.Dict)
		if !ok {
			wrong([]any{when}, "mapping", v)
			continue
		}
		unknown([]any{when}, section, []string{"message", "data", "routes", "channels"})
		for key, v := range section.Texts() {
			path := []any{when, key}
			switch v.(type) {
			case nil:
				continue
			case string:
				ok = key == "message"
			case *value.Dict:
				ok = key == "data"
			case *value.List:
				ok = key == "routes" || key == "channels"
			default:
				ok = false
			}
			if want := wanted(key); !ok && want != "" {
				wrong(path, want, v)
			}
		}
	}
	return found
}

func wanted(key string) string {
	switch key {
	case "message":
		return "text"
	case "data":
		return "mapping"
	case "routes", "channels":
		return "list"
	}
	return ""
}
