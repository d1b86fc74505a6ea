package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/nightshift-run/nightshift/internal/fault"
)

// classify turns the errors that an operator can do something about into
// faults that say what.
func classify(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	var msg string
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL:
		msg = "The disk of the data folder is full; nothing was stored. Make room there and try again."
	case lib.SQLITE_READONLY:
		msg = "The data folder can't be written to; nothing was stored. Check its owner, its mode and how it is mounted."
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		msg = "Another program holds the database in the data folder; nothing was stored. Let it finish and try again."
	case lib.SQLITE_IOERR:
		msg = "The disk of the data folder failed; nothing was stored."
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		msg = "The database in the data folder is damaged. Stop the server and restore the folder from a backup."
	case lib.SQLITE_CANTOPEN:
		msg = "The database in the data folder can't be opened. Check that the folder exists and belongs to the server's user."
	default:
		return err
	}
	return &fault.Fault{Kind: fault.Busy, Msg: msg, Err: err}
}

// lock keeps a second server out of a data folder. The system takes it back
// when the process ends, however it ends.
type lock struct{ f *os.File }

// lastBreath is how long a lock that is held is asked for again. A server that
// is killed while it starts a program leaves a copy of itself behind, with all its
// files, until that copy has become the program; on a busy machine this takes a
// while.
const lastBreath = time.Second

func lockFolder(dir string) (*lock, error) {
	name := filepath.Join(dir, "lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
			return nil, &fault.Fault{Kind: fault.Busy, Err: err, Msg: fmt.Sprintf(
				"The data folder %s can't be written to. Check its owner, its mode and how it is mounted.", dir)}
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil, &fault.Fault{Kind: fault.NotFound, Err: err, Msg: fmt.Sprintf(
				"There is no data folder %s. The setting data says where it is, or --data.", dir)}
		}
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	for until := time.Now().Add(lastBreath); errors.Is(err, syscall.EWOULDBLOCK) && time.Now().Before(until); {
		<-tick.C
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		f.Close() //nolint:errcheck,gosec // nothing was written
		return nil, &fault.Fault{Kind: fault.Conflict, Err: err, Msg: fmt.Sprintf(
			"Another server is running with the data folder %s. Stop it, or give this one a folder of its own.", dir)}
	}
	return &lock{f}, nil
}

func (l *lock) release() error {
	if l == nil {
		return nil
	}
	return l.f.Close()
}
