package api

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meters count requests by the pattern of their route, of which there are few.
type meters struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	streams  prometheus.Gauge
	dropped  prometheus.Counter
}

func newMeters(reg *prometheus.Registry) *meters {
	m := &meters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nightshift_http_requests_total", Help: "Requests that have been answered, by route and status.",
		}, []string{"route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nightshift_http_request_duration_seconds", Help: "How long answers took, by route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "nightshift_http_streams", Help: "Clients that follow a stream now.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "nightshift_http_streams_dropped_total", Help: "Clients of streams that were dropped because they did not keep up.",
		}),
	}
	reg.MustRegister(m.requests, m.seconds, m.streams, m.dropped)
	return m
}

func (m *meters) count(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, code(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// code is a status as a label; 0 is a client that went before it had an answer.
func code(status int) string {
	switch status {
	case 200:
		return "200"
	case 202:
		return "202"
	default:
		return itoa(status)
	}
}
