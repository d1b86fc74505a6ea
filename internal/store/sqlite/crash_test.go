package sqlite_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

// copyDatabase copies what a crash would leave: the database and its log.
func copyDatabase(from, to string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(from, sqlite.FileName+suffix))
		errs = append(errs, err, os.WriteFile(filepath.Join(to, sqlite.FileName+suffix), b, 0o600))
	}
	return errors.Join(errs...)
}

// TestCrash ends the server, as far as its files can tell, in the middle of
// many writers, and looks for what they had been told is stored.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	s := store.New(db)
	var mu sync.Mutex
	var acked []string // ids of executions, guarded by mu
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				i, f, e := newEvent(time.Now())
				err := s.Write(t.Context(), func(tx *store.Tx) error {
					if _, err := tx.InsertInstance(t.Context(), i); err != nil {
						return err
					}
					if err := tx.InsertEnforcement(t.Context(), f); err != nil {
						return err
					}
					return tx.InsertExecution(t.Context(), e)
				})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acked = append(acked, e.ID)
				mu.Unlock()
			}
		})
	}
	for n := range 3 {
		var before []string
		for len(before) < 40*(n+1) { // let them write on
			mu.Lock()
			before = slices.Clone(acked)
			mu.Unlock()
			runtime.Gosched()
		}
		crashed := t.TempDir()
		err := s.Write(t.Context(), func(*store.Tx) error { // the writer stands still while this runs
			mu.Lock()
			before = slices.Clone(acked)
			mu.Unlock()
			return copyDatabase(dir, crashed)
		})
		if err != nil {
			t.Fatal(err)
		}
		whole := t.TempDir()
		if err := copyDatabase(crashed, whole); err != nil {
			t.Fatal(err)
		}
		after := store.New(open(t, whole))
		wantConsistent(t, after)
		for _, id := range before {
			e, err := after.Reader().Execution(t.Context(), id)
			if err != nil {
				t.Fatalf("was acknowledged: %v", err)
			}
			if _, err := after.Reader().Instance(t.Context(), e.Context.TriggerInstance.ID); err != nil {
				t.Fatalf("was acknowledged: %v", err)
			}
		}
		cutLog(t, crashed)
	}
	close(stop)
	wg.Wait()
}

// cutLog opens copies whose log ends anywhere, as when the power fails during a
// commit.
func cutLog(t *testing.T, crashed string) {
	t.Helper()
	for range 3 {
		dir := t.TempDir()
		if err := copyDatabase(crashed, dir); err != nil {
			t.Fatal(err)
		}
		log := filepath.Join(dir, sqlite.FileName+"-wal")
		info, err := os.Stat(log)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 16_000_000 {
			return // moved to the database by now; no crash could leave that and lose this
		}
		size := rand.Int64N(info.Size() + 1)
		t.Logf("log of %d bytes cut at %d", info.Size(), size)
		if err := os.Truncate(log, size); err != nil {
			t.Fatal(err)
		}
		wantConsistent(t, store.New(open(t, dir)))
	}
}

// wantConsistent checks that each transaction is there as a whole or not at all.
func wantConsistent(t *testing.T, s *store.Store) {
	t.Helper()
	all := store.Page{Limit: -1}
	executions, executionTotal, err1 := s.Reader().ListExecutions(t.Context(), store.Executions{}, all)
	events, eventTotal, err2 := s.Reader().ListInstances(t.Context(), store.Instances{}, all)
	enforcements, _, err3 := s.Reader().ListEnforcements(t.Context(), store.Enforcements{}, all)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	n := len(executions)
	if len(events) != n || len(enforcements) != n || executionTotal.N != n || eventTotal.N != n {
		t.Errorf("%d executions of %d, %d events of %d, %d enforcements",
			n, executionTotal.N, len(events), eventTotal.N, len(enforcements))
	}
}
