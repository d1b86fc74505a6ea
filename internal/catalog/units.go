package catalog

import (
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
)

// Unit is a sensor as it is run: by itself, or as one of several instances that the
// configuration of its pack names.
type Unit struct {
	Ref      string // of the sensor, and # with the name of the instance
	Sensor   *pack.Sensor
	Instance string      // empty: there is one only
	Config   *value.Dict // attributes that go before those of the pack; nil: none
}

func (c *Catalog) unitsOf(sensors []*pack.Sensor) []*Unit {
	var out []*Unit
	for _, s := range sensors {
		_, all := pack.SplitConfig(c.configs[s.Pack], c.schemas[s.Pack])
		own := slices.DeleteFunc(all, func(i pack.Instance) bool { return i.Sensor != s.Name })
		for _, i := range own {
			out = append(out, &Unit{Ref: s.Ref + "#" + i.Name, Sensor: s, Instance: i.Name, Config: i.Config})
		}
		if len(own) == 0 {
			out = append(out, &Unit{Ref: s.Ref, Sensor: s})
		}
	}
	return out
}

// Units returns all sensors as they are run.
func (c *Catalog) Units() []*Unit { return c.units.all }

// Unit returns a sensor as it is run.
func (c *Catalog) Unit(ref string) (*Unit, bool) { return c.units.get(ref) }
