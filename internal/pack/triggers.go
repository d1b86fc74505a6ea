package pack

import (
	"path"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func (r *reader) triggerType(s *source, o *object) {
	t := triggerTypeOf(o, r.ref)
	o.unknown(Warning)
	if s.stop {
		return
	}
	t.MetadataFile = s.file
	r.once(s, "trigger type", t.Name)
	r.putType(t)
}

func (r *reader) putType(t *trigger.Type) {
	put(&r.content.TriggerTypes, t, func(other *trigger.Type) bool { return other.Ref == t.Ref })
}

// TriggerTypeOf reads a type of events that came over the API, in the pack that
// it names.
func TriggerTypeOf(d *value.Dict) (*trigger.Type, Findings) {
	s := &source{}
	o := &object{s: s, d: d}
	t := triggerTypeOf(o, "")
	o.unknown(Error)
	t.MetadataFile = plainText(d, "metadata_file")
	if s.stop {
		t = nil
	}
	return t, s.found
}

func triggerTypeOf(o *object, pack string) *trigger.Type {
	t := &trigger.Type{
		Name:             o.need("name"),
		Description:      o.text("description"),
		PayloadSchema:    o.dict("payload_schema"),
		ParametersSchema: o.dict("parameters_schema"),
		Tags:             o.tags(),
	}
	t.Pack, t.Ref, t.UID = named("trigger_type", o.owner(pack), t.Name)
	o.settled()
	o.known = append(o.known, "pool", "type") // sensors of old have them, to no effect
	// A type whose schema is wrong is a type: what it says is not checked then.
	o.findings(Warning, "payload_schema", schema.CheckSchema(t.PayloadSchema))
	o.findings(Warning, "parameters_schema", schema.CheckSchema(t.ParametersSchema))
	return t
}

func (r *reader) sensor(s *source, o *object) {
	se := &Sensor{
		Name:         o.need("class_name"),
		Description:  o.text("description"),
		Enabled:      o.flag("enabled", true),
		PollInterval: o.seconds("poll_interval"),
		MetadataFile: s.file,
		TriggerTypes: []string{},
	}
	se.Pack, se.Ref, se.UID = named("sensor_type", o.owner(r.ref), se.Name)
	entry := o.need("entry_point")
	file := path.Join("sensors", entry)
	se.ArtifactURI = "file://" + path.Join(r.o.Path, file)
	se.EntryPoint = strings.ReplaceAll(strings.TrimSuffix(file, ".py"), "/", ".") + "." + se.Name
	var types []*trigger.Type
	for i, item := range o.list("trigger_types") {
		d, ok := item.(*value.Dict)
		if !ok {
			s.add(Error, []any{"trigger_types", i}, false, "write attributes below it, such as name and payload_schema", "a trigger type is %s, not a mapping", value.Repr(item))
			continue
		}
		sub := &object{s: s, path: []any{"trigger_types", i}, d: d}
		t := triggerTypeOf(sub, r.ref)
		sub.unknown(Warning)
		t.MetadataFile = s.file
		types = append(types, t)
		se.TriggerTypes = append(se.TriggerTypes, t.Ref)
	}
	o.settled()
	o.known = append(o.known, "artifact_uri", "name")
	o.unknown(Warning)
	if s.stop {
		return
	}
	if !r.exists(file) {
		s.add(Warning, []any{"entry_point"}, false, "", "there is no file %s", file)
	}
	r.once(s, "sensor", se.Name)
	put(&r.content.Sensors, se, func(other *Sensor) bool { return other.Name == se.Name })
	for _, t := range types {
		r.putType(t)
	}
}

// seconds reads how often a sensor polls. Fractions count as they do in
// StackStorm, which is not at all.
func (o *object) seconds(key string) *int64 {
	var n int64
	switch v := o.get(key).(type) {
	case nil:
		return nil
	case int64:
		n = v
	case float64:
		n = int64(v)
	default:
		o.wrong(key, v, "a number of seconds")
		return nil
	}
	const least = 4
	if n < least {
		o.s.add(Warning, o.at(key), false, "", "%s is less than %d seconds, which is the least", key, least)
		n = least
	}
	return &n
}
