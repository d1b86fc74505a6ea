package pack

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// instancesKey is where the configuration of a pack says with which configurations
// its sensors are run, if it is more than one:
//
//	sensor_instances:
//	  QueueSensor:
//	    orders: {queue: orders}
//	    bills: {queue: bills}
//
// A pack that has an attribute of this name keeps it for itself.
const instancesKey = "sensor_instances"

// instanceName is what an instance may be called: it names a log and keys in the
// datastore.
var instanceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// An Instance is one of several configurations that a sensor is run with.
type Instance struct {
	Sensor string      // its class
	Name   string      // of the instance
	Config *value.Dict // attributes that go before those of the pack
}

func hasInstances(config, attributes *value.Dict) bool {
	return config != nil && config.Has(instancesKey) && (attributes == nil || !attributes.Has(instancesKey))
}

// SplitConfig cuts the configuration of a pack into what is for all of the pack and
// the instances of its sensors, sorted by sensor and name. What is no instance is
// left out; [ReadConfig] tells of it.
func SplitConfig(config, attributes *value.Dict) (*value.Dict, []Instance) {
	if !hasInstances(config, attributes) {
		return config, nil
	}
	var out []Instance
	for sensor, v := range mapping(config, instancesKey).Texts() {
		instances, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		for name := range instances.Texts() {
			if v, _ := instances.Get(name); instanceName.MatchString(name) && (v == nil || isMapping(v)) {
				out = append(out, Instance{sensor, name, mapping(instances, name)})
			}
		}
	}
	slices.SortFunc(out, func(a, b Instance) int {
		return cmp.Or(cmp.Compare(a.Sensor, b.Sensor), cmp.Compare(a.Name, b.Name))
	})
	common := config.Clone()
	common.Delete(instancesKey)
	return common, out
}

// MaskConfig returns the configuration of a pack with what is secret masked, in the
// instances of sensors too.
func MaskConfig(config, attributes *value.Dict) *value.Dict {
	secret := schema.SecretParameters(attributes)
	mask := func(d *value.Dict) *value.Dict { return schema.MaskParameters(d, secret).(*value.Dict) }
	if !hasInstances(config, attributes) {
		return mask(config)
	}
	sensors := mapping(config, instancesKey).Clone()
	for sensor, v := range sensors.Texts() {
		if instances, ok := v.(*value.Dict); ok {
			instances = instances.Clone()
			for name, v := range instances.Texts() {
				if d, ok := v.(*value.Dict); ok {
					instances.Set(name, mask(d))
				}
			}
			sensors.Set(sensor, instances)
		}
	}
	out := mask(config)
	out.Set(instancesKey, sensors)
	return out
}

// mapping returns the mapping at a key; it is empty if there is none.
func mapping(d *value.Dict, key string) *value.Dict {
	v, _ := d.Get(key)
	if d, ok := v.(*value.Dict); ok {
		return d
	}
	return value.NewDict()
}

func isMapping(v value.Value) bool {
	_, ok := v.(*value.Dict)
	return ok
}

// instances checks the instances of sensors. sensors are the classes that there are.
// check checks a configuration, of which what the instance says is at a path.
func (o *object) instances(attributes *value.Dict, sensors []string, check func(config, own *value.Dict, path []any)) {
	common, _ := SplitConfig(o.d, attributes)
	all, _ := o.object(instancesKey)
	all.known = sensors
	all.unknown(Error)
	for sensor := range all.d.Texts() {
		of, _ := all.object(sensor)
		for k := range of.d.All() {
			name, ok := k.(string)
			if !ok || !instanceName.MatchString(name) {
				o.s.add(Error, append(slices.Clip(of.path), k), true, "", "an instance can't be called %s: a name has letters, digits and the signs _ . -, 64 at most", value.Repr(k))
				continue
			}
			one, ok := of.object(name)
			if !ok {
				continue // it says nothing of its own, or something that was found to be wrong
			}
			if attributes != nil {
				one.known = names(attributes, common)
				one.unknown(Warning)
			}
			merged := common.Clone()
			merged.Update(one.d)
			check(merged, one.d, one.path)
		}
	}
}

// names returns the keys of mappings.
func names(of ...*value.Dict) []string {
	var out []string
	for _, d := range of {
		for name := range d.Texts() {
			out = append(out, name)
		}
	}
	return out
}
