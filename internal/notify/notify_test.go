package notify_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/notify"
)

func TestDue(t *testing.T) {
	const all = `{
		"on-complete": {"routes": ["ops"], "message": "{{ x }}"},
		"on-success": {"channels": ["dev"], "data": {"a": 1}},
		"on-failure": {"routes": ["ops", "boss"]}}`
	complete := notify.Notice{Message: "{{ x }}", Data: value.NewDict(), Routes: []value.Value{"ops"}}
	success := notify.Notice{Message: "Action a.b succeeded.", Data: value.NewDict(), Routes: []value.Value{"dev"}}
	success.Data.Set("a", int64(1))
	failure := notify.Notice{Message: "Action a.b failed.", Data: value.NewDict(), Routes: []value.Value{"ops", "boss"}}
	tests := map[string]struct {
		notify string
		status execution.Status
		want   []notify.Notice
	}{
		"nothing said": {"", execution.Succeeded, nil},
		"null":         {"null", execution.Succeeded, nil},
		"success":      {all, execution.Succeeded, []notify.Notice{complete, success}},
		"failure":      {all, execution.Failed, []notify.Notice{complete, failure}},
		"timeout":      {all, execution.Timeout, []notify.Notice{complete, failure}},
		"abandoned":    {all, execution.Abandoned, []notify.Notice{complete, failure}},
		"canceled":     {all, execution.Canceled, []notify.Notice{complete}},
		"not over":     {all, execution.Running, nil},
		"without routes": {
			`{"on-complete": {"message": "x"}}`, execution.Succeeded,
			[]notify.Notice{{Message: "x", Data: value.NewDict(), Routes: []value.Value{notify.DefaultRoute}}},
		},
		"with no route": {`{"on-complete": {"message": "x", "routes": []}}`, execution.Succeeded, nil},
		"default words": {
			`{"on-complete": {"routes": [1]}}`, execution.Succeeded,
			[]notify.Notice{{Message: "Action a.b completed.", Data: value.NewDict(), Routes: []value.Value{int64(1)}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := notify.Due(&execution.Execution{Action: "a.b", Status: tt.status, Notify: []byte(tt.notify)})
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b *value.Dict) bool { return value.Equal(a, b) })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFilled(t *testing.T) {
	for given, want := range map[string]string{
		"": "", "null": "null", "{}": "{}", `{"on-success":{"routes":[]},"on-failure":null}`: `{"on-success":{"routes":[]},"on-failure":null}`,
		`{"on-complete":{"message":"x"},"on-failure":{"channels":["c"]}}`: `{"on-complete":{"message":"x","routes":["notify.default"]},"on-failure":{"channels":["c"]}}`,
	} {
		if got := string(notify.Filled([]byte(given))); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		notify string
		want   []string
	}{
		"nothing":  {"null", nil},
		"all good": {`{"on-success": {"message": "m", "data": {}, "routes": [], "channels": null}, "on-failure": null}`, nil},
		"a text":   {`"ops"`, []string{"notify is of type str, not a mapping"}},
		"all at once": {`{"on-succes": {}, "on-failure": [], "on-complete": {"message": 1, "data": "x", "routes": "ops", "route": 1}}`, []string{
			`notify: unknown key "on-succes"; did you mean "on-success"?`,
			`notify: unknown key "route"; did you mean "routes"?`,
			"notify.on-complete.message is of type int, not a text",
			"notify.on-complete.data is of type str, not a mapping",
			"notify.on-complete.routes is of type str, not a list",
			"notify.on-failure is of type list, not a mapping",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := value.FromJSON([]byte(tt.notify))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range notify.Check(v) {
				if m.Hint != "" {
					m.Msg += "; " + m.Hint
				}
				got = append(got, m.Msg)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
