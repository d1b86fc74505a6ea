package pack

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/schema"
)

func (r *reader) alias(s *source, o *object) {
	a := aliasOf(o, r.ref)
	if s.stop {
		return
	}
	a.MetadataFile = s.file
	r.once(s, "alias", a.Name)
	put(&r.content.Aliases, a, func(other *alias.Alias) bool { return other.Name == a.Name })
}

// AliasOf reads an alias that came over the API, in the pack that it names.
func AliasOf(d *value.Dict) (*alias.Alias, Findings) {
	s := &source{}
	a := aliasOf(&object{s: s, d: d}, "")
	a.MetadataFile = plainText(d, "metadata_file")
	if s.stop {
		a = nil
	}
	return a, s.found
}

func aliasOf(o *object, pack string) *alias.Alias {
	a := &alias.Alias{
		Name:                o.need("name"),
		Description:         o.text("description"),
		Enabled:             o.flag("enabled", true),
		ActionRef:           o.need("action_ref"),
		Formats:             o.formats(),
		Ack:                 o.answer("ack", "append_url"),
		Result:              o.answer("result"),
		Extra:               o.dict("extra"),
		ImmutableParameters: o.dict("immutable_parameters"),
	}
	a.Pack, a.Ref, a.UID = named("action_alias", o.owner(pack), a.Name)
	o.settled()
	o.unknown(Error)
	if _, _, ok := SplitRef(a.ActionRef); !ok && a.ActionRef != "" {
		o.s.add(Warning, o.at("action_ref"), false, "write it as pack.name", "the action %q is no reference, so no action will be found", a.ActionRef)
	}
	return a
}

// formats reads the commands that run the action.
func (o *object) formats() []value.Value {
	items := o.list("formats")
	if v, _ := o.d.Get("formats"); v == nil {
		o.s.add(Error, o.path, false, "", "formats is missing")
	}
	for i, item := range items {
		switch item := item.(type) {
		case string:
			o.pattern(append(o.at("formats"), i), item)
		case *value.Dict:
			sub := &object{s: o.s, path: append(o.at("formats"), i), d: item}
			sub.text("display")
			sub.representations()
			sub.flag("match_multiple", false)
			sub.unknown(Warning)
			if !item.Has("representation") {
				o.s.add(Warning, sub.path, false, "", "representation is missing, so no command has this format")
			}
		default:
			o.s.add(Error, append(o.at("formats"), i), false, "put it in quotes", "a format is %s, not a text", value.Repr(item))
		}
	}
	return items
}

// representations reads what commands are matched with: a text or a list of them.
func (o *object) representations() {
	const key = "representation"
	if v, _ := o.d.Get(key); v != nil {
		if text, ok := v.(string); ok {
			o.known = append(o.known, key)
			o.pattern(o.at(key), text)
			return
		}
	}
	for i, text := range o.texts(key) {
		o.pattern(append(o.at(key), i), text)
	}
}

// pattern looks whether a format can be matched with.
func (o *object) pattern(path []any, format string) {
	if _, err := alias.Parse(format); err != nil {
		o.s.add(Error, path, false, "", "%v", err)
	}
}

// answer reads what is said in chat. What else is there is for the chat's side.
func (o *object) answer(key string, flags ...string) *value.Dict {
	sub, _ := o.object(key)
	sub.flag("enabled", true)
	sub.text("format")
	sub.dict("extra")
	for _, f := range flags {
		sub.flag(f, true)
	}
	return sub.d
}

func (r *reader) policy(s *source, o *object) {
	p := policyOf(o, r.ref, r.o.PolicyTypes)
	if s.stop {
		return
	}
	p.MetadataFile = s.file
	r.once(s, "policy", p.Name)
	put(&r.content.Policies, p, func(other *policy.Policy) bool { return other.Name == p.Name })
}

// PolicyOf reads a policy that came over the API, in the pack that it names. It is of
// one of the types; nil stands for the standard ones.
func PolicyOf(d *value.Dict, types policy.Types) (*policy.Policy, Findings) {
	s := &source{}
	p := policyOf(&object{s: s, d: d}, "", types)
	p.MetadataFile = plainText(d, "metadata_file")
	if s.stop {
		p = nil
	}
	return p, s.found
}

func policyOf(o *object, pack string, types policy.Types) *policy.Policy {
	if types == nil {
		types = policy.Standard()
	}
	p := &policy.Policy{
		Name:        o.need("name"),
		Description: o.text("description"),
		Enabled:     o.flag("enabled", true),
		ResourceRef: o.need("resource_ref"),
		PolicyType:  o.need("policy_type"),
		Parameters:  o.dict("parameters"),
	}
	p.Pack, p.Ref, p.UID = named("policy", o.owner(pack), p.Name)
	o.settled()
	o.unknown(Error)
	if p.PolicyType == "" {
		return p
	}
	_, err := types.Compile(p)
	for _, err := range each(err) {
		msg := err.Error()
		path := o.at("parameters")
		if name, _, _ := strings.Cut(msg, " "); p.Parameters.Has(name) {
			path = append(path, name)
		} else if strings.HasPrefix(msg, "there is no policy type") {
			path = o.at("policy_type")
		}
		o.s.add(Error, path, false, "", "%s", msg)
	}
	return p
}

// each returns the errors that were joined.
func each(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

const configSchemaFile = "config.schema.yaml"

// configSchema reads what the configuration of the pack may hold.
func (r *reader) configSchema() {
	if !r.exists(configSchemaFile) {
		return
	}
	s, o, ok := r.load(configSchemaFile)
	if !ok && s.doc != nil && s.doc.Value == nil { // an empty file allows anything
		r.content.ConfigSchema = value.NewDict()
		return
	}
	if ok {
		for _, f := range schema.CheckConfig(o.d) {
			s.add(Error, f.Path, f.Key, f.Hint, "%s", f.Msg)
		}
		if !s.stop {
			r.content.ConfigSchema = o.d
		}
	}
	r.found = append(r.found, s.found...)
}
