package sqlite_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// memoryDir is a folder in memory, where the system has such: thousands of
// commits need no disk to show what they promise.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "nightshift-test-") //nolint:usetesting // not in memory
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestStore(t *testing.T) {
	dirs := map[store.Driver]string{}
	storetest.Run(t, storetest.Harness{
		New: func(t *testing.T) store.Driver {
			dir := memoryDir(t)
			db := open(t, dir)
			dirs[db] = dir
			return db
		},
		Reopen: func(t *testing.T, d store.Driver) store.Driver {
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, dirs[d])
		},
	})
}
