package storetest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

func sealed(t *testing.T, h Harness) {
	t.Run("what is secret about executions is sealed, and comes back", func(t *testing.T) {
		d := h.New(t)
		s := store.New(d)
		s.SealWith(secret.NewRing(1, map[int64][]byte{1: secret.NewKey()}))
		parent, child := simple(1), simple(2)
		parent.Parameters, parent.Secrets = json.RawMessage(`{"a":"hush-hush"}`), []string{"hush-hush"}
		child.Parent, child.Status = parent.ID, execution.Running
		insert(t, s, parent)
		insert(t, s, child)
		write(t, s, func(tx *store.Tx) error { return tx.AddSecrets(t.Context(), child.ID, []string{"hush-child", "x"}) })
		small, large := json.RawMessage(`{"r":"hush-hush"}`), json.RawMessage(`{"r":"`+strings.Repeat("hush-hush", 10_000)+`"}`)
		for id, result := range map[string]json.RawMessage{parent.ID: small, child.ID: large} {
			change(t, s, true, store.Change{ID: id, From: execution.Statuses(), To: execution.Succeeded, At: at(9), Result: result, Secret: true})
			if got, err := s.Reader().Result(t.Context(), id); err != nil || string(got) != string(result) {
				t.Errorf("the result came back as %d bytes, %v", len(got), err)
			}
		}
		rows := []workflow.Row{{Kind: "k", Key: 1, Body: []byte(`{"hush":1}`)}}
		write(t, s, func(tx *store.Tx) error { return tx.PutRows(t.Context(), parent.ID, rows, true) })
		if got, err := s.Reader().WorkflowRows(t.Context(), parent.ID); err != nil || cmp.Diff(rows, got) != "" {
			t.Errorf("rows came back as %v, %v", got, err)
		}
		got := get(t, s, parent.ID)
		if d := cmp.Diff([]string{"hush-hush", "hush-child"}, got.Secrets); d != "" || string(got.Parameters) != `{"a":"hush-hush"}` {
			t.Errorf("the workflow came back with %s, %s", got.Parameters, d)
		}
		if got := get(t, s, child.ID); !cmp.Equal(got.Secrets, []string{"hush-child"}) {
			t.Errorf("the child has %v", got.Secrets)
		}
		for _, q := range []string{
			`SELECT parameters || secrets || result FROM executions WHERE secrets IS NOT NULL AND parent IS NULL`,
			`SELECT secrets FROM executions WHERE parent IS NOT NULL`, `SELECT body FROM workflow_rows`, `SELECT CAST(packed AS TEXT) FROM execution_results`,
		} {
			var text string
			if err := d.Read().QueryRow(t.Context(), q).Scan(&text); err != nil || strings.Contains(text, "hush") || !strings.Contains(text, "nss1.1.") {
				t.Errorf("%s: %.60s, %v", q, text, err)
			}
		}
		var needed bool
		write(t, s, func(tx *store.Tx) (err error) {
			needed, err = tx.DataKeyNeeded(t.Context(), "nss1.1.", at(9))
			return err
		})
		if !needed {
			t.Error("nothing seems to need the key")
		}
		running := simple(3)
		running.Secrets, running.Status = []string{"hush-hush"}, execution.Running
		insert(t, s, running)
		lost := store.New(d) // without the key
		if _, err := lost.Reader().Execution(t.Context(), parent.ID); err == nil {
			t.Error("an execution is read without the key")
		}
		write(t, s, func(tx *store.Tx) error {
			return tx.PutKey(t.Context(), id(9), kv.Pair{Scope: kv.System, Name: "s", Value: "nss1.1.x", Secret: true, Encrypted: true})
		})
		write(t, lost, func(tx *store.Tx) error {
			pairs, executions, err := tx.ForgetSecrets(t.Context(), at(20))
			if pairs != 1 || executions != 3 {
				t.Errorf("%d pairs and %d executions were forgotten, want 1 and 3", pairs, executions)
			}
			return err
		})
		if got := get(t, lost, running.ID); got.Status != execution.Abandoned || string(got.Parameters) != "{}" || !got.FinishedAt.Equal(at(20)) {
			t.Errorf("what ran is %s with %s", got.Status, got.Parameters)
		}
		if got := get(t, lost, parent.ID); got.Status != execution.Succeeded || len(got.Secrets) != 0 {
			t.Errorf("what was over is %s with %v", got.Status, got.Secrets)
		}
		for _, e := range []string{parent.ID, child.ID, running.ID} {
			if b, err := lost.Reader().Result(t.Context(), e); err != nil || !strings.Contains(string(b), "lost") {
				t.Errorf("its result is %s, %v", b, err)
			}
		}
	})
}
