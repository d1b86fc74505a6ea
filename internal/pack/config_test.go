package pack_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
)

func TestReadConfig(t *testing.T) {
	v, err := value.FromJSON([]byte(`{"url": {"type": "string", "required": true}, "port": {"type": "integer", "default": 1}, "key": {"type": "string", "secret": true},
		"login": {"type": "object", "properties": {"user": {"type": "string", "required": true}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ text, want, found string }{
		"sound":            {"url: x\nmore: 1\n", "{'url': 'x', 'more': 1}", ""},
		"templates":        {"url: x\nport: '{{ st2kv.system.port }}'\nkey: '{{ st2kv.system.key }}'\n", "{'url': 'x', 'port': '{{ st2kv.system.port }}', 'key': '{{ st2kv.system.key }}'}", ""},
		"decrypted twice":  {"url: x\nkey: '{{ st2kv.system.key | decrypt_kv }}'\n", "None", "demo.yaml:2:6: error: key is secret, so its value is decrypted anyway; leave decrypt_kv out"},
		"several mistakes": {"port: [x]\nlogin: {user: 5}\n", "None", "demo.yaml:1:1: error: 'url' is a required property\ndemo.yaml:1:7: error: ['x'] is not of type 'integer'\ndemo.yaml:2:15: error: 5 is not of type 'string'"},
		"empty":            {"", "{}", ""},
		"not YAML":         {"a: b: c", "None", "demo.yaml:1:5: error: a mapping cannot begin here; if the ':' belongs to the value before it, put that value in quotes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, found := pack.ReadConfig(fstest.MapFS{"demo.yaml": {Data: []byte(test.text)}}, "demo", v.(*value.Dict))
			got := "None"
			if d != nil {
				got = value.Repr(d)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if diff := cmp.Diff(test.found, found.String()); diff != "" {
				t.Errorf("findings (-want +got)\n%s", diff)
			}
		})
	}
	if d, found := pack.ReadConfig(fstest.MapFS{}, "demo", v.(*value.Dict)); d != nil || found != nil {
		t.Errorf("without a file: %v, %s", d, found)
	}
}
