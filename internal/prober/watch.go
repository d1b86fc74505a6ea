package prober

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/probe"
)

// spread is how long after its start a probe is first checked, at most: many that
// start together are not checked together.
const spread = 5 * time.Second

// watch makes a check time after time, and tells of its changes, until ctx is done.
func (u *unit) watch(ctx context.Context, c probe.Check, saved json.RawMessage) error {
	var s probe.State
	u.recall(ctx, saved, &s)
	if s.Due != nil { // the server ended before it was told
		if err := u.tell(ctx, &s); err != nil {
			return err
		}
	}
	every := c.Often().Every()
	if err := wait(ctx, rand.N(min(every, spread))); err != nil { //nolint:gosec // no secret
		return err
	}
	for {
		start := time.Now()
		o, err := u.check(ctx, c)
		if err != nil {
			return err
		}
		before := s.Status
		s = s.Next(c, o, time.Now())
		if s.Status != before {
			if err := u.save(ctx, s); err != nil {
				return err
			}
			if err := u.tell(ctx, &s); err != nil {
				return err
			}
		}
		u.note(stateOf(s, o), s.Failures(), o.Message)
		if err := wait(ctx, time.Until(start.Add(jittered(every)))); err != nil {
			return err
		}
	}
}

// check makes one check when there is room for one more. It fails only when ctx
// is done.
func (u *unit) check(ctx context.Context, c probe.Check) (probe.Outcome, error) {
	select {
	case u.prober.slots <- struct{}{}:
	case <-ctx.Done():
		return probe.Outcome{}, ctx.Err()
	}
	defer func() { <-u.prober.slots }()
	limited, cancel := context.WithTimeout(ctx, c.Often().Limit())
	defer cancel()
	o := u.prober.checker.Check(limited, c)
	return o, ctx.Err() // what was cut short has not failed
}

// tell has the change that is due taken in, and records that it was. It fails
// only when ctx is done.
func (u *unit) tell(ctx context.Context, s *probe.State) error {
	text, err := json.Marshal(s.Due.Payload)
	if err != nil {
		return fmt.Errorf("payload of a probe: %w", err)
	}
	payload := value.NewDictCap(len(s.Due.Payload))
	if err := payload.UnmarshalJSON(text); err != nil {
		return fmt.Errorf("payload of a probe: %w", err)
	}
	if err := u.take(ctx, []intake.Event{u.event(s.Due.Key, payload)}); err != nil {
		return err
	}
	s.Due = nil
	return u.save(ctx, *s)
}

func stateOf(s probe.State, o probe.Outcome) string {
	switch {
	case o.Verdict == probe.Unknown:
		return unknown
	case s.Status == probe.Firing:
		return string(probe.Firing)
	case o.Verdict == probe.Failed:
		return failing
	}
	return wellState
}

// jittered is a time around d, by a tenth at most.
func jittered(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1) //nolint:gosec // no secret
}
