package janitor_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/janitor"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

// TestSweepShrinksTheLedger is for the sizes that a real database tells.
func TestSweepShrinksTheLedger(t *testing.T) {
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s := store.New(db)
	ctx, now := t.Context(), time.Now()
	const n = 2000
	err = s.Write(ctx, func(tx *store.Tx) error {
		for i := range n {
			at := now.Add(-time.Duration(n-i) * time.Minute)
			noise := make([]byte, 1500)
			for k := range noise {
				noise[k] = 'a' + byte(rand.N(26))
			}
			result, err := json.Marshal(string(noise))
			if err != nil {
				return err
			}
			err = tx.InsertExecution(ctx, &execution.Execution{
				ID: ident.New(at), Status: execution.Succeeded, Action: "core.local", Runner: "local-shell-cmd",
				CreatedAt: at, FinishedAt: at, Result: result,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.Size(ctx)
	if err != nil {
		t.Fatal(err)
	}
	limit := before / 2
	deleted, err := janitor.New(s, janitor.Options{MaxBytes: limit}).Sweep(ctx, now)
	if err != nil {
		t.Fatal(err)
	}
	after, err := s.Size(ctx)
	if err != nil {
		t.Fatal(err)
	}
	left, total, err := s.Reader().ListExecutions(ctx, store.Executions{}, store.Page{Limit: 1})
	if err != nil || total.N != n-deleted {
		t.Fatalf("%d are left of %d, %d went, %v", total.N, n, deleted, err)
	}
	if after > limit*9/10 || after < limit/2 {
		t.Errorf("from %d to %d bytes, want a little less than 90 %% of %d", before, after, limit)
	}
	if got := left[0].CreatedAt; now.Sub(got) > 2*time.Minute {
		t.Errorf("the youngest that is left is from %v before", now.Sub(got))
	}
}
