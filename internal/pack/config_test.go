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
		"instances":        {"url: x\nsensor_instances:\n  Watch: {a: {port: 2}, b: }\n", "{'url': 'x', 'sensor_instances': {'Watch': {'a': {'port': 2}, 'b': None}}}", ""},
		"wrong instances": {
			"url: x\nport: y\nsensor_instances:\n  Wach: {a: {}}\n  Watch: {a: {port: z, prot: 1}, 'a/b': {}, c: 5}\n", "None",
			"demo.yaml:2:7: error: 'y' is not of type 'integer'\n" +
				"demo.yaml:4:3: error: there is no key 'Wach' here; did you mean Watch?\n" +
				"demo.yaml:5:21: error: 'z' is not of type 'integer'\n" +
				"demo.yaml:5:24: warning: there is no key 'prot' here; did you mean port?\n" +
				"demo.yaml:5:34: error: an instance can't be called 'a/b': a name has letters, digits and the signs _ . -, 64 at most\n" +
				"demo.yaml:5:48: error: c is 5, not a mapping",
		},
		"instances of none": {"url: x\nsensor_instances: [Watch]\n", "None", "demo.yaml:2:19: error: sensor_instances is ['Watch'], not a mapping"},
		"empty":             {"", "{}", ""},
		"not YAML":          {"a: b: c", "None", "demo.yaml:1:5: error: a mapping cannot begin here; if the ':' belongs to the value before it, put that value in quotes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, found := pack.ReadConfig(fstest.MapFS{"demo.yaml": {Data: []byte(test.text)}}, "demo", v.(*value.Dict), []string{"Watch"})
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
	if d, found := pack.ReadConfig(fstest.MapFS{}, "demo", v.(*value.Dict), []string{"Watch"}); d != nil || found != nil {
		t.Errorf("without a file: %v, %s", d, found)
	}
}

func TestMaskConfig(t *testing.T) {
	dict := func(text string) *value.Dict {
		v, err := value.FromJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return v.(*value.Dict)
	}
	config := dict(`{"key": "a", "sensor_instances": {"Watch": {"x": {"key": "b", "port": 1}, "y": null}}}`)
	tests := map[string]struct{ attributes, want string }{
		"instances":          {`{"key": {"type": "string", "secret": true}}`, "{'key': '********', 'sensor_instances': {'Watch': {'x': {'key': '********', 'port': 1}, 'y': None}}}"},
		"a key of that name": {`{"key": {"type": "string", "secret": true}, "sensor_instances": {"type": "object", "secret": true}}`, "{'key': '********', 'sensor_instances': '********'}"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := value.Repr(config)
			if got := value.Repr(pack.MaskConfig(config, dict(test.attributes))); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if after := value.Repr(config); after != before {
				t.Errorf("the configuration became %s", after)
			}
		})
	}
}
