package register

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
)

// change is what a deed writes: all of it, or nothing.
type change struct {
	r       *Registrar
	now     time.Time
	puts    []store.Content
	index   map[key]int // of puts
	deletes []key
	err     error

	replace   bool            // what packs do not bring any more is dropped
	goneRules map[string]bool // rules that are dropped for that
}

func (r *Registrar) change() *change {
	return &change{r: r, now: time.Now().UTC(), index: map[key]int{}}
}

// put registers a noun, unless it is registered just so. A noun that is new gets
// an id; others keep theirs. A digest that is not given is that of the noun.
func (c *change) put(kind store.Kind, ref, pack, digest string, noun any) {
	body, err := json.Marshal(noun)
	if err != nil {
		c.err = fmt.Errorf("write %s %s: %w", kind, ref, err)
		return
	}
	if digest == "" {
		digest = sum(body)
	}
	k := key{kind, ref}
	old, ok := c.r.have[k]
	if ok && old.digest == digest {
		return
	}
	id := old.id
	if !ok {
		id = ident.New(c.now)
	}
	c.index[k] = len(c.puts)
	c.puts = append(c.puts, store.Content{Kind: kind, Ref: ref, ID: id, Pack: pack, Body: body, Digest: digest, UpdatedAt: c.now})
}

// alter changes a noun that is registered, until what it was made of changes.
func (c *change) alter(kind store.Kind, ref, pack string, noun any) {
	body, err := json.Marshal(noun)
	if err != nil {
		c.err = fmt.Errorf("write %s %s: %w", kind, ref, err)
		return
	}
	k := key{kind, ref}
	old := c.r.have[k]
	c.index[k] = len(c.puts)
	c.puts = append(c.puts, store.Content{Kind: kind, Ref: ref, ID: old.id, Pack: pack, Body: body, Digest: old.digest, UpdatedAt: c.now})
}

// rename makes the thing that is written next keep the id of another, which goes.
func (c *change) rename(kind store.Kind, from, to string) {
	if from == to {
		return
	}
	old := c.r.have[key{kind, from}]
	c.deletes = append(c.deletes, key{kind, from})
	if i, ok := c.index[key{kind, to}]; ok {
		c.puts[i].ID = old.id
	}
}

func (c *change) drop(kind store.Kind, ref string) { c.deletes = append(c.deletes, key{kind, ref}) }

func (c *change) empty() bool { return len(c.puts)+len(c.deletes) == 0 }

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// few is up to how many changes are made in the snapshot at hand. For more, the
// ledger is read anew, which costs the same for any number.
const few = 50

// apply writes the change and puts it in force. The lock is held.
func (r *Registrar) apply(ctx context.Context, c *change) error {
	if c.err != nil || c.empty() {
		return c.err
	}
	err := r.store.Write(ctx, func(tx *store.Tx) error {
		for _, k := range c.deletes {
			if _, err := tx.DeleteContent(ctx, k.kind, k.ref); err != nil {
				return err
			}
		}
		for _, content := range c.puts {
			if err := tx.PutContent(ctx, content); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	// What is written has to come into force, even if nobody waits for it.
	ctx = context.WithoutCancel(ctx)
	if len(c.puts)+len(c.deletes) > few || !r.patch(c) {
		if err := r.load(ctx); err != nil {
			r.have = nil // to be loaded by whoever comes next
			return err
		}
	}
	return r.announce(ctx)
}

// patch makes the change in what the catalog is made of. It reports whether it
// could. Slices are changed in place: a catalog has its own.
func (r *Registrar) patch(c *change) bool {
	src := r.src
	src.ConfigSchemas, src.Configs = maps.Clone(src.ConfigSchemas), maps.Clone(src.Configs)
	for _, k := range c.deletes {
		if k.kind == store.ConfigSchemas || k.kind == store.Configs || k.kind == store.Runners {
			return false
		}
		remove(&src, k)
	}
	for _, content := range c.puts {
		if content.Kind == store.Runners {
			return false
		}
		remove(&src, key{content.Kind, content.Ref})
		if err := place(&src, nil, content); err != nil {
			return false
		}
	}
	for _, k := range c.deletes {
		delete(r.have, k)
	}
	for _, content := range c.puts {
		r.have[key{content.Kind, content.Ref}] = held{content.ID, content.Pack, content.Digest}
	}
	r.src = src
	return true
}

func without[T any](list []*T, ref string, refOf func(*T) string) []*T {
	i := slices.IndexFunc(list, func(t *T) bool { return refOf(t) == ref })
	if i < 0 {
		return list
	}
	return slices.Concat(list[:i], list[i+1:])
}
