package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nightshift-run/nightshift/internal/store"
)

// What one commit takes in at most. Both bounds keep the first of a group from
// waiting long for the last.
const (
	groupSize = 512
	groupTime = 20 * time.Millisecond
)

// errClosed is what writes get after the end.
var errClosed = errors.New("the store is closed")

// A job is one caller's transaction.
type job struct {
	f     func(store.Conn) error
	err   error
	taken atomic.Bool   // by the writer, who runs it, or by its caller, who gives it up
	done  chan struct{} // closed when err is final and, if it is nil, durable
}

// take reports whether the caller is the first to take j.
func (j *job) take() bool { return j.taken.CompareAndSwap(false, true) }

// writer owns the only connection that writes.
type writer struct {
	jobs   chan *job     // the room lets a group gather during an fsync
	closed chan struct{} // closed by stop
	ended  chan struct{} // closed by run
	once   sync.Once
	conn   *sql.Conn
	log    *slog.Logger
	stmts  map[string]*sql.Stmt // used by run only
}

func startWriter(conn *sql.Conn, log *slog.Logger) *writer {
	w := &writer{
		jobs:   make(chan *job, groupSize),
		closed: make(chan struct{}),
		ended:  make(chan struct{}),
		conn:   conn,
		log:    log,
		stmts:  map[string]*sql.Stmt{},
	}
	go w.run()
	return w
}

// do hands f to the writer and waits for its commit. When ctx ends before the
// writer comes to f, f is not run; when it ends later, the answer is awaited all
// the same. So f never runs after do has returned, and its outcome is known.
func (w *writer) do(ctx context.Context, f func(store.Conn) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx) // else select may choose the queue
	}
	j := &job{f: f, done: make(chan struct{})}
	select {
	case <-w.closed:
		return errClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	case w.jobs <- j:
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		if j.take() {
			return context.Cause(ctx)
		}
	case <-w.ended:
	}
	select {
	case <-j.done:
		return j.err
	case <-w.ended:
	}
	select {
	case <-j.done: // just before the end
		return j.err
	default:
		return errClosed
	}
}

// stop lets the group under way finish and refuses the rest.
func (w *writer) stop() error {
	w.once.Do(func() { close(w.closed) })
	<-w.ended
	for _, s := range w.stmts {
		s.Close() //nolint:errcheck,gosec // the connection goes next
	}
	return w.conn.Close()
}

func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case <-w.closed:
			return
		case j := <-w.jobs:
			w.commit(j)
		}
	}
}

// commit runs first and whatever is waiting in one transaction.
func (w *writer) commit(first *job) {
	group := make([]*job, 0, 16)
	err := w.exec("BEGIN IMMEDIATE")
	if err == nil {
		group, err = w.fill(group, first)
	} else if first.take() {
		group = append(group, first)
	}
	if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		// The database may have rolled back by itself; then this says so, and no more.
		_ = w.exec("ROLLBACK")
	}
	for _, j := range group {
		if err != nil {
			j.err = err
		}
		close(j.done)
	}
}

// fill runs jobs, each in its savepoint, until none is waiting or the group is
// full. An error means that the whole transaction is lost.
func (w *writer) fill(group []*job, next *job) ([]*job, error) {
	tallies := map[string]int64{}
	end := time.Now().Add(groupTime)
	for {
		if next.take() {
			group = append(group, next)
			if err := w.attempt(next, tallies); err != nil {
				return group, err
			}
		}
		if len(group) == groupSize || time.Now().After(end) {
			break
		}
		select {
		case next = <-w.jobs:
			continue
		default:
		}
		break
	}
	for name, n := range tallies {
		if err := store.AddTally(context.Background(), &txConn{w: w}, name, n); err != nil {
			return group, err
		}
	}
	return group, nil
}

// attempt runs one job in a savepoint and keeps its error in it. The error that
// it returns is one after which the transaction can't go on.
func (w *writer) attempt(j *job, tallies map[string]int64) error {
	if err := w.exec("SAVEPOINT job"); err != nil {
		return fmt.Errorf("begin savepoint: %w", err)
	}
	c := &txConn{w: w}
	if j.err = w.call(j.f, c); j.err == nil {
		if err := w.exec("RELEASE job"); err != nil {
			return fmt.Errorf("release savepoint: %w", err)
		}
		for name, n := range c.tallies {
			tallies[name] += n
		}
		return nil
	}
	if err := w.exec("ROLLBACK TO job"); err != nil {
		// A full disk makes SQLite roll back everything by itself.
		return errors.Join(j.err, err)
	}
	if err := w.exec("RELEASE job"); err != nil {
		return fmt.Errorf("release savepoint: %w", err)
	}
	return nil
}

// call keeps a panic of one caller from ending the server in the middle of the
// commit of others.
func (w *writer) call(f func(store.Conn) error, c *txConn) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("panic in a transaction", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	return f(c)
}

func (w *writer) exec(query string) error {
	_, err := (&txConn{w: w}).Exec(context.Background(), query)
	return err
}

// stmt prepares a text once.
func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if s, ok := w.stmts[query]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = s
	return s, nil
}

// txConn is the writer's connection as one job sees it. It ignores the
// caller's context: a statement cut off in the middle would take the whole
// group with it, and statements are short.
type txConn struct {
	w       *writer
	tallies map[string]int64
}

// Tally implements [store.Tallier].
func (c *txConn) Tally(name string, n int64) {
	if c.tallies == nil {
		c.tallies = map[string]int64{}
	}
	c.tallies[name] += n
}

// Exec implements [store.Conn].
func (c *txConn) Exec(_ context.Context, query string, args ...any) (sql.Result, error) {
	s, err := c.w.stmt(query) //nolint:sqlclosecheck // the writer keeps it
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.Background(), args...)
}

// Query implements [store.Conn].
func (c *txConn) Query(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := c.w.stmt(query) //nolint:sqlclosecheck // the writer keeps it
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.Background(), args...)
}

// QueryRow implements [store.Conn].
func (c *txConn) QueryRow(_ context.Context, query string, args ...any) *sql.Row {
	s, err := c.w.stmt(query) //nolint:sqlclosecheck // the writer keeps it
	if err != nil {
		return c.w.conn.QueryRowContext(context.Background(), query, args...) // carries the same error
	}
	return s.QueryRowContext(context.Background(), args...)
}
