package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/nightshift-run/nightshift/internal/store"
)

// keptStmts bounds how many texts the pool keeps prepared. Lists have as many
// texts as people have combinations of filters.
const keptStmts = 500

// pool reads, with statements prepared once.
type pool struct {
	db *sql.DB

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt // guarded by mu
}

var _ store.Conn = (*pool)(nil)

func (p *pool) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	s, n := p.stmts[query], len(p.stmts)
	p.mu.RUnlock()
	if s != nil || n >= keptStmts {
		return s, nil
	}
	// Not under mu: this may wait for a connection whose holder waits for mu.
	s, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.stmts[query]; first != nil {
		return first, s.Close() //nolint:sqlclosecheck // it is done with here, not at the end
	}
	if p.stmts == nil {
		p.stmts = map[string]*sql.Stmt{}
	}
	p.stmts[query] = s
	return s, nil
}

// Exec implements [store.Conn]; the connections refuse what would write.
func (p *pool) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	res, err := p.db.ExecContext(ctx, query, args...)
	return res, classify(err)
}

// Query implements [store.Conn].
func (p *pool) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // the pool keeps it
	if err != nil {
		return nil, classify(err)
	}
	if s == nil {
		rows, err := p.db.QueryContext(ctx, query, args...)
		return rows, classify(err)
	}
	rows, err := s.QueryContext(ctx, args...)
	return rows, classify(err)
}

// QueryRow implements [store.Conn].
func (p *pool) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := p.stmt(ctx, query) //nolint:sqlclosecheck // the pool keeps it
	if err != nil || s == nil {
		return p.db.QueryRowContext(ctx, query, args...)
	}
	return s.QueryRowContext(ctx, args...)
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, s := range p.stmts {
		errs = append(errs, s.Close())
	}
	p.stmts = nil
	return errors.Join(errs...)
}
