package python

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed all:shim
var shimFiles embed.FS

// InstallShim writes the Python files that come with the server into a subfolder
// of dir, unless they are there already, and returns that subfolder. What it is
// called depends on what they say, so that servers of different versions share
// dir.
func InstallShim(dir string) (string, error) {
	files, name, err := shim()
	if err != nil {
		return "", err
	}
	target := filepath.Join(dir, name)
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	// It appears whole or not at all, whoever else writes it meanwhile.
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // actions of another user read it
		return "", fmt.Errorf("install the Python files: %w", err)
	}
	made, err := os.MkdirTemp(dir, "new-shim-")
	if err != nil {
		return "", fmt.Errorf("install the Python files: %w", err)
	}
	defer os.RemoveAll(made)                      //nolint:errcheck // gone when all went well
	if err := os.Chmod(made, 0o755); err != nil { //nolint:gosec // as above
		return "", fmt.Errorf("install the Python files: %w", err)
	}
	for path, text := range files {
		path = filepath.Join(made, filepath.FromSlash(path))
		err := os.MkdirAll(filepath.Dir(path), 0o755) //nolint:gosec // as above
		if err == nil {
			err = os.WriteFile(path, text, 0o644) //nolint:gosec // as above
		}
		if err != nil {
			return "", fmt.Errorf("install the Python files: %w", err)
		}
	}
	if err := os.Rename(made, target); err != nil {
		if _, there := os.Stat(target); there != nil {
			return "", fmt.Errorf("install the Python files: %w", err)
		}
	}
	return target, nil
}

// shim returns the Python files by path, and a name for what they say.
func shim() (files map[string][]byte, name string, err error) {
	files, sum := map[string][]byte{}, sha256.New()
	err = fs.WalkDir(shimFiles, "shim", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".py" { // what an interpreter compiled beside them
			return err
		}
		text, err := shimFiles.ReadFile(path)
		path = strings.TrimPrefix(path, "shim/")
		fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text) //nolint:errcheck // a hash takes everything
		files[path] = text
		return err
	})
	return files, "shim-" + hex.EncodeToString(sum.Sum(nil)[:8]), err
}
