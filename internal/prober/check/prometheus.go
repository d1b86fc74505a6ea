package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/nightshift-run/nightshift/internal/probe"
)

const mostAnswer = 16 << 20 // of Prometheus, in bytes

// prometheus asks for values and holds them against the threshold. Where there is
// no answer, nothing is known about them.
func (c *Checker) prometheus(ctx context.Context, p *probe.Prometheus) probe.Outcome {
	found, err := c.query(ctx, p)
	if err != nil {
		return unknown(fmt.Errorf("ask %s: %w", p.Server, err))
	}
	var worst *model.Sample
	series := 0
	for _, s := range found {
		if s.Histogram != nil {
			return unknown(errors.New("the query finds histograms; histogram_quantile makes values of them"))
		}
		if !p.Beyond(float64(s.Value)) {
			continue
		}
		series++
		if worst == nil || p.Worse(float64(s.Value), float64(worst.Value)) {
			worst = s
		}
	}
	if worst == nil {
		return well(fmt.Sprintf("of %d values of %s none is beyond the threshold", len(found), p.Query), factsOf(nearest(p, found), 0))
	}
	return failed("threshold", fmt.Sprintf("%s is %v%s", p.Query, worst.Value, limit(p)), factsOf(worst, series))
}

// nearest returns the value that is nearest to being beyond the threshold.
func nearest(p *probe.Prometheus, found model.Vector) *model.Sample {
	var out *model.Sample
	for _, s := range found {
		if out == nil || p.Worse(float64(s.Value), float64(out.Value)) {
			out = s
		}
	}
	return out
}

func limit(p *probe.Prometheus) string {
	if p.Threshold == nil {
		return ""
	}
	return fmt.Sprintf(", which is %s %v", p.Operator, *p.Threshold)
}

func factsOf(s *model.Sample, series int) map[string]any {
	facts := map[string]any{"value": nil, "labels": map[string]string{}, "series": series}
	if s == nil {
		return facts
	}
	if v := float64(s.Value); !math.IsNaN(v) && !math.IsInf(v, 0) {
		facts["value"] = v
	}
	labels := map[string]string{}
	for name, v := range s.Metric {
		labels[string(name)] = string(v)
	}
	facts["labels"] = labels
	return facts
}

// query asks for the values of now. A scalar is one value without labels.
func (c *Checker) query(ctx context.Context, p *probe.Prometheus) (model.Vector, error) {
	client := c.client(p.Verify)
	defer client.CloseIdleConnections()
	form := url.Values{"query": {p.Query}}.Encode()
	req, err := c.request(ctx, http.MethodPost, strings.TrimSuffix(p.Server, "/")+"/api/v1/query", p.Headers, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	var answer struct {
		Status string
		Error  string
		Data   struct {
			ResultType model.ValueType
			Result     json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Status == "" {
		return nil, fmt.Errorf("%s is no answer of Prometheus", res.Status)
	}
	if answer.Status != "success" {
		return nil, errors.New(answer.Error)
	}
	switch answer.Data.ResultType {
	case model.ValVector:
		var v model.Vector
		err := json.Unmarshal(answer.Data.Result, &v)
		return v, err
	case model.ValScalar:
		var s model.Scalar
		err := json.Unmarshal(answer.Data.Result, &s)
		return model.Vector{{Value: s.Value, Timestamp: s.Timestamp}}, err
	default:
		return nil, fmt.Errorf("the query finds a %s, not values of one moment", answer.Data.ResultType)
	}
}
