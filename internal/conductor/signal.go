package conductor

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// signalBatch is how many children one transaction reaches.
const signalBatch = 200

// signal is the wish of a workflow to reach all its children that are not over. It
// lies in its inbox until it has reached them all, so that what the workflow is
// told later comes later.
type signal struct {
	To    execution.Status `json:"to"`
	User  string           `json:"user"`
	After int64            `json:"after,omitempty"` // the place of the last child that was reached
}

func (s signal) message() (store.Message, error) {
	b, err := json.Marshal(s)
	return store.Message{About: store.AboutSignal, Body: string(b)}, err
}

func (t *turn) signalAll(to execution.Status) error {
	m, err := signal{To: to, User: t.user}.message()
	t.left = append(t.left, m)
	return err
}

// reach carries a wish on by some children.
func (c *Conductor) reach(ctx context.Context, workflow string, m store.Message) error {
	var s signal
	if err := json.Unmarshal([]byte(m.Body), &s); err != nil {
		return fmt.Errorf("read the message %q of workflow %s: %w", m.Body, workflow, err)
	}
	var r rings
	err := c.Store.Write(ctx, func(tx *store.Tx) error {
		children, last, err := tx.LiveChildren(ctx, workflow, s.After, signalBatch)
		if err != nil {
			return err
		}
		for _, e := range children {
			if err := r.requestOf(ctx, c, tx, e, request{e.ID, s.To, s.User}, time.Now()); err != nil {
				return err
			}
		}
		r.told = tx.Told()
		if len(children) < signalBatch {
			_, err := tx.Heard(ctx, workflow, m.Seq, m.Seq, 1)
			return err
		}
		s.After = last
		rest, err := s.message()
		if err != nil {
			return err
		}
		_, err = tx.PutMessage(ctx, workflow, m.Seq, rest.Body)
		return err
	})
	if err != nil {
		return fmt.Errorf("reach the children of workflow %s: %w", workflow, err)
	}
	r.ring(ctx, c)
	return nil
}
