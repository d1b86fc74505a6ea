package cli

import (
	"errors"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// schemas are the kinds of parameters that the cases give.
const schemas = `{
	"name": {"type": "string"}, "cmd": {"type": "string"}, "n": {"type": "integer"}, "f": {"type": "number"},
	"b": {"type": "boolean"}, "o": {"type": "object"}, "a": {"type": "array"}, "untyped": {},
	"either": {"type": ["string", "integer"]}, "maybe": {"type": ["null", "boolean"]},
	"ints": {"type": "array", "items": {"type": "integer"}},
	"dicts": {"type": "array", "items": {"type": "object"}, "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
}`

func TestParameters(t *testing.T) {
	tests := map[string]struct {
		words    []string
		autoDict bool
		want     string // JSON, or the error
	}{
		"nothing":               {nil, false, `{}`},
		"text":                  {[]string{"name=x"}, false, `{"name":"x"}`},
		"equals sign in a text": {[]string{"name=foo=bar&ponies=unicorns"}, false, `{"name":"foo=bar&ponies=unicorns"}`},
		"empty text":            {[]string{"name="}, false, `{"name":""}`},
		"unknown parameter":     {[]string{"other=5"}, false, `{"other":"5"}`},
		"no type":               {[]string{"untyped=5"}, false, `{"untyped":"5"}`},
		"whole number":          {[]string{"n=30"}, false, `{"n":30}`},
		"negative number":       {[]string{"n=-30"}, false, `{"n":-30}`},
		"no whole number":       {[]string{"n=3.5"}, false, `parameter n: "3.5" is not a whole number`},
		"number":                {[]string{"f=3.01"}, false, `{"f":3.01}`},
		"no number":             {[]string{"f=x"}, false, `parameter f: "x" is not a number`},
		"true":                  {[]string{"b=True"}, false, `{"b":true}`},
		"false":                 {[]string{"b=false"}, false, `{"b":false}`},
		"yes":                   {[]string{"b=yes"}, false, `{"b":true}`},
		"none":                  {[]string{"b=none"}, false, `{"b":null}`},
		"neither":               {[]string{"b=maybe"}, false, `parameter b: "maybe" is neither true nor false`},
		"object in JSON":        {[]string{`o={"a":1}`}, false, `{"o":{"a":1}}`},
		"object in pairs":       {[]string{"o=a=1,b=2=3"}, false, `{"o":{"a":"1","b":"2=3"}}`},
		"empty object":          {[]string{"o="}, false, `{"o":{}}`},
		"no object":             {[]string{"o=x"}, false, `parameter o: "x" is no object: it is JSON or a=b,c=d`},
		"array of texts":        {[]string{"a=one,two, three"}, false, `{"a":["one","two","three"]}`},
		"array of one number":   {[]string{"a=51"}, false, `{"a":[51]}`},
		"array in JSON":         {[]string{`a=[1, "b", {"c": 2}]`}, false, `{"a":[1,"b",{"c":2}]}`},
		"array of one object":   {[]string{`a={"c": 2}`}, false, `{"a":[{"c":2}]}`},
		"broken array":          {[]string{"a=[1,"}, false, `parameter a: `},
		"array in several words": {
			[]string{"a=one", "a=two,three", `a=[4]`},
			false, `{"a":["one","two","three",4]}`,
		},
		"array of whole numbers":        {[]string{"ints=1,2,3"}, false, `{"ints":[1,2,3]}`},
		"not an array of whole numbers": {[]string{"ints=1,x"}, false, `parameter ints: item 2: "x" is not a whole number`},
		"pairs are texts":               {[]string{"dicts=id:1,name:x"}, false, `{"dicts":["id:1","name:x"]}`},
		"pairs are an object":           {[]string{"dicts=id:1,name:x"}, true, `{"dicts":[{"id":1,"name":"x"}]}`},
		"several objects":               {[]string{"dicts=id:1,name:x", "dicts=id:2,name:y"}, true, `{"dicts":[{"id":1,"name":"x"},{"id":2,"name":"y"}]}`},
		"pairs of unknown things":       {[]string{"a=k:v"}, true, `{"a":[{"k":"v"}]}`},
		"no pairs":                      {[]string{"a=k:v,x"}, true, `{"a":["k:v","x"]}`},
		"one of several types":          {[]string{"either=5", "maybe=true"}, false, `{"either":5,"maybe":true}`},
		"template for a number":         {[]string{"n={{ st2kv.system.n }}", "b={{ x }}", "a={{ list }}"}, false, `{"n":"{{ st2kv.system.n }}","b":"{{ x }}","a":"{{ list }}"}`},
		"words are a command":           {[]string{"ls", "-l", "a=b"}, false, `{"cmd":"ls -l a=b"}`},
		"words after a parameter":       {[]string{"name=x", "echo", "hello world"}, false, `{"name":"x","cmd":"echo hello world"}`},
		"file":                          {[]string{"@name=/f"}, false, `{"name":"content of /f"}`},
		"file as a value":               {[]string{"o=@f.json"}, false, `{"o":"content of f.json"}`},
		"no such file":                  {[]string{"@name=gone"}, false, `parameter name: there is no file gone`},
		"no such path":                  {[]string{"name=@./gone"}, false, `parameter name: there is no file ./gone`},
		"not a file":                    {[]string{"name=@gone"}, false, `{"name":"@gone"}`},
		"several mistakes":              {[]string{"n=x", "f=y"}, false, `parameter n: "x" is not a whole number; parameter f: "y" is not a number`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			own := value.NewDict()
			if err := own.UnmarshalJSON([]byte(schemas)); err != nil {
				t.Fatal(err)
			}
			p := parameterReader{action: "test.action", runner: value.NewDict(), own: own, autoDict: tt.autoDict, readFile: fakeFiles}
			got, err := p.read(tt.words)
			if err != nil {
				if len(tt.want) == 0 || len(err.Error()) < len(tt.want) || err.Error()[:len(tt.want)] != tt.want {
					t.Errorf("got the error %q, want %s", err, tt.want)
				}
				return
			}
			if b, err := value.ToJSON(got); err != nil || string(b) != tt.want {
				t.Errorf("got %s, %v; want %s", b, err, tt.want)
			}
		})
	}
}

// fakeFiles has all files but those that are called gone.
func fakeFiles(path string) (string, error) {
	if path == "gone" || path == "./gone" {
		return "", errors.New("there is no file " + path)
	}
	return "content of " + path, nil
}

func TestUploadsOfCoreHTTP(t *testing.T) {
	p := parameterReader{action: "core.http", runner: value.NewDict(), own: value.NewDict(), readFile: fakeFiles}
	got, err := p.read([]string{"url=http://x", "@file=/tmp/a.txt"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"url":"http://x","file_content":"content of /tmp/a.txt","method":"POST","file_name":"a.txt"}`
	if b, err := value.ToJSON(got); err != nil || string(b) != want {
		t.Errorf("got %s, %v; want %s", b, err, want)
	}
}

// The type that a runner gives its parameter is the one that counts: an action
// may only override other things.
func TestTheRunnerSaysTheType(t *testing.T) {
	own, runner := value.NewDict(), value.NewDict()
	for d, text := range map[*value.Dict]string{own: `{"n": {"default": 5}, "m": {"type": "integer"}}`, runner: `{"n": {"type": "integer"}}`} {
		if err := d.UnmarshalJSON([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	p := parameterReader{runner: runner, own: own, readFile: fakeFiles}
	got, err := p.read([]string{"n=5", "m=6"})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := value.ToJSON(got); err != nil || string(b) != `{"n":5,"m":6}` {
		t.Errorf("got %s, %v; want whole numbers", b, err)
	}
}

// FuzzParameters holds the promise that any word is read or refused.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{"name=x", "a=1,b:2", "o={", "n=1_0", "f=inf", "@name=x", "=", "a=[{}]", "dicts=id:1"} {
		f.Add(seed, true)
	}
	own := value.NewDict()
	if err := own.UnmarshalJSON([]byte(schemas)); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, word string, autoDict bool) {
		p := parameterReader{action: "core.http", runner: value.NewDict(), own: own, autoDict: autoDict, readFile: fakeFiles}
		got, err := p.read([]string{word})
		if (got == nil) == (err == nil) {
			t.Fatalf("got %v and %v for %q", got, err, word)
		}
		if err != nil && err.Error() == "" {
			t.Fatalf("an error without words for %q", word)
		}
	})
}
