// Package revision takes a pack at another revision of its repository, for the
// runners that hear the parameter content_version. Each run has a work tree of its
// own, beside the pack's folder and not in it.
package revision

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/process"
)

// prefix begins the names of the folders that revisions are put in.
const prefix = "st2-git-worktree-"

// A Tree is a pack at a revision.
type Tree struct {
	Dir    string // of the pack
	Script string // the action's file in it

	pack string // folder of the pack itself
}

// Trees makes trees with the git of an environment.
type Trees struct {
	spawner *process.Spawner
	env     []string
	logger  *slog.Logger
}

// New returns what makes trees. env is the environment of git, as name=value.
func New(p *process.Spawner, env []string, logger *slog.Logger) *Trees {
	return &Trees{spawner: p, env: env, logger: logger}
}

// Of returns the tree of a revision of the pack in a folder, with a file of the
// pack in it, and what removes the tree again. No revision is the folder itself.
func (t *Trees) Of(ctx context.Context, pack, dir, script, version string) (Tree, func(), error) {
	if version == "" {
		return Tree{Dir: dir, Script: script}, func() {}, nil
	}
	tree, err := t.checkOut(ctx, pack, dir, script, version)
	if err != nil {
		return Tree{}, nil, err
	}
	return tree, func() { t.remove(ctx, tree) }, nil
}

// checkOut puts a revision of a pack into a folder of its own.
func (t *Trees) checkOut(ctx context.Context, pack, packDir, script, version string) (Tree, error) {
	fail := func(why string) (Tree, error) {
		return Tree{}, fmt.Errorf("take revision %q of pack %q: %s", version, pack, why)
	}
	if strings.HasPrefix(version, "-") {
		return fail("a revision does not begin with a dash")
	}
	below, err := filepath.Rel(packDir, script)
	if err != nil || !filepath.IsLocal(below) {
		return fail("the action's script is not in the pack's folder")
	}
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return fail(err.Error())
	}
	tree := Tree{pack: packDir, Dir: dir, Script: filepath.Join(dir, below)}
	// Another user may have to read it.
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // packs hold no secrets
		t.remove(ctx, tree)
		return fail(err.Error())
	}
	if text, ok := t.git(ctx, packDir, "worktree", "add", "--force", "--detach", dir, version); !ok {
		t.remove(ctx, tree)
		return fail(text)
	}
	return tree, nil
}

// remove removes a revision that was checked out.
func (t *Trees) remove(ctx context.Context, tree Tree) {
	ctx = context.WithoutCancel(ctx)
	if err := os.RemoveAll(tree.Dir); err != nil {
		t.logger.WarnContext(ctx, "work tree was not removed", "path", tree.Dir, "err", err)
	}
	t.git(ctx, tree.pack, "worktree", "prune")
}

// git runs git in a folder and returns what it said.
func (t *Trees) git(ctx context.Context, dir string, args ...string) (text string, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	const most = 4 << 10
	var said []byte
	exit, err := t.spawner.Run(ctx, &process.Cmd{
		// The shell looks git up in the PATH of env.
		Path: "/bin/sh", Args: append([]string{"sh", "-c", `exec git "$@"`, "git", "-C", dir}, args...),
		Env:    append(slices.Clip(t.env), "GIT_TERMINAL_PROMPT=0"),
		Stderr: func(piece []byte) { said = append(said, piece[:min(len(piece), most-len(said))]...) },
	})
	if err != nil {
		return err.Error(), false
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(said), "\ufffd")), exit.Code == 0
}
