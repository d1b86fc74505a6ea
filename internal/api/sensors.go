package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/store"
)

func (a *API) sensorRoutes() []*route {
	return []*route{
		to("GET", ourService, "/sensors", "sensor_type_list", (*call).listSensorRuns, "Show how sensors fare.").
			gives(http.StatusOK, []wire.SensorRun{}).overall(),
		to("GET", ourService, "/sensors/{ref}", "sensor_type_view", (*call).getSensorRun, "Show how a sensor fares.").
			gives(http.StatusOK, wire.SensorRun{}).on((*call).aboutUnit),
		to("GET", ourService, "/sensors/{ref}/log", "sensor_type_view", (*call).getSensorLog, "Show the end of what a sensor has printed.").
			gives(http.StatusOK, wire.SensorLog{}).on((*call).aboutUnit),
	}
}

// idle is the state of a sensor that nobody runs.
const idle = "idle"

func (c *call) sensorRuns() (map[string]store.SensorRun, error) {
	list, err := c.Store.Reader().SensorRuns(c.ctx())
	runs := make(map[string]store.SensorRun, len(list))
	for _, r := range list {
		if r.LeaseUntil.After(time.Now()) {
			runs[r.Ref] = r
		}
	}
	return runs, err
}

func (c *call) listSensorRuns() error {
	runs, err := c.sensorRuns()
	if err != nil {
		return err
	}
	out := []wire.SensorRun{}
	for _, u := range c.catalog().Units() {
		if sensorShelf().seen(c, u.Sensor) {
			out = append(out, sensorRunOf(u, runs[u.Ref]))
		}
	}
	return c.json(http.StatusOK, out)
}

func (c *call) sensor() (*pack.Sensor, error) {
	s, ok := c.catalog().Sensor(c.part("ref"))
	if !ok {
		return nil, fault.Newf(fault.NotFound, "Resource with a reference or id \"%s\" not found", shortened(c.part("ref")))
	}
	return s, nil
}

// aboutUnit is the sensor that the path names, by itself or as one of its instances.
func (c *call) aboutUnit() (*rbac.Resource, error) {
	if u, ok := c.catalog().Unit(c.part("ref")); ok {
		return c.resources().of(u.Sensor), nil
	}
	s, err := c.sensor()
	if err != nil {
		return nil, err
	}
	return c.resources().of(s), nil
}

// unit is a sensor as it is run: by itself, or as one of several instances.
func (c *call) unit() (*catalog.Unit, error) {
	if u, ok := c.catalog().Unit(c.part("ref")); ok {
		return u, nil
	}
	s, err := c.sensor()
	if err != nil {
		return nil, err
	}
	if u, ok := c.catalog().Unit(s.Ref); ok { // it was named by its id
		return u, nil
	}
	var refs []string
	for _, u := range c.catalog().Units() {
		if u.Sensor.Ref == s.Ref {
			refs = append(refs, u.Ref)
		}
	}
	return nil, fault.Newf(fault.NotFound, "The sensor \"%s\" runs as %s: name one of them.", s.Ref, strings.Join(refs, " and "))
}

func (c *call) getSensorRun() error {
	u, err := c.unit()
	if err != nil {
		return err
	}
	runs, err := c.sensorRuns()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, sensorRunOf(u, runs[u.Ref]))
}

func sensorRunOf(u *catalog.Unit, r store.SensorRun) wire.SensorRun {
	out := wire.SensorRun{
		Ref: u.Ref, Pack: u.Sensor.Pack, Enabled: u.Sensor.Enabled, State: r.State, Starts: r.Starts, Error: r.Error, Holder: r.Holder,
		Since: wire.TimeOf(r.Since), AliveAt: wire.TimeOf(r.AliveAt), PolledAt: wire.TimeOf(r.PolledAt),
	}
	if out.State == "" {
		out.State = idle
	}
	return out
}

func (c *call) getSensorLog() error {
	u, err := c.unit()
	if err != nil {
		return err
	}
	const usual, most = 64 << 10, 2 << 20
	n, err := c.number("bytes", usual)
	if err != nil {
		return err
	}
	text, err := c.SensorLog(u.Ref, min(max(n, 0), most))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.SensorLog{Ref: u.Ref, Log: string(text)})
}

func (c *call) updateSensor() error {
	if u, ok := c.catalog().Unit(c.part("ref")); ok && u.Instance != "" {
		return fault.Newf(fault.Invalid, "\"%s\" is an instance: switch the sensor \"%s\", or take the instance out of the configuration of the pack.", u.Ref, u.Sensor.Ref)
	}
	s, err := c.sensor()
	if err != nil {
		return err
	}
	var req struct {
		Enabled bool `json:"enabled"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	if err := c.switches("To switch a sensor"); err != nil {
		return err
	}
	if s, err = c.Registrar.EnableSensor(c.ctx(), s.Ref, req.Enabled); err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.SensorOf(s))
}
