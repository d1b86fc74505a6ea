package safe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxFile is how large a file with secrets may be.
const maxFile = 1 << 20

// Files has each secret in a file of its own, as Kubernetes and Docker mount them. A newline at
// the end is not part of the secret.
type Files struct{ Folder string }

// Read implements [Store].
func (f Files) Read(_ context.Context, path string) (map[string]string, error) {
	text, err := readBelow(f.Folder, path)
	if err != nil {
		return nil, err
	}
	return map[string]string{"": strings.TrimSuffix(string(text), "\n")}, nil
}

// readBelow reads a file in a folder, and nothing that links lead to elsewhere.
func readBelow(folder, path string) ([]byte, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // it is only read
	f, err := root.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("the file has more than %d bytes", maxFile)
	}
	return text, err
}

// Variables has secrets in variables of the environment. Their names begin with the prefix, which
// is not part of the name of the secret.
type Variables struct {
	Prefix string
	Lookup func(name string) (string, bool)
}

// Read implements [Store].
func (v Variables) Read(_ context.Context, path string) (map[string]string, error) {
	text, ok := v.Lookup(v.Prefix + path)
	if !ok {
		return nil, ErrNone
	}
	return map[string]string{"": text}, nil
}
