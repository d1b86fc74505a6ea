package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// inlineResult is the size up to which a result stays in its execution's row.
// Above it, it is compressed and kept apart, so that rows stay short.
const inlineResult = 64 << 10

// packResult says where a result goes: into the row, or apart.
func packResult(result json.RawMessage) (inline sql.NullString, gzipped []byte, err error) {
	if len(result) <= inlineResult {
		return null(string(result)), nil, nil
	}
	var b bytes.Buffer
	b.Grow(len(result) / 4)
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return inline, nil, err
	}
	if _, err := z.Write(result); err != nil {
		return inline, nil, err
	}
	if err := z.Close(); err != nil {
		return inline, nil, err
	}
	return inline, b.Bytes(), nil
}

// sealResult seals what [packResult] returned.
func (tx *Tx) sealResult(id string, inline sql.NullString, gzipped []byte) (sql.NullString, []byte) {
	if inline.Valid {
		inline.String = tx.sealed(id, sealedResult, []byte(inline.String))
	}
	if gzipped != nil {
		gzipped = []byte(tx.sealed(id, sealedResult, gzipped))
	}
	return inline, gzipped
}

func (tx *Tx) putResult(ctx context.Context, id string, gzipped []byte) error {
	_, err := tx.c.Exec(ctx, `
		INSERT INTO execution_results (execution_id, gzipped) VALUES ($1, $2)
		ON CONFLICT (execution_id) DO UPDATE SET gzipped = excluded.gzipped`, id, gzipped)
	if err != nil {
		return fmt.Errorf("store the result of execution %s: %w", id, err)
	}
	return nil
}

// Result returns the result of an execution; nil when it has none yet.
func (r Reader) Result(ctx context.Context, id string) (json.RawMessage, error) {
	z, err := r.OpenResult(ctx, id)
	if err != nil || z == nil {
		return nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, z.Size+bytes.MinRead)) // no room has to be made while it is read to its end
	if _, err := b.ReadFrom(z); err != nil {
		return nil, fmt.Errorf("unpack the result of execution %s: %w", id, err)
	}
	return b.Bytes(), nil
}

// StoredResult is a result that is unpacked while it is read.
type StoredResult struct {
	io.Reader
	Size int // bytes that there are
}

// OpenResult returns the result of an execution, of which only what is stored is in memory; nil when
// it has none yet. It holds nothing that has to be closed.
func (r Reader) OpenResult(ctx context.Context, id string) (*StoredResult, error) {
	var inline sql.NullString
	var apart bool
	var size int
	err := r.c.QueryRow(ctx, `SELECT result, result_apart, result_size FROM executions WHERE id = $1`, id).Scan(&inline, &apart, &size)
	if err != nil {
		return nil, notFound(err, "result of execution %s", id)
	}
	if !apart {
		if !inline.Valid {
			return nil, nil
		}
		b, err := r.opened(id, sealedResult, []byte(inline.String))
		return &StoredResult{bytes.NewReader(b), len(b)}, err
	}
	var gzipped []byte
	err = r.c.QueryRow(ctx, `SELECT gzipped FROM execution_results WHERE execution_id = $1`, id).Scan(&gzipped)
	if err != nil {
		return nil, notFound(err, "result of execution %s", id)
	}
	if gzipped, err = r.opened(id, sealedResult, gzipped); err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		return nil, fmt.Errorf("unpack the result of execution %s: %w", id, err)
	}
	return &StoredResult{z, size}, nil
}

// A Chunk is a piece of what an execution printed.
type Chunk struct {
	Execution string
	Stream    string // stdout, stderr or output
	At        time.Time
	Data      string
	Seq       int64 // given by the store; grows
}

// AddOutput appends chunks to the output of their executions.
func (tx *Tx) AddOutput(ctx context.Context, chunks []Chunk) error {
	for _, c := range chunks {
		_, err := tx.c.Exec(ctx, `
			INSERT INTO execution_output (execution_id, stream, at, data) VALUES ($1, $2, $3, $4)`,
			c.Execution, c.Stream, micros(c.At), c.Data)
		if err != nil {
			return fmt.Errorf("store the output of execution %s: %w", c.Execution, err)
		}
	}
	return nil
}

// Output returns up to limit chunks of an execution's output after seq, in
// order; stream "" is all streams.
func (r Reader) Output(ctx context.Context, id, stream string, after int64, limit int) ([]Chunk, error) {
	rows, err := r.c.Query(ctx, `
		SELECT seq, stream, at, data FROM execution_output
		WHERE execution_id = $1 AND seq > $2 AND ($3 = '' OR stream = $3) ORDER BY seq LIMIT $4`,
		id, after, stream, limit)
	out, err := collect(rows, err, func(rows *sql.Rows) (Chunk, error) {
		c := Chunk{Execution: id}
		var at int64
		err := rows.Scan(&c.Seq, &c.Stream, &at, &c.Data)
		c.At = fromMicros(at)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("output of execution %s: %w", id, err)
	}
	return out, nil
}
