package exchange

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/fault"
)

var versionForm = regexp.MustCompile(`^\d+\.\d+\.\d+`)

// clone fetches a Git repository, with its history: actions can ask for another
// revision of their pack.
func (x *Exchange) clone(ctx context.Context, s Source, dir string) (commit string, err error) {
	if said, err := x.git(ctx, "", "clone", "--quiet", "--no-checkout", "--", s.URL, dir); err != nil {
		return "", fault.Newf(fault.Invalid, "Git can't clone %s: %s", withoutSecrets(s.URL), firstOf(said, err.Error()))
	}
	names := []string{"HEAD"}
	if s.Ref != "" {
		names = []string{"refs/remotes/origin/" + s.Ref, "refs/tags/" + s.Ref, s.Ref}
		if versionForm.MatchString(s.Ref) {
			names = append(names, "refs/tags/v"+s.Ref)
		}
	}
	for _, name := range names {
		if commit, err = x.git(ctx, dir, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}"); err == nil {
			break
		}
	}
	if err != nil {
		return "", x.noSuchRef(ctx, s, dir)
	}
	if said, err := x.git(ctx, dir, "checkout", "--quiet", "--detach", commit); err != nil {
		return "", fmt.Errorf("check %s out: %s: %w", commit, said, err)
	}
	return commit, x.check(dir)
}

// noSuchRef says which versions there are.
func (x *Exchange) noSuchRef(ctx context.Context, s Source, dir string) error {
	if s.Ref == "" {
		return fault.Newf(fault.Invalid, "The repository %s is empty.", withoutSecrets(s.URL))
	}
	tags, err := x.git(ctx, dir, "tag", "--list")
	msg := fmt.Sprintf("%q is not a valid version, hash, tag or branch in %s.", s.Ref, withoutSecrets(s.URL))
	if list := strings.Fields(tags); err == nil && len(list) > 0 {
		const most = 20
		slices.Reverse(list)
		msg += " Available versions are: " + strings.Join(list[:min(len(list), most)], ", ") + "."
	}
	return fault.Newf(fault.Invalid, "%s", msg)
}

// git runs Git and returns what it says.
func (x *Exchange) git(ctx context.Context, dir string, args ...string) (string, error) {
	// No hook of ours or of anybody's is run, and no transport that is a program.
	all := append([]string{"-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "advice.detachedHead=false"}, args...)
	cmd := exec.CommandContext(ctx, "git", all...) //nolint:gosec // what it is told is checked, and follows --
	cmd.Dir = dir
	cmd.Env = append(slices.Clip(x.opts.Env), "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true", "SSH_ASKPASS=true", "GIT_LFS_SKIP_SMUDGE=1", "LC_ALL=C")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return strings.TrimSpace(errs.String()), err
	}
	return strings.TrimSpace(out.String()), nil
}

var userInfo = regexp.MustCompile(`//[^/@]*@`)

// withoutSecrets returns a URL less the password in it.
func withoutSecrets(url string) string { return userInfo.ReplaceAllString(url, "//") }

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
