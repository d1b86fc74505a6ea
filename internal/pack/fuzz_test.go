package pack_test

import (
	"testing"
	"testing/fstest"

	"github.com/nightshift-run/nightshift/internal/pack"
)

// fuzz reads a file of metadata of any content: whatever it is, each error has a
// file and a message, and what is read is whole.
func fuzz(f *testing.F, file string, seeds ...string) {
	f.Helper()
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"pack.yaml": {Data: []byte(manifest)}}
		fsys[file] = &fstest.MapFile{Data: data}
		content, found := pack.Read(fsys, ".", pack.Options{Runner: runners})
		found = append(found, content.CheckTriggers(types(content))...)
		for _, finding := range found {
			if finding.File == "" || finding.Msg == "" {
				t.Errorf("a finding that says nothing: %+v", finding)
			}
		}
		if file == "pack.yaml" && content.Pack == nil && !found.Failed() {
			t.Error("the pack is left out without a word")
		}
		for _, a := range content.Actions {
			if a.Name == "" || a.Ref != "demo."+a.Name || a.Parameters == nil {
				t.Errorf("not whole: %+v", a)
			}
		}
		for _, r := range content.Rules {
			if r.Name == "" || r.Action.Ref == "" || r.Trigger.Type == "" || r.Criteria == nil {
				t.Errorf("not whole: %+v", r)
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	fuzz(f, "pack.yaml", manifest, "name: x\nversion: 0.10\npython_versions: [2, 3]\nsystem: []\n")
}

func FuzzAction(f *testing.F) {
	fuzz(f, "actions/a.yaml",
		"name: a\nrunner_type: local-shell-cmd\nparameters:\n  cmd: {default: x, immutable: true}\n  p: {type: string, position: 0}\n",
		"name: 1\nrunner_type: x\nnotify: {on-success: {routes: [a]}}\noutput_schema: {a: {type: x}}\ntags: [1]\n",
		"name: a\nrunner_type: noop\nparameters: {yes: {type: [a]}, a: {items: {$ref: '#'}}}\n")
}

func FuzzRule(f *testing.F) {
	fuzz(f, "rules/r.yaml",
		"name: r\nenabled: true\ntrigger: {type: core.st2.webhook, parameters: {url: x}}\ncriteria: {trigger.body.a: {type: equals, pattern: 1}}\naction: {ref: demo.a}\n",
		"name: r\ntrigger: {type: core.st2.CronTimer, parameters: {hour: 25}}\ncriteria: {trigger.a: {type: search, condition: any, pattern: {item.b: {type: regex, pattern: '('}}}}\naction: {ref: x}\ntype: {ref: backstop}\n")
}

func FuzzTrigger(f *testing.F) {
	fuzz(f, "triggers/t.yaml", "name: t\npayload_schema: {type: object, properties: {a: {type: [string, object]}}}\nparameters_schema: {anyOf: [{type: null}]}\n")
}

func FuzzSensor(f *testing.F) {
	fuzz(f, "sensors/s.yaml", "class_name: S\nentry_point: s.py\npoll_interval: 1.5\ntrigger_types: [{name: t, payload_schema: {}}, 1]\n")
}

func FuzzAlias(f *testing.F) {
	fuzz(f, "aliases/a.yaml", "name: a\naction_ref: core.local\nformats: ['x {{y=1}}', {display: d, representation: [e]}]\nack: {enabled: no}\nresult: {format: '{~}'}\n")
}

func FuzzPolicy(f *testing.F) {
	fuzz(f, "policies/p.yaml", "name: p\nresource_ref: core.http\npolicy_type: action.retry\nparameters: {retry_on: timeout, max_retry_count: 9}\n")
}

func FuzzConfigSchema(f *testing.F) {
	fuzz(f, "config.schema.yaml", "a: {type: string, secret: true, required: yes}\nb: {type: object, properties: {c: {default: 1}}}\n")
}
