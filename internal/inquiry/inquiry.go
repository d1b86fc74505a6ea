// Package inquiry says what an inquiry is: a question that an execution puts to
// people and waits for, who may answer it, and which answers fit.
//
// The question is the result of its execution, which is pending until it is
// answered, nobody answered in time, or somebody cancels it.
package inquiry

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// Runner is the name of the runner type whose executions are inquiries.
const Runner = "inquirer"

// The names of what a question and its answer are made of, in the parameters of
// the runner and in the result.
const (
	keySchema   = "schema"
	keyRoles    = "roles"
	keyUsers    = "users"
	keyRoute    = "route"
	keyTTL      = "ttl"
	keyResponse = "response"
)

// Question returns the result of an execution that asks, made of the parameters
// of its runner. The error is about a schema that no answer could be checked with.
func Question(parameters *value.Dict) (*value.Dict, error) {
	q := value.NewDictCap(5)
	for _, name := range []string{keySchema, keyRoles, keyUsers, keyRoute, keyTTL} {
		v, _ := parameters.Get(name)
		q.Set(name, v)
	}
	d, ok := lookUp[*value.Dict](q, keySchema)
	if !ok {
		return nil, fmt.Errorf("the schema of the answer is missing")
	}
	if _, err := schema.Compile(d); err != nil {
		return nil, fmt.Errorf("the schema of the answer is none: %w", err)
	}
	return q, nil
}

// An Inquiry is a question that was put.
type Inquiry struct {
	ID     string // of its execution
	Schema *value.Dict
	Roles  []value.Value // texts; empty: everybody
	Users  []value.Value
	Route  string        // by which rules choose where the question is put
	TTL    time.Duration // how long an answer is waited for; 0: for ever

	result *value.Dict
}

// Read returns the inquiry that the result of an execution is.
func Read(id string, result json.RawMessage) (*Inquiry, error) {
	v, err := value.FromJSON(result)
	if err != nil {
		return nil, fmt.Errorf("read inquiry %s: %w", id, err)
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("read inquiry %s: its result is of type %s", id, value.TypeName(v))
	}
	i := &Inquiry{ID: id, result: d}
	if i.Schema, ok = lookUp[*value.Dict](d, keySchema); !ok {
		i.Schema = value.NewDict()
	}
	for name, to := range map[string]*[]value.Value{keyRoles: &i.Roles, keyUsers: &i.Users} {
		if l, ok := lookUp[*value.List](d, name); ok {
			*to = l.Items
		}
	}
	i.Route, _ = lookUp[string](d, keyRoute)
	if minutes, ok := lookUp[int64](d, keyTTL); ok && minutes > 0 {
		i.TTL = time.Duration(min(minutes, math.MaxInt64/int64(time.Minute))) * time.Minute
	}
	return i, nil
}

func lookUp[T value.Value](d *value.Dict, name string) (T, bool) {
	v, _ := d.Get(name)
	t, ok := v.(T)
	return t, ok
}

// Expires is until when an inquiry waits that was put at asked; zero for ever.
func (i *Inquiry) Expires(asked time.Time) time.Time {
	// Beyond a hundred years dates have no year that everybody can write.
	if i.TTL == 0 || i.TTL > 100*365*24*time.Hour {
		return time.Time{}
	}
	return asked.Add(i.TTL)
}

// Open returns why e can't be answered, or nil.
func Open(e *execution.Execution) error {
	switch {
	case e.Runner != Runner:
		return fault.Newf(fault.Invalid, "Action execution \"%s\" is not an inquiry.", e.ID)
	case e.Status == execution.Pending:
		return nil
	case e.Status == execution.Timeout:
		return fault.Newf(fault.Invalid, "Inquiry \"%s\" timed out and cannot be responded to.", e.ID)
	case e.Status == execution.Succeeded:
		return fault.Newf(fault.Invalid, "Inquiry \"%s\" has already been responded to.", e.ID)
	default:
		return fault.Newf(fault.Invalid, "Inquiry \"%s\" cannot be responded to: it is %s.", e.ID, e.Status)
	}
}

// A Person wants to answer.
type Person struct {
	User  string
	Admin bool // has every role
	Roles []string
}

// Permit returns why p may not answer, or nil: who is on the list of users, if
// there is one, and has one of the roles, if any are named, may.
func (i *Inquiry) Permit(p Person) error {
	is := len(i.Users) == 0 || slices.ContainsFunc(i.Users, func(v value.Value) bool { return v == p.User })
	has := len(i.Roles) == 0 || p.Admin || slices.ContainsFunc(i.Roles, func(v value.Value) bool {
		role, ok := v.(string)
		return ok && slices.Contains(p.Roles, role)
	})
	if !is || !has {
		return fault.Newf(fault.Forbidden, "User \"%s\" does not have permission to respond to inquiry \"%s\".", p.User, i.ID)
	}
	return nil
}

// Answered returns the result of the execution with a response in it, whose
// missing properties are those that the schema has defaults for. The error says
// what does not fit the schema.
func (i *Inquiry) Answered(response *value.Dict) (json.RawMessage, error) {
	filled, err := schema.Validate(response, i.Schema, schema.Options{Defaults: true, NoneAllowed: true})
	if err != nil {
		why := err.Error()
		if e, ok := err.(*schema.Error); ok { //nolint:errorlint // Validate returns it as it is
			why = e.Explain()
		}
		return nil, fault.Newf(fault.Invalid, "Response for inquiry \"%s\" did not pass schema validation. %s", i.ID, why)
	}
	result := i.result.Clone()
	result.Set(keyResponse, filled)
	b, err := value.ToJSON(result)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "Response for inquiry \"%s\" has no JSON: %v", i.ID, err)
	}
	return b, nil
}

// Secrets returns what the schema of an inquiry calls secret in its result.
func Secrets(result json.RawMessage) []string {
	i, err := Read("", result)
	if err != nil {
		return nil
	}
	response, _ := i.result.Get(keyResponse)
	return schema.SecretTexts(response, schema.SecretParameters(i.Schema))
}

// Masked returns the result of an inquiry without what its schema calls secret in
// the response.
func Masked(result json.RawMessage) json.RawMessage {
	i, err := Read("", result)
	if err != nil || !i.result.Has(keyResponse) {
		return result
	}
	b, err := value.ToJSON(schema.MaskOutput(i.result, keyResponse, i.Schema))
	if err != nil {
		return result
	}
	return b
}
