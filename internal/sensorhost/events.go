package sensorhost

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/runner/python"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Take implements [python.SensorHost].
func (u *unit) Take(ctx context.Context, e python.SensorEvent) error {
	payload, ok := e.Payload.(*value.Dict)
	if !ok && e.Payload != nil {
		return fmt.Errorf("the payload is a %s (%s), not an object", value.TypeName(e.Payload), value.Repr(e.Payload))
	}
	pause := 10 * time.Millisecond
	for {
		_, err := u.host.intake.Take(ctx, intake.Event{Trigger: e.Trigger, Payload: payload, TraceTag: e.TraceTag})
		switch kind := fault.KindOf(err); {
		case err == nil:
			return nil
		case kind != fault.Internal && kind != fault.Busy, ctx.Err() != nil:
			return err
		}
		u.host.opts.Logger.WarnContext(ctx, "event of a sensor could not be taken in yet", "sensor", u.ref, "err", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			pause = min(2*pause, time.Second)
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// knownTrigger is a trigger as a sensor is told of it.
type knownTrigger struct {
	id   string
	text string // its JSON, to tell what has changed
	dict *value.Dict
}

// triggers returns the triggers of a sensor's types, in a fixed order.
func triggers(c *catalog.Catalog, s *pack.Sensor) []knownTrigger {
	var all []*trigger.Trigger
	for _, ref := range s.TriggerTypes {
		all = append(all, c.TriggersOf(ref)...)
	}
	slices.SortFunc(all, func(a, b *trigger.Trigger) int {
		return strings.Compare(a.Ref, b.Ref)
	})
	out := make([]knownTrigger, len(all))
	for i, t := range all {
		d := value.NewDictCap(8)
		d.Set("id", t.ID)
		d.Set("uid", t.UID)
		d.Set("ref", t.Ref)
		d.Set("pack", t.Pack)
		d.Set("name", t.Name)
		d.Set("description", t.Description)
		d.Set("type", t.Type)
		parameters := t.Parameters
		if parameters == nil {
			parameters = value.NewDict()
		}
		d.Set("parameters", parameters)
		out[i] = knownTrigger{id: t.ID, text: value.Repr(d), dict: d}
	}
	return out
}

func listOf(known []knownTrigger) value.Value {
	items := make([]value.Value, len(known))
	for i, k := range known {
		items[i] = k.dict
	}
	return value.NewList(items...)
}

// differences are what makes one set of triggers the other.
func differences(before, now []knownTrigger) []python.TriggerChange {
	find := func(in []knownTrigger, id string) *knownTrigger {
		if i := slices.IndexFunc(in, func(k knownTrigger) bool { return k.id == id }); i >= 0 {
			return &in[i]
		}
		return nil
	}
	var out []python.TriggerChange
	for _, k := range before {
		if find(now, k.id) == nil {
			out = append(out, python.TriggerChange{Kind: "remove_trigger", Trigger: k.dict})
		}
	}
	for _, k := range now {
		switch old := find(before, k.id); {
		case old == nil:
			out = append(out, python.TriggerChange{Kind: "add_trigger", Trigger: k.dict})
		case old.text != k.text:
			out = append(out, python.TriggerChange{Kind: "update_trigger", Trigger: k.dict})
		}
	}
	return out
}
