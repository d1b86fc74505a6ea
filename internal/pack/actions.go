package pack

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

func (r *reader) action(s *source, o *object) {
	a := actionOf(o, r.ref, r.o.Runner)
	if a == nil || s.stop {
		return
	}
	a.MetadataFile = s.file
	r.entryPoint(s, a)
	r.workflow(s, a)
	r.once(s, "action", a.Name)
	put(&r.content.Actions, a, func(other *action.Action) bool { return other.Name == a.Name })
}

// ActionOf reads an action that came over the API, in the pack that it names.
func ActionOf(d *value.Dict, runner func(name string) (*action.RunnerType, bool)) (*action.Action, Findings) {
	s := &source{}
	a := actionOf(&object{s: s, d: d}, "", runner)
	if a != nil {
		a.Pack, a.Ref, a.UID = named("action", a.Pack, a.Name)
		a.MetadataFile = plainText(d, "metadata_file")
	}
	if s.stop {
		a = nil
	}
	return a, s.found
}

// named returns what a thing in a pack is called.
func named(kind, pack, name string) (inPack, ref, uid string) {
	if pack == "" {
		pack = "default"
	}
	return pack, pack + "." + name, kind + ":" + pack + ":" + name
}

// actionOf reads an action. It is nil if its runner type is not known: it would
// only pretend to be an action.
func actionOf(o *object, pack string, runner func(name string) (*action.RunnerType, bool)) *action.Action {
	a := &action.Action{
		Name:        o.need("name"),
		Description: o.text("description"),
		Enabled:     o.flag("enabled", true),
		EntryPoint:  o.text("entry_point"),
		RunnerType:  o.need("runner_type"),
		Parameters:  o.dict("parameters"),
		Notify:      o.notify(),
		Tags:        o.tags(),
		Idempotent:  o.flag("idempotent", false),
	}
	a.Pack, a.Ref, a.UID = named("action", o.owner(pack), a.Name)
	if o.get("output_schema") != nil {
		a.OutputSchema = o.dict("output_schema")
		sev := Error
		if !a.OutputSchema.Has("type") {
			sev = Warning // the old form, which only masks secrets
		}
		o.findings(sev, "output_schema", schema.CheckOutput(a.OutputSchema))
	}
	o.settled()
	o.unknown(Error)
	var below *value.Dict
	known := true
	if runner != nil && a.RunnerType != "" {
		rt, ok := runner(a.RunnerType)
		if known = ok; ok {
			below = rt.Parameters
			if below == nil {
				below = value.NewDict()
			}
		}
	}
	o.findings(Error, "parameters", schema.CheckParameters(a.Parameters, below))
	if !known {
		o.s.add(Warning, o.at("runner_type"), false, "", "the runner type %q is not known, so the action is left out", a.RunnerType)
		return nil
	}
	return a
}

// notify reads who is told when an action is done. The old name of routes becomes
// the new one.
func (o *object) notify() json.RawMessage {
	n, ok := o.object("notify")
	if !ok {
		return nil
	}
	out := value.NewDict()
	for _, when := range []string{"on-complete", "on-success", "on-failure"} {
		sub, ok := n.object(when)
		if !ok {
			continue
		}
		d := value.NewDict()
		if message := sub.text("message"); message != "" {
			d.Set("message", message)
		}
		if data := sub.dict("data"); data.Len() > 0 {
			d.Set("data", data)
		}
		routes, channels := sub.list("routes"), sub.list("channels")
		if len(routes) == 0 {
			routes = channels
		}
		if len(routes) > 0 {
			d.Set("routes", value.NewList(routes...))
		}
		sub.unknown(Error)
		if sub.d.Len() > 0 {
			out.Set(when, d)
		}
	}
	n.unknown(Error)
	text, err := value.ToJSON(out)
	if err != nil {
		return nil // the file as a whole can be written as JSON, so this can
	}
	return text
}

// entryPoint looks whether the script or workflow of an action is there.
func (r *reader) entryPoint(s *source, a *action.Action) {
	runner := strings.ReplaceAll(a.RunnerType, "_", "-")
	switch runner {
	case "python-script", "local-shell-script", "remote-shell-script", "winrm-ps-script", "action-chain", "orquesta":
	default:
		return
	}
	if a.EntryPoint == "" {
		s.add(Warning, nil, false, "name a file below actions/", "entry_point is missing, and a %s needs one", runner)
		return
	}
	if path.IsAbs(a.EntryPoint) {
		return
	}
	file := path.Join("actions", a.EntryPoint)
	switch {
	case strings.HasPrefix(file, ".."):
		s.add(Warning, []any{"entry_point"}, false, "", "entry_point %q leads out of the pack", a.EntryPoint)
	case !r.exists(file):
		s.add(Warning, []any{"entry_point"}, false, "", "there is no file %s", file)
	}
}
