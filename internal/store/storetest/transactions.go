package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/nightshift-run/nightshift/internal/store"
)

func transactions(t *testing.T, h Harness) {
	t.Run("nil means durable", func(t *testing.T) {
		d := h.New(t)
		insert(t, store.New(d), simple(1))
		s := store.New(h.Reopen(t, d))
		get(t, s, id(1))
		if _, total := list(t, s, store.Executions{}, all()); total.N != 1 {
			t.Errorf("after reopening there are %d executions in all", total.N)
		}
	})

	t.Run("an error undoes the transaction and comes back", func(t *testing.T) {
		s := store.New(h.New(t))
		no := errors.New("no")
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.InsertExecution(t.Context(), simple(1)); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Errorf("got error %v, want %v", err, no)
		}
		wantEmpty(t, s)
	})

	t.Run("a panic undoes the transaction and comes back as an error", func(t *testing.T) {
		s := store.New(h.New(t))
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.InsertExecution(t.Context(), simple(1)); err != nil {
				return err
			}
			panic("at night")
		})
		if err == nil {
			t.Error("a panic was taken for success")
		}
		wantEmpty(t, s)
		insert(t, s, simple(2)) // the store goes on
	})

	t.Run("a failed statement can be survived", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, simple(1))
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.InsertExecution(t.Context(), simple(2)); err != nil {
				return err
			}
			return tx.InsertExecution(t.Context(), simple(1)) // there already
		})
		if err == nil {
			t.Error("the same id went in twice")
		}
		_, err = s.Reader().Execution(t.Context(), id(2))
		wantNotFound(t, "the first half", err)
	})

	t.Run("nobody loses by the failure of others", func(t *testing.T) {
		const n = 300
		d := h.New(t)
		s := store.New(d)
		var wg sync.WaitGroup
		errs := make([]error, n)
		for i := range n {
			wg.Go(func() {
				errs[i] = s.Write(t.Context(), func(tx *store.Tx) error {
					if err := tx.InsertExecution(t.Context(), simple(i)); err != nil {
						return err
					}
					switch i % 5 {
					case 1:
						return errors.New("no")
					case 2:
						panic("at night")
					case 3:
						return tx.InsertExecution(t.Context(), simple(i)) // violates a constraint
					}
					return nil
				})
			})
		}
		wg.Wait()
		s = store.New(h.Reopen(t, d))
		kept := 0
		for i, err := range errs {
			good := i%5 == 0 || i%5 == 4
			if (err == nil) != good {
				t.Errorf("writer %d: error %v", i, err)
			}
			_, err := s.Reader().Execution(t.Context(), id(i))
			if good {
				kept++
				if err != nil {
					t.Errorf("writer %d succeeded, and then: %v", i, err)
				}
			} else if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("writer %d failed, and its execution: %v", i, err)
			}
		}
		if _, total := list(t, s, store.Executions{}, all()); total.N != kept {
			t.Errorf("the tally says %d, there are %d", total.N, kept)
		}
	})

	t.Run("a transaction sees its own changes, nobody else does before the commit", func(t *testing.T) {
		s := store.New(h.New(t))
		write(t, s, func(tx *store.Tx) error {
			if err := tx.InsertExecution(t.Context(), simple(1)); err != nil {
				return err
			}
			if _, err := tx.Execution(t.Context(), id(1)); err != nil {
				return fmt.Errorf("own change: %w", err)
			}
			_, err := s.Reader().Execution(t.Context(), id(1))
			wantNotFound(t, "uncommitted change of another", err)
			return nil
		})
		get(t, s, id(1))
	})

	t.Run("with a context that is done nothing runs", func(t *testing.T) {
		s := store.New(h.New(t))
		ctx, stop := context.WithCancel(t.Context())
		stop()
		for range 20 {
			err := s.Write(ctx, func(*store.Tx) error {
				t.Error("ran")
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v, want %v", err, context.Canceled)
			}
		}
	})

	t.Run("a context that ends on the way leaves no doubt", func(t *testing.T) {
		s := store.New(h.New(t))
		ctx, stop := context.WithCancel(t.Context())
		err := s.Write(ctx, func(tx *store.Tx) error {
			if err := tx.InsertExecution(ctx, simple(1)); err != nil {
				return err
			}
			stop()
			return tx.InsertExecution(ctx, simple(2))
		})
		n := 0
		for i := 1; i <= 2; i++ {
			if _, err := s.Reader().Execution(t.Context(), id(i)); err == nil {
				n++
			}
		}
		if want := map[bool]int{true: 2, false: 0}[err == nil]; n != want {
			t.Errorf("with error %v there are %d executions, want %d", err, n, want)
		}
	})

	t.Run("after the end nothing is written", func(t *testing.T) {
		d := h.New(t)
		s := store.New(d)
		h.Reopen(t, d)
		if err := s.Write(t.Context(), func(*store.Tx) error { return nil }); err == nil {
			t.Error("a closed store has written")
		}
	})

	t.Run("a setting is made once", func(t *testing.T) {
		s := store.New(h.New(t))
		for _, v := range []string{"first", "second"} {
			write(t, s, func(tx *store.Tx) error {
				got, err := tx.Setting(t.Context(), "signing key", v)
				if got != "first" {
					t.Errorf("got %q, want %q", got, "first")
				}
				return err
			})
		}
	})
}

func wantEmpty(t *testing.T, s *store.Store) {
	t.Helper()
	got, total := list(t, s, store.Executions{}, all())
	if len(got) != 0 || total.N != 0 {
		t.Errorf("there are executions %q, in all %d", ids(got), total.N)
	}
}
