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

	"github.com/klauspost/compress/zstd"
)

// inlineResult is the size up to which a result stays in its execution's row.
// Above it, it is compressed and kept apart, so that rows stay short.
const inlineResult = 64 << 10

// A packed result is as the tables have it: in the row of its execution, or compressed and apart.
type packed struct {
	size   int
	inline sql.NullString
	apart  []byte
}

func packResult(result json.RawMessage) (*packed, error) {
	p := &packed{size: len(result)}
	if len(result) <= inlineResult {
		p.inline = null(string(result))
		return p, nil
	}
	// A small window has a reader need little memory, and costs next to nothing.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
	if err != nil {
		return nil, fmt.Errorf("compress a result: %w", err)
	}
	p.apart = z.EncodeAll(result, make([]byte, 0, len(result)/4))
	return p, nil
}

// sealed returns p as it is stored when it may have secrets in it.
func (p packed) sealed(r Reader, id string) *packed {
	if p.inline.Valid {
		p.inline.String = r.sealed(id, sealedResult, []byte(p.inline.String))
	}
	if p.apart != nil {
		p.apart = []byte(r.sealed(id, sealedResult, p.apart))
	}
	return &p
}

// putResult stores what is not in the row of the execution.
func (tx *Tx) putResult(ctx context.Context, id string, p *packed) error {
	if p.apart == nil {
		return nil
	}
	_, err := tx.c.Exec(ctx, `
		INSERT INTO execution_results (execution_id, packed) VALUES ($1, $2)
		ON CONFLICT (execution_id) DO UPDATE SET packed = excluded.packed`, id, p.apart)
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
	var stored []byte
	err = r.c.QueryRow(ctx, `SELECT packed FROM execution_results WHERE execution_id = $1`, id).Scan(&stored)
	if err != nil {
		return nil, notFound(err, "result of execution %s", id)
	}
	if stored, err = r.opened(id, sealedResult, stored); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(stored, []byte{0x1f, 0x8b}) { // written before Zstandard was used
		z, err := gzip.NewReader(bytes.NewReader(stored))
		if err != nil {
			return nil, fmt.Errorf("unpack the result of execution %s: %w", id, err)
		}
		return &StoredResult{z, size}, nil
	}
	z, err := zstd.NewReader(bytes.NewReader(stored), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
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
