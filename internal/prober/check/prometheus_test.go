package check_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/probe"
)

func TestPrometheus(t *testing.T) {
	vector := func(samples string) string {
		return `{"status":"success","data":{"resultType":"vector","result":[` + samples + `]}}`
	}
	answers := map[string]string{
		"two":       vector(`{"metric":{"__name__":"load","host":"a"},"value":[1795000000.5,"3"]},{"metric":{"host":"b"},"value":[1795000000.5,"7.5"]}`),
		"none":      vector(``),
		"nan":       vector(`{"metric":{},"value":[1795000000,"NaN"]}`),
		"inf":       vector(`{"metric":{},"value":[1795000000,"+Inf"]}`),
		"scalar":    `{"status":"success","data":{"resultType":"scalar","result":[1795000000,"5"]}}`,
		"matrix":    `{"status":"success","data":{"resultType":"matrix","result":[]}}`,
		"string":    `{"status":"success","data":{"resultType":"string","result":[1795000000,"x"]}}`,
		"histogram": vector(`{"metric":{},"histogram":[1795000000,{"count":"10","sum":"5","buckets":[[1,"0.5","1","10"]]}]}`),
		"wrong":     `{"status":"error","errorType":"bad_data","error":"1:3: parse error: unexpected end of input"}`,
		"html":      `<html>`,
		"odd":       vector(`{"metric":{},"value":"x"}`),
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/base/api/v1/query" || r.Header.Get("Authorization") != "Bearer x" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, answers[r.FormValue("query")])
	}))
	defer s.Close()

	type facts struct {
		value  any
		labels map[string]string
		series int
	}
	tests := map[string]struct {
		query, params   string
		verdict         probe.Verdict
		reason, message string
		facts           facts
	}{
		"none is beyond":      {"two", `"threshold": 10`, probe.Well, "ok", "of 2 values of two none", facts{7.5, map[string]string{"host": "b"}, 0}},
		"one is beyond":       {"two", `"threshold": 5`, probe.Failed, "threshold", "two is 7.5, which is > 5", facts{7.5, map[string]string{"host": "b"}, 1}},
		"the farthest counts": {"two", `"threshold": 8, "operator": "<"`, probe.Failed, "threshold", "is 3", facts{3.0, map[string]string{"__name__": "load", "host": "a"}, 2}},
		"at the threshold":    {"two", `"threshold": 3, "operator": "<="`, probe.Failed, "threshold", "", facts{3.0, map[string]string{"__name__": "load", "host": "a"}, 1}},
		"equal":               {"two", `"threshold": 3, "operator": "=="`, probe.Failed, "threshold", "", facts{3.0, map[string]string{"__name__": "load", "host": "a"}, 1}},
		"not equal":           {"two", `"threshold": 7.5, "operator": "!="`, probe.Failed, "threshold", "", facts{3.0, map[string]string{"__name__": "load", "host": "a"}, 1}},
		"whatever is found":   {"two", `"threshold": null`, probe.Failed, "threshold", "two is 7.5", facts{7.5, map[string]string{"host": "b"}, 2}},
		"nothing is found":    {"none", `"threshold": 0`, probe.Well, "ok", "", facts{nil, map[string]string{}, 0}},
		"a scalar":            {"scalar", `"threshold": 4, "operator": ">="`, probe.Failed, "threshold", "scalar is 5", facts{5.0, map[string]string{}, 1}},
		"no number":           {"nan", `"threshold": 1, "operator": "!="`, probe.Well, "ok", "", facts{nil, map[string]string{}, 0}},
		"beyond all numbers":  {"inf", `"threshold": 1`, probe.Failed, "threshold", "inf is +Inf", facts{nil, map[string]string{}, 1}},
	}
	ask := func(t *testing.T, query, params string) probe.Outcome {
		t.Helper()
		return made(t, probe.PrometheusCheck, fmt.Sprintf(`{"server": "%s/base/", "query": %q, "headers": {"Authorization": "Bearer x"}, %s}`, s.URL, query, params))
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := ask(t, tt.query, tt.params)
			expect(t, o, tt.verdict, tt.reason, tt.message)
			got := facts{o.Facts["value"], o.Facts["labels"].(map[string]string), o.Facts["series"].(int)}
			if diff := cmp.Diff(tt.facts, got, cmp.AllowUnexported(facts{})); diff != "" {
				t.Errorf("facts (-want +got)\n%s", diff)
			}
		})
	}
	for query, message := range map[string]string{
		"matrix": "finds a matrix", "string": "finds a string", "histogram": "histogram_quantile", "wrong": "parse error", "html": "no answer of Prometheus", "odd": "",
	} {
		t.Run("nothing is known: "+query, func(t *testing.T) {
			expect(t, ask(t, query, `"threshold": 1`), probe.Unknown, "", message)
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		o := made(t, probe.PrometheusCheck, `{"server": "http://`+nobody(t)+`", "query": "up"}`)
		expect(t, o, probe.Unknown, "", "refused")
	})
	t.Run("not for everybody", func(t *testing.T) {
		o := made(t, probe.PrometheusCheck, `{"server": "`+s.URL+`/base", "query": "two"}`)
		expect(t, o, probe.Unknown, "", "404")
	})
}
