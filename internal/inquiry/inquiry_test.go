package inquiry_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/inquiry"
)

func read(t *testing.T, result string) *inquiry.Inquiry {
	t.Helper()
	i, err := inquiry.Read("e1", []byte(result))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func dict(t *testing.T, text string) *value.Dict {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWhoMayAnswer(t *testing.T) {
	ann := inquiry.Person{User: "ann"}
	tests := map[string]struct {
		lists string
		p     inquiry.Person
		may   bool
	}{
		"everybody":               {`{}`, ann, true},
		"empty lists":             {`{"users": [], "roles": []}`, ann, true},
		"a user of the list":      {`{"users": ["bob", "ann"]}`, ann, true},
		"another user":            {`{"users": ["bob"]}`, ann, false},
		"an admin is no user":     {`{"users": ["bob"]}`, inquiry.Person{User: "root", Admin: true}, false},
		"who has the role":        {`{"roles": ["ops"]}`, inquiry.Person{User: "ann", Roles: []string{"dev", "ops"}}, true},
		"who has another":         {`{"roles": ["ops"]}`, inquiry.Person{User: "ann", Roles: []string{"dev"}}, false},
		"an admin has every role": {`{"roles": ["ops"]}`, inquiry.Person{User: "root", Admin: true}, true},
		"both lists count":        {`{"users": ["ann"], "roles": ["ops"]}`, ann, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := read(t, tt.lists).Permit(tt.p)
			switch {
			case tt.may && err != nil:
				t.Error(err)
			case !tt.may && fault.KindOf(err) != fault.Forbidden:
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
}

func TestWhatCanBeAnswered(t *testing.T) {
	for name, tt := range map[string]struct {
		runner string
		status execution.Status
		want   string
	}{
		"open":          {inquiry.Runner, execution.Pending, ""},
		"no inquiry":    {"noop", execution.Pending, `Action execution "e1" is not an inquiry.`},
		"too late":      {inquiry.Runner, execution.Timeout, `Inquiry "e1" timed out and cannot be responded to.`},
		"once more":     {inquiry.Runner, execution.Succeeded, `Inquiry "e1" has already been responded to.`},
		"not yet asked": {inquiry.Runner, execution.Scheduled, `Inquiry "e1" cannot be responded to: it is scheduled.`},
		"canceled":      {inquiry.Runner, execution.Canceled, `Inquiry "e1" cannot be responded to: it is canceled.`},
	} {
		t.Run(name, func(t *testing.T) {
			err := inquiry.Open(&execution.Execution{ID: "e1", Runner: tt.runner, Status: tt.status})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

const yesOrNo = `{"schema": {"type": "object", "properties": {
	"continue": {"type": "boolean", "required": true}, "why": {"type": "string", "default": "because"},
	"pin": {"type": "string", "secret": true}}}, "roles": [], "users": [], "route": "ops", "ttl": 5}`

func TestAnAnswerIsPartOfTheResult(t *testing.T) {
	got, err := read(t, yesOrNo).Answered(dict(t, `{"continue": false}`))
	if err != nil {
		t.Fatal(err)
	}
	want := dict(t, yesOrNo)
	want.Set("response", dict(t, `{"continue": false, "why": "because"}`))
	if diff := cmp.Diff(value.Repr(want), value.Repr(dict(t, string(got)))); diff != "" {
		t.Error(diff)
	}
}

func TestAnAnswerThatDoesNotFit(t *testing.T) {
	_, err := read(t, yesOrNo).Answered(dict(t, `{"continue": 123}`))
	const want = `Response for inquiry "e1" did not pass schema validation. 123 is not of type 'boolean'

Failed validating 'type' in schema['properties']['continue']:
    {'type': 'boolean', 'required': True}

On instance['continue']:
    123`
	if fault.KindOf(err) != fault.Invalid || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestSecretsOfAnAnswerAreNotShown(t *testing.T) {
	answered, err := read(t, yesOrNo).Answered(dict(t, `{"continue": true, "pin": "1234"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := dict(t, string(inquiry.Masked(answered))).Get("response")
	if want := "{'continue': True, 'pin': '********', 'why': 'because'}"; value.Repr(got) != want {
		t.Errorf("got %s, want %s", value.Repr(got), want)
	}
	for _, as := range []string{yesOrNo, `{"message": "Action canceled by user."}`, `[1]`, `no JSON`} {
		if got := string(inquiry.Masked([]byte(as))); got != as {
			t.Errorf("%s became %s", as, got)
		}
	}
}

func TestHowLongAnAnswerIsWaitedFor(t *testing.T) {
	asked := time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC)
	for ttl, want := range map[string]time.Time{
		"1":                    asked.Add(time.Minute),
		"1440":                 asked.Add(24 * time.Hour),
		"0":                    {},
		"-1":                   {},
		"null":                 {},
		"9223372036854775807":  {},
		"99223372036854775807": {},
	} {
		if got := read(t, `{"ttl": `+ttl+`}`).Expires(asked); !got.Equal(want) {
			t.Errorf("ttl %s: until %v, want %v", ttl, got, want)
		}
	}
}

func TestWhatIsNoInquiry(t *testing.T) {
	for _, result := range []string{`[]`, `null`, `{`} {
		if i, err := inquiry.Read("e1", []byte(result)); err == nil {
			t.Errorf("%s is %+v", result, i)
		}
	}
}
