package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// A Type is what policies can be: what they are told, and what comes of it.
type Type struct {
	ID           string
	Name         string
	ResourceType string // what policies of the type are about
	Description  string
	Module       string // where the code is, in the words of whoever brought the type
	Enabled      bool
	Parameters   *value.Dict // the schemas of parameters, by name
	// Compile checks a policy of the type and returns what it says. All mistakes are
	// reported at once.
	Compile func(*Policy) (Governor, error)
}

// Ref is what policies call their type.
func (t Type) Ref() string { return t.ResourceType + "." + t.Name }

// UID is what roles call it.
func (t Type) UID() string { return "policy_type:" + t.ResourceType + ":" + t.Name }

// Types are those that there are.
type Types []Type

// Find returns the type with a reference or an id.
func (ts Types) Find(name string) (Type, bool) {
	i := slices.IndexFunc(ts, func(t Type) bool { return t.Ref() == name || t.ID == name })
	if i < 0 {
		return Type{}, false
	}
	return ts[i], true
}

// Compile checks p and returns what it says.
func (ts Types) Compile(p *Policy) (Governor, error) {
	i := slices.IndexFunc(ts, func(t Type) bool { return t.Ref() == p.PolicyType })
	if i >= 0 {
		return ts[i].Compile(p)
	}
	refs := make([]string, len(ts))
	for i, t := range ts {
		refs[i] = t.Ref()
	}
	known := strings.Join(refs, ", ")
	if i := strings.LastIndex(known, ", "); i >= 0 {
		known = known[:i] + " and" + known[i+1:]
	}
	return Governor{}, fmt.Errorf("there is no policy type %q; there are %s", p.PolicyType, known)
}

// Standard returns the types that come with the server.
func Standard() Types {
	const limit = `"threshold": {"type": "integer", "required": true, "minimum": 1,
			"description": "How many executions may run at a time."},
		"action": {"type": "string", "default": "delay", "enum": ["delay", "cancel"],
			"description": "What happens to an execution over the threshold."}`
	return Types{
		standard(Concurrency, "Bounds how many executions of an action run at a time.", limit, limitOf),
		standard(ConcurrencyAttr, "Bounds how many executions of an action run at a time that are given the same.", limit+`,
			"attributes": {"type": "array", "required": true, "minItems": 1, "uniqueItems": true, "items": {"type": "string"},
				"description": "Names of the parameters that are compared."}`, limitOf),
		standard(Retry, "Tries an action again when it failed or timed out.", `
			"retry_on": {"type": "string", "required": true, "enum": ["failure", "timeout"],
				"description": "What is tried again."},
			"max_retry_count": {"type": "integer", "default": 2, "minimum": 1, "maximum": 5,
				"description": "How often it is tried again, at most."},
			"delay": {"type": "integer", "default": 0, "minimum": 0, "maximum": 120,
				"description": "How many seconds to wait before."}`, retryOf),
	}
}

func standard(ref, description, parameters string, compile func(*Policy) (Governor, error)) Type {
	resource, name, _ := strings.Cut(ref, ".")
	t := Type{
		Name: name, ResourceType: resource, Description: description, Module: "nightshift.policy", Enabled: true,
		Parameters: value.NewDict(), Compile: compile,
	}
	if err := t.Parameters.UnmarshalJSON([]byte("{" + parameters + "}")); err != nil {
		panic(err) // the texts above are constants
	}
	sum := sha256.Sum256([]byte("policy_type " + name)) // the same on every server
	t.ID = hex.EncodeToString(sum[:12])
	return t
}

func limitOf(p *Policy) (Governor, error) {
	r := reader{params: p.Parameters}
	l := Limit{Policy: p.Ref, Threshold: r.integer("threshold", 1, 1<<31-1, nil)}
	switch act := r.text("action", "delay"); act {
	case "delay":
	case "cancel":
		l.Cancel = true
	default:
		r.fail("action is %q; it is one of delay, cancel", act)
	}
	if p.PolicyType == ConcurrencyAttr {
		l.Attributes = r.texts("attributes")
	}
	return Governor{Limits: []Limit{l}}, errors.Join(r.errs...)
}

func retryOf(p *Policy) (Governor, error) {
	r := reader{params: p.Parameters}
	two, zero := 2, 0
	t := Tries{
		Policy: p.Ref,
		Max:    r.integer("max_retry_count", 1, 5, &two),
		Delay:  time.Duration(r.integer("delay", 0, 120, &zero)) * time.Second,
	}
	switch on := r.text("retry_on", ""); on {
	case "failure":
		t.OnFailure = true
	case "timeout":
		t.OnTimeout = true
	case "":
		r.fail("retry_on is missing; it is one of failure, timeout")
	default:
		r.fail("retry_on is %q; it is one of failure, timeout", on)
	}
	return Governor{Tries: []Tries{t}}, errors.Join(r.errs...)
}
