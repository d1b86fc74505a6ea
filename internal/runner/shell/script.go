package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nightshift-run/nightshift/internal/cmdline"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner"
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

// workTree is a pack at another revision.
type workTree struct {
	pack   string // folder of the pack
	dir    string
	script string
}

// worktreePrefix begins the names of the folders that revisions are put in.
const worktreePrefix = "st2-git-worktree-"

// checkOut puts a revision of the task's pack into a folder of its own.
func (s *Shell) checkOut(ctx context.Context, t *runner.Task, version string) (workTree, error) {
	fail := func(why string) (workTree, error) {
		return workTree{}, fmt.Errorf("take revision %q of pack %q: %s", version, t.Pack, why)
	}
	if strings.HasPrefix(version, "-") {
		return fail("a revision does not begin with a dash")
	}
	below, err := filepath.Rel(t.ContentDir, t.EntryPoint)
	if err != nil || !filepath.IsLocal(below) {
		return fail("the action's script is not in the pack's folder")
	}
	dir, err := os.MkdirTemp("", worktreePrefix)
	if err != nil {
		return fail(err.Error())
	}
	tree := workTree{pack: t.ContentDir, dir: dir, script: filepath.Join(dir, below)}
	// Another user may have to read it.
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // packs hold no secrets
		s.remove(ctx, tree)
		return fail(err.Error())
	}
	if text, ok := s.git(ctx, t.ContentDir, "worktree", "add", "--force", "--detach", dir, version); !ok {
		s.remove(ctx, tree)
		return fail(text)
	}
	return tree, nil
}

// remove removes a revision that was checked out.
func (s *Shell) remove(ctx context.Context, tree workTree) {
	ctx = context.WithoutCancel(ctx)
	if err := os.RemoveAll(tree.dir); err != nil {
		s.opts.Logger.WarnContext(ctx, "work tree was not removed", "path", tree.dir, "err", err)
	}
	s.git(ctx, tree.pack, "worktree", "prune")
}

// git runs git in a folder and returns what it said.
func (s *Shell) git(ctx context.Context, dir string, args ...string) (text string, ok bool) {
	words := []string{"git", "-C", cmdline.Quote(dir)}
	for _, arg := range args {
		words = append(words, cmdline.Quote(arg))
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	said := runner.NewCapture(runner.Discard{}, runner.Stderr, 4<<10)
	exit, err := s.spawner.Run(ctx, &process.Cmd{
		Path: s.opts.Bash, Args: []string{filepath.Base(s.opts.Bash), "-c", strings.Join(words, " ")},
		Env: append(slices.Clip(s.opts.Env), "GIT_TERMINAL_PROMPT=0"), Stderr: said.Add,
	})
	if err != nil {
		return err.Error(), false
	}
	return strings.TrimSpace(said.Text()), exit.Code == 0
}
