package api

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Sender is somebody who posts to a webhook, or to a receiver of alerts, without a token or
// key: each delivery proves by a secret that it comes from them.
type Sender struct {
	access.Proof
	// Secrets are names of keys of the datastore, of the scope system. A delivery that is
	// proven by one of them is good: two of them let a secret be replaced.
	Secrets []string
}

// bySignature is how a sender is recognised.
const bySignature = "signature"

// inBox says that deliveries to r may be proven by their senders. It is so for a path that
// the settings name, and then there is no other way in.
func (r *route) inBox(path func(c *call) string) *route {
	r.box = path
	return r
}

func hookBox(c *call) string  { return "webhooks/" + catalog.HookName(c.part("hook")) }
func alertBox(c *call) string { return "alerts/" + c.part("source") }

// sender returns who has to prove the call; false: it takes a token or key, as all others.
func (c *call) sender() (Sender, bool) {
	if c.route.box == nil {
		return Sender{}, false
	}
	s, ok := c.opts.Senders[c.route.box(c)]
	return s, ok
}

// prove returns an error unless the call is proven to be from its sender.
func (c *call) prove(s Sender) error {
	b, err := c.read(c.opts.MaxEventBody)
	if err != nil {
		return err
	}
	c.r.Body, c.r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b)) // to be read again
	now, found := time.Now(), false
	for _, name := range s.Secrets {
		pair, err := c.Store.Reader().Key(c.ctx(), kv.System, "", name, now)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		secret := ""
		if err == nil {
			secret, err = c.Secrets.OpenPair(pair)
		}
		if err != nil {
			return err
		}
		found = true
		if s.Check(c.r.Header, b, secret, now) == nil {
			// The settings say what it may send, and not roles.
			c.who = caller{User: c.route.box(c), Method: bySignature, Place: inHeader, rights: new(rights)}
			if h := s.Hides(); h != "" {
				c.r.Header.Del(h) // events show the headers
			}
			return nil
		}
	}
	if !found {
		c.Logger.Error("no secret of a webhook is in the datastore; its deliveries are refused", "webhook", c.route.box(c), "keys", s.Secrets)
		return fault.Newf(fault.Busy, "The secret of this webhook is not there. The log of the server says more.")
	}
	return fault.Newf(fault.Unauthorized, "Unauthorized - The delivery is not proven to come from the sender of this webhook.")
}
