// Package conformance replays recorded cases of reference implementations: what
// their own tests asked, and what they answered.
//
// The cases lie outside of the repository, in the folder that the environment
// variable CONFORMANCE_DIR names; ../shared/conformance beside the repository is
// its default. A test hands [Run] a corpus and a function that asks the question
// of one case and compares the answer. Each corpus prints one line of how many
// agree. A case that does not agree fails the test unless it is in the list of
// known differences, and a case in that list that does agree fails it as well, so
// that the list stays true.
package conformance

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// ErrSkip is returned by a check for a case that does not count, such as one of
// a dialect that we do not have.
var ErrSkip = errors.New("not counted")

// TB is what is needed of a *testing.T.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Case is one record of a corpus.
type Case struct {
	Suite, Test, Kind string
	N                 int
	Unordered         bool                       // the order of lists in the result means nothing
	Raw               map[string]json.RawMessage // all of the record by key
}

// ID is how reports and lists of known differences name the case.
func (c Case) ID() string { return fmt.Sprintf("%s#%d", c.Test, c.N) }

// Run asks all cases of a corpus. The file of known differences, relative to the
// package's folder, need not exist; its lines are an id, two spaces and a reason.
//
// With CONFORMANCE_REPORT=1 it prints what differs and never fails. With
// CONFORMANCE_ONLY only cases whose id contains its value are asked.
func Run(t TB, corpus, knownFile string, check func(c Case) error) {
	t.Helper()
	dir, err := Folder()
	if err != nil {
		t.Fatalf("find the conformance cases: %v", err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no conformance cases: %v", err)
		return
	}
	cases, err := Load(dir, corpus)
	if err != nil {
		t.Fatalf("load the cases of %s: %v", corpus, err)
	}
	known, err := readKnown(knownFile)
	if err != nil {
		t.Fatalf("read the known differences of %s: %v", corpus, err)
	}
	r := runner{report: os.Getenv("CONFORMANCE_REPORT") == "1", known: known, check: check}
	only := os.Getenv("CONFORMANCE_ONLY")
	for _, c := range cases {
		if strings.Contains(c.ID(), only) {
			r.ask(t, c)
		}
	}
	if only == "" && !r.report {
		for id := range known {
			t.Errorf("%s: %s is not a case of %s", knownFile, id, corpus)
		}
	}
	_, _ = fmt.Fprintf(os.Stdout, "conformance %s %d/%d\n", corpus, r.agree, r.asked)
}

type runner struct {
	report       bool
	known        map[string]string // differences not met yet
	check        func(c Case) error
	agree, asked int
}

func (r *runner) ask(t TB, c Case) {
	t.Helper()
	id := c.ID()
	err := r.safely(c)
	if errors.Is(err, ErrSkip) {
		return
	}
	r.asked++
	reason, known := r.known[id]
	delete(r.known, id)
	switch {
	case err == nil && known && !r.report:
		t.Errorf("%s agrees now: strike it off the known differences (%s)", id, reason)
	case err != nil && r.report:
		_, _ = fmt.Fprintf(os.Stdout, "%s\n    %s\n", id, strings.ReplaceAll(err.Error(), "\n", "\n    "))
	case err != nil && !known:
		t.Errorf("%s: %v", id, err)
	}
	if err == nil {
		r.agree++
	}
}

// safely turns a panic into a difference, so that one case does not hide the
// others.
func (r *runner) safely(c Case) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return r.check(c)
}

// Load reads the cases of <dir>/<corpus>.jsonl, or .jsonl.gz.
func Load(dir, corpus string) ([]Case, error) {
	path := filepath.Join(dir, corpus+".jsonl")
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		path += ".gz"
		f, err = os.Open(path)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	return read(in, path)
}

func read(in io.Reader, path string) ([]Case, error) {
	var cases []Case
	lines := bufio.NewReaderSize(in, 1<<20)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			c, err := parse(line)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, n, err)
			}
			cases = append(cases, c)
		}
		if errors.Is(err, io.EOF) {
			return cases, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
}

func parse(line []byte) (Case, error) {
	var c Case
	if err := json.Unmarshal(line, &c.Raw); err != nil {
		return c, err
	}
	for key, to := range map[string]any{
		"suite": &c.Suite, "test": &c.Test, "kind": &c.Kind, "n": &c.N, "unordered": &c.Unordered,
	} {
		if raw, ok := c.Raw[key]; ok {
			if err := json.Unmarshal(raw, to); err != nil {
				return c, fmt.Errorf("key %s: %w", key, err)
			}
		}
	}
	return c, nil
}

// Folder returns where the cases are.
func Folder() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(root)
		if up == root {
			return "", errors.New("no go.mod in any folder above")
		}
		root = up
	}
	dir := os.Getenv("CONFORMANCE_DIR")
	if dir == "" {
		dir = filepath.Join("..", "shared", "conformance")
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	return dir, nil
}

// readKnown reads a list of known differences: id to reason.
func readKnown(path string) (map[string]string, error) {
	known := map[string]string{}
	if path == "" {
		return known, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "// ") {
			continue
		}
		id, reason, ok := strings.Cut(line, "  ")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: want an id, two spaces and a reason", path, i+1)
		}
		known[id] = strings.TrimSpace(reason)
	}
	return known, nil
}
