//go:build ignore

// Fills the data folder of a server that has not started yet with what months leave behind:
//
//	go run web/e2e/fill.go FOLDER 100000 20
//
// are 100,000 executions of the last day and one whose result has 20 MB. It prints the id of that one.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

func main() {
	if err := fill(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func fill(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("wanted are a folder, how many executions, and megabytes; given are %q", args)
	}
	rows, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("how many executions: %w", err)
	}
	megabytes, err := strconv.Atoi(args[2])
	if err != nil {
		return fmt.Errorf("how many megabytes: %w", err)
	}
	if err := os.MkdirAll(args[0], 0o700); err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, args[0], sqlite.Options{})
	if err != nil {
		return err
	}
	s := store.New(db)
	defer s.Close()
	begin := time.Now().Add(-24 * time.Hour)
	statuses := []execution.Status{execution.Succeeded, execution.Succeeded, execution.Succeeded, execution.Failed, execution.Timeout}
	insert := func(from, to int) error {
		return s.Write(ctx, func(tx *store.Tx) error {
			for i := from; i < to; i++ {
				at := begin.Add(time.Duration(i) * 24 * time.Hour / time.Duration(rows))
				if err := tx.InsertExecution(ctx, ended(at, statuses[i%len(statuses)], json.RawMessage(`{"failed": false, "succeeded": true, "return_code": 0}`))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	const batch = 10_000
	for from := 0; from < rows; from += batch {
		if err := insert(from, min(from+batch, rows)); err != nil {
			return err
		}
	}
	large := ended(time.Now(), execution.Succeeded, result(megabytes<<20))
	if err := s.Write(ctx, func(tx *store.Tx) error { return tx.InsertExecution(ctx, large) }); err != nil {
		return err
	}
	fmt.Println(large.ID)
	return nil
}

func ended(at time.Time, status execution.Status, result json.RawMessage) *execution.Execution {
	return &execution.Execution{
		ID: ident.New(at), Status: status, Action: "core.noop", Runner: "noop", CreatedAt: at, StartedAt: at, FinishedAt: at.Add(time.Second),
		Context: execution.Context{User: "nightshift", Pack: "core"}, Parameters: json.RawMessage(`{}`), Attempt: 1, Result: result,
		Log: []execution.LogEntry{{Status: execution.Requested, At: at}, {Status: status, At: at.Add(time.Second)}},
	}
}

// result is a result of so many bytes and a few: very many lines that differ, as of a program that talks.
func result(size int) json.RawMessage {
	b := bytes.NewBufferString(`{"lines":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, `{"host":"web%d","n":%d,"text":"what was found in place %d of the volume","load":[%d.5,%d.25]}`, i%50, i, i*7919%1_000_003, i%97, i%31)
	}
	b.WriteString(`],"the_last":"needle in the hay"}`)
	return b.Bytes()
}
