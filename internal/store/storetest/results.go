package storetest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// resultOf is JSON of exactly n bytes that does not compress to nothing.
func resultOf(n int) json.RawMessage {
	out := make([]byte, 0, n+64)
	out = append(out, '"')
	for i := 0; len(out) < n-1; i++ {
		out = append(out, "line "...)
		out = strconv.AppendInt(out, int64(i*i), 10)
		out = append(out, " of the log, "...)
	}
	return append(out[:n-1], '"')
}

func results(t *testing.T, h Harness) {
	const border = 64 << 10
	result := func(t *testing.T, s *store.Store, id string) json.RawMessage {
		t.Helper()
		got, err := s.Reader().Result(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}

	t.Run("come back when they were compressed by gzip", func(t *testing.T) {
		d := h.New(t)
		s := store.New(d)
		insert(t, s, scheduled(1))
		claim(t, s, "w1", 1, at(100))
		want := resultOf(border + 1)
		change(t, s, true, store.Change{
			ID: id(1), From: []execution.Status{execution.Running}, To: execution.Succeeded, At: at(101), Result: want,
		})
		var old bytes.Buffer
		z := gzip.NewWriter(&old)
		_, err := z.Write(want)
		if err = errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(t.Context(), func(c store.Conn) error {
			_, err := c.Exec(t.Context(), `UPDATE execution_results SET packed = $1`, old.Bytes())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got := result(t, s, id(1)); string(got) != string(want) {
			t.Errorf("it came back with %d bytes", len(got))
		}
	})

	t.Run("come back at any size, also after reopening", func(t *testing.T) {
		d := h.New(t)
		s := store.New(d)
		sizes := []int{4, 1000, border - 1, border, border + 1, 1 << 20, 8 << 20}
		for i, size := range sizes {
			insert(t, s, scheduled(i))
			claim(t, s, "w1", 1, at(100))
			change(t, s, true, store.Change{
				ID: id(i), From: []execution.Status{execution.Running}, To: execution.Succeeded, At: at(101), Result: resultOf(size),
			})
		}
		s = store.New(h.Reopen(t, d))
		for i, size := range sizes {
			if got := result(t, s, id(i)); string(got) != string(resultOf(size)) {
				t.Errorf("a result of %d bytes came back with %d", size, len(got))
			}
			if got := get(t, s, id(i)).ResultSize; got != size {
				t.Errorf("size is %d, want %d", got, size)
			}
		}
	})

	t.Run("may come with the execution", func(t *testing.T) {
		s := store.New(h.New(t))
		for i, size := range []int{10, border + 1} {
			e := simple(i)
			e.Status, e.Result = execution.Succeeded, resultOf(size)
			insert(t, s, e)
			if got := result(t, s, id(i)); string(got) != string(resultOf(size)) {
				t.Errorf("a result of %d bytes came back with %d", size, len(got))
			}
		}
	})

	t.Run("are nil until there is one", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, simple(1))
		if got := result(t, s, id(1)); got != nil {
			t.Errorf("got %s", got)
		}
		_, err := s.Reader().Result(t.Context(), id(2))
		wantNotFound(t, "of an id that nobody has", err)
	})

	t.Run("may shrink and grow until the end", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, scheduled(1))
		claim(t, s, "w1", 1, at(2))
		for i, size := range []int{border + 9, 9, border + 99} {
			change(t, s, true, store.Change{
				ID: id(1), From: []execution.Status{execution.Running}, To: execution.Running, At: at(3 + i), Result: resultOf(size),
			})
			if got := result(t, s, id(1)); string(got) != string(resultOf(size)) {
				t.Errorf("a result of %d bytes came back with %d", size, len(got))
			}
		}
	})

	t.Run("are undone with their transaction", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, scheduled(1))
		claim(t, s, "w1", 1, at(2))
		_ = s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ChangeExecution(t.Context(), store.Change{
				ID: id(1), From: []execution.Status{execution.Running}, To: execution.Succeeded, At: at(3), Result: resultOf(border * 2),
			})
			if err != nil {
				t.Error(err)
			}
			panic("at night")
		})
		if got := result(t, s, id(1)); got != nil {
			t.Errorf("got %d bytes", len(got))
		}
	})
}

func output(t *testing.T, h Harness) {
	chunk := func(n, second int, stream, data string) store.Chunk {
		return store.Chunk{Execution: id(n), Stream: stream, At: at(second), Data: data}
	}
	add := func(t *testing.T, s *store.Store, chunks ...store.Chunk) {
		t.Helper()
		write(t, s, func(tx *store.Tx) error { return tx.AddOutput(t.Context(), chunks) })
	}
	read := func(t *testing.T, s *store.Store, n int, stream string, after int64, limit int) []store.Chunk {
		t.Helper()
		got, err := s.Reader().Output(t.Context(), id(n), stream, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	texts := func(chunks []store.Chunk) string {
		var b strings.Builder
		for _, c := range chunks {
			b.WriteString(c.Data)
		}
		return b.String()
	}

	t.Run("comes back in the order of arrival", func(t *testing.T) {
		s := store.New(h.New(t))
		add(t, s, chunk(1, 9, "stdout", "a"), chunk(2, 9, "stdout", "x"), chunk(1, 8, "stderr", "b"))
		add(t, s, chunk(1, 7, "stdout", "ç\x00\n"))
		got := read(t, s, 1, "", 0, 99)
		for i := range got {
			if i > 0 && got[i].Seq <= got[i-1].Seq {
				t.Errorf("seq %d after %d", got[i].Seq, got[i-1].Seq)
			}
		}
		want := []store.Chunk{chunk(1, 9, "stdout", "a"), chunk(1, 8, "stderr", "b"), chunk(1, 7, "stdout", "ç\x00\n")}
		for i := range want {
			want[i].Seq = got[i].Seq
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if got := texts(read(t, s, 1, "stderr", 0, 99)); got != "b" {
			t.Errorf("stderr: %q", got)
		}
		if got := texts(read(t, s, 3, "", 0, 99)); got != "" {
			t.Errorf("of another: %q", got)
		}
	})

	t.Run("is read on from where one stopped", func(t *testing.T) {
		s := store.New(h.New(t))
		var printed strings.Builder
		for n := range 25 {
			data := fmt.Sprintf("%d,", n)
			printed.WriteString(data)
			add(t, s, chunk(1, n, "stdout", data), chunk(2, n, "stdout", "-"))
		}
		want := printed.String()
		got, after := "", int64(0)
		for {
			page := read(t, s, 1, "stdout", after, 4)
			if len(page) == 0 {
				break
			}
			got += texts(page)
			after = page[len(page)-1].Seq
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})

	t.Run("is missed by nobody who comes back after older output went", func(t *testing.T) {
		d := h.New(t)
		s := store.New(d)
		add(t, s, chunk(1, 1, "stdout", "old"), chunk(1, 2, "stdout", "old"))
		seen := read(t, s, 1, "", 0, 99)
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.DeleteOutputBefore(t.Context(), at(50), 99)
			return err
		})
		s = store.New(h.Reopen(t, d))
		add(t, s, chunk(1, 60, "stdout", "new"))
		if got := texts(read(t, s, 1, "", seen[1].Seq, 99)); got != "new" {
			t.Errorf("after chunk %d: %q", seen[1].Seq, got)
		}
	})
}
