package check_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/prober/check"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// made makes the check of a probe and holds its payload against its type. It has
// as long as the probe's timeout.
func made(t *testing.T, kind, params string) probe.Outcome {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(params)); err != nil {
		t.Fatal(err)
	}
	spec, err := probe.Parse(kind, d)
	if err != nil {
		t.Fatal(err)
	}
	c := spec.(probe.Check)
	ctx, cancel := context.WithTimeout(t.Context(), c.Often().Limit())
	defer cancel()
	o := check.New(check.Options{Version: "1.2.3"}).Check(ctx, c)
	fits(t, kind, c, o)
	return o
}

// fits checks that an event of the outcome is one that its type declares.
func fits(t *testing.T, kind string, c probe.Check, o probe.Outcome) {
	t.Helper()
	s := probe.State{}
	switch o.Verdict {
	case probe.Unknown:
		return
	case probe.Well:
		s.Status = probe.Firing
	case probe.Failed:
	}
	for s.Due == nil {
		s = s.Next(c, o, time.Now())
	}
	for _, typ := range probe.Types() {
		if typ.Ref != kind {
			continue
		}
		declared, payload := value.NewDict(), value.NewDict()
		if err := declared.UnmarshalJSON([]byte(typ.PayloadSchema)); err != nil {
			t.Fatal(err)
		}
		if err := payload.UnmarshalJSON(jsonOf(t, s.Due.Payload)); err != nil {
			t.Fatal(err)
		}
		compiled, err := schema.Compile(declared)
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Check(payload); err != nil {
			t.Errorf("the payload %v: %v", payload, err)
		}
		if properties, _ := declared.Get("properties"); properties.(*value.Dict).Len() != payload.Len() {
			t.Errorf("the payload %v has not all that is declared: %v", payload, properties)
		}
	}
}

func expect(t *testing.T, o probe.Outcome, verdict probe.Verdict, reason, message string) {
	t.Helper()
	if o.Verdict != verdict || o.Reason != reason || !strings.Contains(o.Message, message) {
		t.Errorf("got %v %q %q, want %v %q and %q in it", o.Verdict, o.Reason, o.Message, verdict, reason, message)
	}
}

func TestHTTP(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/well", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "all is well, "+r.Header.Get("X-Name")+" of "+r.Host+" with "+r.UserAgent())
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.Handle("/away", http.RedirectHandler("/broken", http.StatusFound))
	mux.HandleFunc("/head", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	})
	hang := make(chan struct{})
	mux.HandleFunc("/hangs", func(http.ResponseWriter, *http.Request) { <-hang })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-hang
	})
	mux.HandleFunc("/breaks", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s := httptest.NewServer(mux)
	defer s.Close()
	defer close(hang)
	secure := httptest.NewTLSServer(mux)
	defer secure.Close()

	tests := map[string]struct {
		path, params    string
		verdict         probe.Verdict
		reason, message string
		code            any
	}{
		"well":                     {"/well", ``, probe.Well, "ok", "200 OK", 200},
		"headers are sent":         {"/well", `, "headers": {"X-Name": "ada", "Host": "web"}, "contains": "well, ada of web with nightshift/1.2.3"`, probe.Well, "ok", "", 200},
		"the text is not there":    {"/well", `, "contains": "unwell"`, probe.Failed, "body", `"unwell"`, 200},
		"broken":                   {"/broken", ``, probe.Failed, "status", "503 Service Unavailable", 503},
		"broken as expected":       {"/broken", `, "expect_status": [500, 503]`, probe.Well, "ok", "503", 503},
		"broken behind a redirect": {"/away", ``, probe.Failed, "status", "503", 503},
		"not redirected":           {"/away", `, "follow_redirects": false`, probe.Well, "ok", "302", 302},
		"HEAD":                     {"/head", `, "method": "HEAD"`, probe.Well, "ok", "", 200},
		"hangs":                    {"/hangs", `, "timeout": 0.1`, probe.Failed, "timeout", "", nil},
		"hangs in the middle":      {"/slow", `, "timeout": 0.1, "contains": "x"`, probe.Failed, "timeout", "", 200},
		"breaks":                   {"/breaks", ``, probe.Failed, "unreachable", "EOF", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := made(t, probe.HTTPCheck, `{"url": "`+s.URL+tt.path+`"`+tt.params+`}`)
			expect(t, o, tt.verdict, tt.reason, tt.message)
			if o.Facts["status_code"] != tt.code {
				t.Errorf("the status is %v, want %v", o.Facts["status_code"], tt.code)
			}
		})
	}
	t.Run("a certificate that nobody trusts", func(t *testing.T) {
		expect(t, made(t, probe.HTTPCheck, `{"url": "`+secure.URL+`/well"}`), probe.Failed, "unreachable", "certificate")
		expect(t, made(t, probe.HTTPCheck, `{"url": "`+secure.URL+`/well", "verify": false}`), probe.Well, "ok", "")
	})
	t.Run("nobody there", func(t *testing.T) {
		expect(t, made(t, probe.HTTPCheck, `{"url": "http://`+nobody(t)+`/"}`), probe.Failed, "unreachable", "refused")
	})
}

// nobody returns an address at which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test
	return l.Addr().String()
}
