package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

// wantFault checks that err is of a kind, and that its sentence says what.
func wantFault(t *testing.T, err error, kind fault.Kind, says string) {
	t.Helper()
	if fault.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v of kind %d, want kind %d and %q", err, fault.KindOf(err), kind, says)
	}
}

func openFails(t *testing.T, dir string) error {
	t.Helper()
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	if err == nil {
		t.Error("it opened", db.Close())
	}
	return err
}

func TestOpenKeepsASecondServerOut(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	wantFault(t, openFails(t, dir), fault.Conflict, "Another server is running with the data folder "+dir+".")
	putUser(t, store.New(db), "the first goes on")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantUsers(t, store.New(open(t, dir)), "the first goes on")
}

func TestOpenRefusesAFolderThatItCannotWriteTo(t *testing.T) {
	dir := t.TempDir()
	if os.Getuid() == 0 {
		if runtime.GOOS != "linux" {
			t.Skip("root may write everywhere")
		}
		dir = "/sys" // where not even root may make a file
	} else if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	wantFault(t, openFails(t, dir), fault.Busy, "The data folder "+dir+" can't be written to.")
}

func TestOpenRefusesADamagedDatabase(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sqlite.FileName), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantFault(t, openFails(t, dir), fault.Busy, "is damaged")
}

func TestOpenRefusesTheSchemaOfANewerVersion(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantFault(t, openFails(t, dir), fault.Conflict, "a newer version: its schema is 99999")
}

func TestOpenTakesAFolderOfAnyName(t *testing.T) {
	for _, name := range []string{"with space", "50%", "a?b=c&d", "a#b", "%41", "ä;'"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			putUser(t, store.New(open(t, dir)), "u")
			if _, err := os.Stat(filepath.Join(dir, sqlite.FileName)); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		putUser(t, store.New(open(t, ".")), "u")
		if _, err := os.Stat(sqlite.FileName); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenTellsOfAFolderThatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nowhere")
	if err := openFails(t, dir); !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, which does not say where", err)
	}
}

// putUser is the smallest write.
func putUser(t *testing.T, s *store.Store, name string) {
	t.Helper()
	err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.PutUser(t.Context(), access.User{Name: name}) })
	if err != nil {
		t.Fatal(err)
	}
}

func wantUsers(t *testing.T, s *store.Store, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := s.Reader().User(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
}
