// Package sqlite keeps the ledger in one SQLite file, for a server that is
// alone with its data folder.
//
// There is one writer. It commits whatever is waiting in one go, so that the
// price of a commit, the fsync, is shared by all who came meanwhile; it never
// waits for more to come. The write-ahead log is synced at every commit
// (synchronous=FULL): what was acknowledged survives the loss of power.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the database, in Go

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options configure a database. The zero value of each field means its default.
type Options struct {
	Readers int          // connections that read; default 2 for each CPU, at least 4
	Logger  *slog.Logger // default: discard
}

// DB is an open database. It implements [store.Driver].
type DB struct {
	lock    *lock
	read    *pool
	writer  *writer
	writeDB *sql.DB
	readDB  *sql.DB
	closing sync.Once
	closed  error // what closing came to
}

var _ store.Driver = (*DB)(nil)

// FileName is the name of the database in its folder.
const FileName = "nightshift.db"

// Open opens the database in folder dir, which exists, and brings its schema up
// to date. It fails when another process has the folder open.
func Open(ctx context.Context, dir string, opts Options) (_ *DB, err error) {
	if opts.Readers == 0 {
		opts.Readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	db := &DB{}
	if db.lock, err = lockFolder(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(classify(err), db.Close())
		}
	}()
	file := filepath.Join(dir, FileName)
	if db.writeDB, err = sql.Open("sqlite", dsn(file, false)); err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	db.writeDB.SetMaxOpenConns(1)
	if err := migrate(ctx, db.writeDB); err != nil {
		return nil, fmt.Errorf("bring the schema of %s up to date: %w", file, err)
	}
	if db.readDB, err = sql.Open("sqlite", dsn(file, true)); err != nil {
		return nil, fmt.Errorf("open %s for reading: %w", file, err)
	}
	db.readDB.SetMaxOpenConns(opts.Readers)
	db.readDB.SetMaxIdleConns(opts.Readers)
	db.read = &pool{db: db.readDB}
	conn, err := db.writeDB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s for writing: %w", file, err)
	}
	db.writer = startWriter(conn, opts.Logger)
	return db, nil
}

func dsn(file string, reading bool) string {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"fullfsync(1)", // for macOS, whose fsync leaves the data in the disk's cache
		"checkpoint_fullfsync(1)",
		"cache_size(-16000)", // KiB for each connection
		"temp_store(MEMORY)",
		"wal_autocheckpoint(4000)",
		"journal_size_limit(67108864)",
	}}
	if reading {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + q.Encode()
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	current, newest, err := p.GetVersions(ctx)
	if err == nil && current > newest {
		return fault.Newf(fault.Conflict, "The data folder belongs to a newer version: its schema is %d, this version knows %d. "+
			"Start the newer version, or give this one a folder of its own.", current, newest)
	}
	return err
}

// Write implements [store.Driver].
func (d *DB) Write(ctx context.Context, f func(store.Conn) error) error {
	return classify(d.writer.do(ctx, f))
}

// Read implements [store.Driver].
func (d *DB) Read() store.Conn { return d.read }

// Close implements [store.Driver]. It waits for the commits under way. Closing
// again does nothing and says the same.
func (d *DB) Close() error {
	d.closing.Do(func() { d.closed = d.close() })
	return d.closed
}

func (d *DB) close() error {
	var errs []error
	if d.writer != nil {
		errs = append(errs, d.writer.stop())
	}
	if d.read != nil {
		errs = append(errs, d.read.close())
	}
	for _, db := range []*sql.DB{d.readDB, d.writeDB} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, d.lock.release())...)
}
