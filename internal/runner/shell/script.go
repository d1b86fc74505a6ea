package shell

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// makeExecutable sees to it that a script can be called. Git loses the bit in
// many packs. Where it can't be set (a file system that is read-only or that
// forbids execution, a file of somebody else) it returns the interpreter that the
// script names, to run it through that.
func makeExecutable(path, bash string) (through []string, err error) {
	const execute = 1 // X_OK
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("the script %s does not exist", path)
	case err != nil:
		return nil, fmt.Errorf("look at the script: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("the script %s is a folder", path)
	}
	if syscall.Access(path, execute) == nil {
		return nil, nil
	}
	if os.Chmod(path, info.Mode().Perm()|0o111) == nil && syscall.Access(path, execute) == nil {
		return nil, nil
	}
	return interpreter(path, bash)
}

// interpreter returns what the first line of a script asks for: a program and
// at most one argument, as the kernel takes it.
func interpreter(path, bash string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the script: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	start := make([]byte, 256)
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read the script: %w", err)
	}
	line, _, _ := bytes.Cut(start[:n], []byte{'\n'})
	rest, ok := strings.CutPrefix(string(line), "#!")
	program, arg, more := strings.Cut(strings.TrimSpace(rest), " ")
	if !ok || program == "" {
		return []string{bash}, nil
	}
	if arg = strings.TrimSpace(arg); more && arg != "" {
		return []string{program, arg}, nil
	}
	return []string{program}, nil
}
