package st2

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/cli"
	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// recorded is a whole run of StackStorm's client.
type recorded struct {
	Argv           []string
	Env            map[string]string
	Columns        int
	SkipConfig     bool `json:"skip_config"`
	HTTP           []exchange
	Exit           int
	Stdout, Stderr string
	Files          map[string]string
	Help           bool
	PythonError    bool `json:"python_error"`
}

type exchange struct {
	Method, URL string
	Params      map[string]any
	Headers     map[string]string
	Body        json.RawMessage
	Auth        []string
	Answer      struct {
		Status  int
		Reason  string
		JSON    json.RawMessage
		Text    *string
		Headers map[string]string
	}
	Exception any
}

// script answers requests as they were answered when the run was recorded, and
// finds what is different in them.
type script struct {
	left []exchange
	errs []error
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	if len(s.left) == 0 {
		s.errs = append(s.errs, fmt.Errorf("a request too many: %s %s", req.Method, req.URL))
		return nil, errors.New("nobody answers")
	}
	x := s.left[0]
	s.left = s.left[1:]
	if err := x.compare(req); err != nil {
		s.errs = append(s.errs, err)
	}
	body := ""
	if x.Answer.Text != nil {
		body = *x.Answer.Text
	} else if v, err := value.FromJSON(x.Answer.JSON); err == nil {
		b, err := value.AppendJSONOptions(nil, v, value.JSONOptions{Item: ", ", Key: ": "}) // as it was printed
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	res := &http.Response{
		StatusCode: x.Answer.Status, Status: fmt.Sprint(x.Answer.Status, " ", x.Answer.Reason), Header: http.Header{}, Request: req,
		Body: io.NopCloser(strings.NewReader(body)),
	}
	for name, v := range x.Answer.Headers {
		res.Header.Set(name, v)
	}
	return res, nil
}

func (x *exchange) compare(req *http.Request) error {
	want, err := url.Parse(x.URL)
	if err != nil {
		return err
	}
	query := want.Query()
	for name, v := range x.Params {
		query.Set(name, fmt.Sprint(v))
	}
	asked := *req.URL
	got := asked.Query()
	want.RawQuery, asked.RawQuery = "", ""
	if x.Method != req.Method || want.String() != asked.String() {
		return fmt.Errorf("got %s %s, want %s %s", req.Method, &asked, x.Method, want)
	}
	if diff := cmp.Diff(query, got); diff != "" {
		return fmt.Errorf("query of %s (-want +got):\n%s", want, diff)
	}
	for name, v := range x.Headers {
		if req.Header.Get(name) != v {
			return fmt.Errorf("header %s of %s: got %q, want %q", name, want, req.Header.Get(name), v)
		}
	}
	if user, password, ok := req.BasicAuth(); len(x.Auth) > 0 && (!ok || user != x.Auth[0] || password != x.Auth[1]) {
		return fmt.Errorf("%s: got %q and %q, want %q", want, user, password, x.Auth)
	}
	if x.Body == nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	var gotBody, wantBody any
	if err := errors.Join(json.Unmarshal(body, &gotBody), json.Unmarshal(x.Body, &wantBody)); err != nil {
		return err
	}
	if diff := cmp.Diff(wantBody, gotBody); diff != "" {
		return fmt.Errorf("body of %s (-want +got):\n%s", want, diff)
	}
	return nil
}

// TestConformanceCLI repeats runs of StackStorm's client: the same words must lead
// to the same requests, and the same answers to the same output and exit code.
func TestConformanceCLI(t *testing.T) {
	conformance.Run(t, "st2client_cli", "testdata/known_st2client_cli.txt", func(c conformance.Case) error {
		var r recorded
		if err := decode(c, &r); err != nil {
			return err
		}
		dir := t.TempDir()
		for name, content := range r.Files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				return err
			}
		}
		argv := slices.Clone(r.Argv)
		for i, word := range argv {
			if _, ok := r.Files[word]; ok {
				argv[i] = filepath.Join(dir, word)
			}
		}
		env := maps.Clone(r.Env)
		if env == nil {
			env = map[string]string{}
		}
		if r.SkipConfig {
			env["ST2_CLI_SKIP_CONFIG"] = "1"
		}
		s := &script{left: r.HTTP}
		var out, errOut bytes.Buffer
		code := Execute(t.Context(), cli.Options{
			Out: &out, Err: &errOut, HTTP: &http.Client{Transport: s}, Home: dir,
			Getenv: func(name string) string { return env[name] }, Width: func() int { return r.Columns },
		}, argv)
		for _, x := range s.left {
			s.errs = append(s.errs, fmt.Errorf("%s %s was not asked", x.Method, x.URL))
		}
		if code != r.Exit {
			s.errs = append(s.errs, fmt.Errorf("exit code: got %d, want %d", code, r.Exit))
		}
		if r.Help {
			if usage := "usage: st2 " + strings.Join(r.Argv[:2], " "); !strings.HasPrefix(out.String(), usage) {
				s.errs = append(s.errs, fmt.Errorf("got %q, want the help of %q", out.String(), usage))
			}
		} else if !r.PythonError {
			if diff := cmp.Diff(r.Stdout, out.String()); diff != "" {
				s.errs = append(s.errs, fmt.Errorf("output (-want +got):\n%s", diff))
			}
			if diff := cmp.Diff(r.Stderr, errOut.String()); diff != "" {
				s.errs = append(s.errs, fmt.Errorf("errors (-want +got):\n%s", diff))
			}
		}
		return errors.Join(s.errs...)
	})
}

func decode(c conformance.Case, into any) error {
	b, err := json.Marshal(c.Raw)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// part returns a part of a case as a value; what can't be read is found where it is
// compared.
func part(c conformance.Case, name string) value.Value {
	v, _ := c.Value(name)
	return v
}

func TestConformanceArgs(t *testing.T) {
	conformance.Run(t, "st2client_args", "testdata/known_st2client_args.txt", func(c conformance.Case) error {
		env := dict(part(c, "env"))
		a := newApp(cli.Options{Getenv: func(name string) string { return text(env, name) }})
		switch c.Kind {
		case "parse":
			argv := wordsOf(part(c, "argv"))
			got, err := a.parse(argv)
			if err != nil {
				return err
			}
			if want := c.Text("command"); want != "st2 "+got.cmd.name {
				return fmt.Errorf("got the command %q, want %q", got.cmd.name, want)
			}
			return conformance.Compare(part(c, "values"), got.args.Dict, false)
		case "endpoints":
			a.settings.file = options()
			e, err := a.locate(&call{app: a, args: arguments{dict(part(c, "values"))}})
			if err != nil {
				return err
			}
			got := value.NewDict()
			for name, v := range map[string]string{"base": e.Base, "exp": e.Exp, "api": e.API, "auth": e.Auth, "stream": e.Stream} {
				got.Set(name, v)
			}
			return c.CompareResult(got)
		case "run_parameters":
			p := parameterReader{
				action: c.Text("action_ref"), own: dict(part(c, "action_parameters")), runner: dict(part(c, "runner_parameters")),
				autoDict: part(c, "auto_dict") == true,
			}
			got, err := p.read(wordsOf(part(c, "parameters")))
			if err != nil {
				return err
			}
			return c.CompareResult(got)
		}
		return fmt.Errorf("an unknown kind of case: %s", c.Kind)
	})
}

func TestConformanceUtil(t *testing.T) {
	conformance.Run(t, "st2client_util", "testdata/known_st2client_util.txt", func(c conformance.Case) error {
		args := dict(part(c, "args"))
		var got value.Value
		var err error
		switch c.Kind {
		case "get_kvps":
			got, err = pick(field(args, "doc"), arguments{args}.words("keys"))
		case "get_value":
			got, err = lookUp(field(args, "doc"), text(args, "key"))
		case "merge_dicts":
			got = merge(dict(field(args, "d1")), dict(field(args, "d2")))
		case "unescape":
			got = unescape(text(args, "s"))
		case "strip_carriage_returns":
			got = withoutReturns(text(args, "s"))
		case "format_dt":
			at, ok := field(args, "dt").(value.DateTime)
			if !ok {
				return fmt.Errorf("no time: %v", field(args, "dt"))
			}
			got = formatTime(at.Time.In(time.UTC))
		case "note_box":
			// What it prints was not recorded, only that it gives nothing back.
			limit := arguments{args}.number("limit")
			if box := noteBox(text(args, "entity"), limit, 0); strings.Count(box, "\n") != 2 {
				return fmt.Errorf("no box: %s", box)
			}
		default:
			return fmt.Errorf("an unknown kind of case: %s", c.Kind)
		}
		if want := c.Text("message"); want != "" {
			if err == nil {
				return fmt.Errorf("got %s, want the error %s", value.Repr(got), want)
			}
			return nil
		}
		if err != nil {
			return err
		}
		return c.CompareResult(got)
	})
}
