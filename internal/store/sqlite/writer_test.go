package sqlite_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

// commits counts the commits in a write-ahead log: the frames that end one.
func commits(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, sqlite.FileName+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	const header, frameHeader = 32, 24
	if len(b) < header {
		return 0
	}
	frame := frameHeader + int(binary.BigEndian.Uint32(b[8:]))
	salt := string(b[16:24])
	n := 0
	for at := header; at+frame <= len(b); at += frame {
		if string(b[at+8:at+16]) == salt && binary.BigEndian.Uint32(b[at+4:]) != 0 {
			n++
		}
	}
	return n
}

// hold keeps the writer busy until release is called, which waits until n
// transactions wait for the writer.
func hold(t *testing.T, db *sqlite.DB) (release func(n int)) {
	t.Helper()
	begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- db.Write(context.WithoutCancel(t.Context()), func(store.Conn) error {
			close(begun)
			<-goOn
			return nil
		})
	}()
	<-begun
	return func(n int) {
		waitQueued(db, n)
		close(goOn)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func waitQueued(db *sqlite.DB, n int) {
	for sqlite.Queued(db) < n {
		runtime.Gosched()
	}
}

func TestWritersShareCommits(t *testing.T) {
	const writers = 300
	dir := t.TempDir()
	db := open(t, dir)
	s := store.New(db)
	before := commits(t, dir)
	release := hold(t, db)
	var names []string
	var wg sync.WaitGroup
	for i := range writers {
		name := fmt.Sprint("user", i)
		names = append(names, name)
		wg.Go(func() { putUser(t, s, name) })
	}
	release(writers)
	wg.Wait()
	// Were each alone, there were as many commits as writers. A slow machine makes
	// more than one of them, because a group is bounded in time.
	if got := commits(t, dir) - before; got < 1 || got > writers/5 {
		t.Errorf("%d writers made %d commits", writers, got)
	}
	wantUsers(t, s, names...)
}

func TestWriteSkipsWhoHasGone(t *testing.T) {
	db := open(t, t.TempDir())
	s := store.New(db)
	release := hold(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		gone <- s.Write(ctx, func(*store.Tx) error {
			t.Error("ran for somebody who has gone")
			return nil
		})
	}()
	waitQueued(db, 1)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) { // while the writer is held
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	release(1) // it is in the queue still
	putUser(t, s, "next")
}

func TestCloseLetsNobodyWait(t *testing.T) {
	const writers = 50
	dir := t.TempDir()
	db := open(t, dir)
	s := store.New(db)
	release := hold(t, db)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			errs[i] = s.Write(t.Context(), func(tx *store.Tx) error {
				return tx.PutUser(t.Context(), access.User{Name: fmt.Sprint("user", i)})
			})
		})
	}
	waitQueued(db, writers)
	wg.Go(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	release(0)
	wg.Wait()
	s = store.New(open(t, dir))
	for i, err := range errs {
		_, gone := s.Reader().User(t.Context(), fmt.Sprint("user", i))
		if (err == nil) != (gone == nil) {
			t.Errorf("writer %d was told %v, and its user: %v", i, err, gone)
		}
	}
}

func TestFullDiskLosesNothing(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	s := store.New(db)
	room := func(pages int) { // how many pages the database may have
		t.Helper()
		err := db.Write(t.Context(), func(c store.Conn) error {
			if pages > 0 {
				var have int
				if err := c.QueryRow(t.Context(), `PRAGMA page_count`).Scan(&have); err != nil {
					return err
				}
				pages += have
			} else {
				pages = 1 << 30
			}
			var got int
			return c.QueryRow(t.Context(), fmt.Sprint("PRAGMA max_page_count = ", pages)).Scan(&got)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	room(100)

	const writers, each = 20, 20
	var mu sync.Mutex
	var acked []string // guarded by mu
	var refused atomic.Int32
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for n := range each {
				name := fmt.Sprintf("user %d %d", i, n)
				err := s.Write(t.Context(), func(tx *store.Tx) error {
					return tx.PutUser(t.Context(), access.User{Name: name, Password: strings.Repeat("x", 3000)})
				})
				if err != nil {
					refused.Add(1)
					wantFault(t, err, fault.Busy, "The disk of the data folder is full")
					continue
				}
				mu.Lock()
				acked = append(acked, name)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(acked) == 0 || refused.Load() == 0 {
		t.Fatalf("%d were taken and %d refused: the test proves nothing", len(acked), refused.Load())
	}
	check := func(s *store.Store) {
		t.Helper()
		wantUsers(t, s, acked...)
		if n, err := s.Reader().CountUsers(t.Context()); err != nil || n != len(acked) {
			t.Errorf("there are %d users, %v; %d were taken", n, err, len(acked))
		}
	}
	check(s)

	room(0) // somebody made room
	putUser(t, s, "after all")
	acked = append(acked, "after all")
	check(s)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	check(store.New(open(t, dir)))
}

func TestWriteSaysWhenTheDatabaseIsReadOnly(t *testing.T) {
	db := open(t, t.TempDir())
	s := store.New(db)
	err := db.Write(t.Context(), func(c store.Conn) error {
		_, err := c.Exec(t.Context(), `PRAGMA query_only = 1`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Write(t.Context(), func(tx *store.Tx) error { return tx.PutUser(t.Context(), access.User{Name: "u"}) })
	wantFault(t, err, fault.Busy, "can't be written to")
}

func TestReadersCannotWrite(t *testing.T) {
	db := open(t, t.TempDir())
	if _, err := db.Read().Exec(t.Context(), `DELETE FROM users`); err == nil {
		t.Error("a reader has written")
	}
}
