// Package store is the ledger: what must survive a crash is here before anybody
// is told of it.
//
// A change is a function given to [Store.Write]. It sees its own earlier
// changes, all of it or nothing of it is kept, and when Write returns nil it is
// on the disk. Changes of several callers may share one commit; that is never
// seen, but by the clock. Reads come from the last commit and hold up no
// writer. All methods are safe for concurrent use.
//
// The SQL is written once for all databases. What a database does its own way
// is behind [Driver], and package storetest holds the promises that every
// driver keeps.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/audit"
)

// Driver is what a database brings. Package sqlite has one.
type Driver interface {
	// Write runs f in a transaction and returns when the commit is durable.
	// An error of f, or of the commit, undoes what f did.
	Write(ctx context.Context, f func(Conn) error) error
	// Read returns a connection for reading; it need not be given back.
	Read() Conn
	// Close ends the driver after the commits under way.
	Close() error
}

// Conn speaks SQL within one transaction, or with a pool of readers. Texts are
// prepared once and kept, so they are constants or made of few variants.
type Conn interface {
	Exec(ctx context.Context, query string, args ...any) (sql.Result, error)
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

// ErrNotFound is returned by look-ups that find nothing.
var ErrNotFound = errors.New("not found")

// Store is the ledger over one database.
type Store struct {
	driver Driver
	sealer Sealer // nil: nothing is sealed
}

// New returns the store in a database whose schema is up to date.
func New(d Driver) *Store { return &Store{driver: d} }

// Close ends the store after the commits under way.
func (s *Store) Close() error { return s.driver.Close() }

// Write runs f as one transaction; see the package comment. f may be run on
// another goroutine, but never after Write has returned. It must not wait for
// anything but tx, so it can't call Write, and must not keep tx. When ctx ends
// before f is run, f is not run; what has begun is brought to its end.
//
// What is done in a context of [WithTrail] is on record in the audit log, by the same commit.
func (s *Store) Write(ctx context.Context, f func(tx *Tx) error) error {
	trail := trailOf(ctx)
	err := s.driver.Write(ctx, func(c Conn) error {
		tx := &Tx{Reader: Reader{c, s.sealer}, trail: trail}
		if err := f(tx); err != nil {
			return err
		}
		if err := tx.flushTallies(ctx); err != nil {
			return err
		}
		return tx.follow(ctx)
	})
	if err == nil && trail != nil {
		trail.written = true
	}
	return err
}

// Reader returns what reads the last commit.
func (s *Store) Reader() Reader { return Reader{s.driver.Read(), s.sealer} }

// Reader answers questions. Its methods are in the files of their nouns.
type Reader struct {
	c      Conn
	sealer Sealer
}

// A Tx is a transaction: it reads what it has itself changed.
type Tx struct {
	Reader
	tallies map[string]int64
	told    []string
	trail   *Trail // nil: not on behalf of a request
	changes []audit.Change
}

// Micros and its inverse turn times into the integers of the tables:
// microseconds since 1970, UTC; 0 is the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// null keeps empty texts out of the partial indexes.
func null(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// notFound turns the absence of a row into ErrNotFound.
func notFound(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}

// collect reads all rows with scan.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
