package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/store"
)

func TestSensorsSayHowTheyFare(t *testing.T) {
	s := newServer(t, api.Options{})
	const path = "/api/ns/v1/sensors/p.Eye"
	if got := s.do("GET", path, "").status(200).at("state"); got != "idle" {
		t.Errorf("a sensor that nobody runs is %s", got)
	}
	hold := func(until time.Time) {
		s.write(func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.HoldSensor(ctx, "p.Eye", "host", time.Now(), until); err != nil {
				return err
			}
			return tx.NoteSensor(ctx, store.SensorRun{Ref: "p.Eye", Holder: "host", State: "waiting", Since: time.Unix(1, 0), Starts: 3, Error: "why"})
		})
	}
	hold(time.Now().Add(time.Minute))
	a := s.do("GET", path, "").status(200)
	for key, want := range map[string]string{
		"ref": "p.Eye", "pack": "p", "state": "waiting", "since": "1970-01-01T00:00:01.000000Z", "error": "why", "holder": "host",
	} {
		if got := a.at(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	hold(time.Now().Add(-time.Second))
	if got := s.do("GET", path, "").status(200).at("state"); got != "idle" {
		t.Errorf("a sensor whose holder has vanished is %s", got)
	}
	s.do("GET", "/api/ns/v1/sensors", "").status(200)
	if got := s.do("GET", path+"/log?bytes=99999999", "").status(200).at("log"); got != "p.Eye at most 2097152" {
		t.Errorf("the log is %q", got)
	}
	s.do("GET", "/api/ns/v1/sensors/p.None", "").status(404)
	s.do("GET", "/api/ns/v1/sensors/p.None/log", "").status(404)
}

func TestSensorsAreSwitched(t *testing.T) {
	s := newServer(t, api.Options{})
	const path = "/api/v1/sensortypes/p.Eye"
	for _, enabled := range []string{"false", "true"} {
		s.do("PUT", path, `{"ref": "p.Eye", "description": "not heard", "enabled": `+enabled+`}`).status(200)
		if got := s.do("GET", path, "").status(200).at("enabled"); got != enabled {
			t.Errorf("enabled is %s, want %s", got, enabled)
		}
	}
	s.do("PUT", path, `{}`).status(400)
	s.do("PUT", "/api/v1/sensortypes/p.None", `{"enabled": true}`).status(404)
	if a := s.ask("PUT", path, `{"enabled": false}`, "X-Auth-Token: "+s.user); a.Code != 403 {
		t.Errorf("somebody else may: %d", a.Code)
	}
}

func TestInstancesOfSensors(t *testing.T) {
	s := newServer(t, api.Options{})
	s.do("PUT", "/api/v1/configs/p", `{"sensor_instances": {"Eye": {"left": {"token": "hush"}, "right": {}}}}`).status(200)
	const path = "/api/ns/v1/sensors"
	if got := s.do("GET", path, "").status(200).at("0.ref"); got != "p.Eye#left" {
		t.Errorf("the first is %s", got)
	}
	if got := s.do("GET", path+"/p.Eye%23right", "").status(200).at("ref"); got != "p.Eye#right" {
		t.Errorf("got %s", got)
	}
	if got := s.do("GET", path+"/p.Eye%23right/log?bytes=5", "").status(200).at("log"); got != "p.Eye#right at most 5" {
		t.Errorf("the log is %q", got)
	}
	if got, want := s.do("GET", path+"/p.Eye", "").status(404).at("faultstring"), `The sensor "p.Eye" runs as p.Eye#left and p.Eye#right: name one of them.`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.do("PUT", "/api/v1/sensortypes/p.Eye%23left", `{"enabled": false}`).status(400)
	s.do("PUT", "/api/v1/configs/p", `{"sensor_instances": {"Ear": {"left": {}}}}`).status(400)
}
