package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// deedFlags are those of commands that the server does by an action.
type deedFlags struct {
	force, skipDependencies, async bool
}

func (a *app) packInstall() *cobra.Command {
	var f deedFlags
	cmd := &cobra.Command{
		Use:   "install <pack>...",
		Short: "Install packs",
		Long: `Install packs, and the packs that they depend on. All of them are installed, or none. A pack comes from

  csv                             the index of packs, in its newest version
  csv=1.2.0                       there, in this version
  acme/stackstorm-tools           a repository on GitHub
  https://git.example/tools.git   a Git repository, also ssh://… and user@host:path
  …=v1.2.0                        there, at a tag, branch or commit
  https://example/tools.tar.gz    an archive, also .zip, .tar, .tgz and .tar.bz2; with #sha256=… it must have that sum
  ./tools, /srv/packs/tools       a folder or an archive on the server, as it is
  file:///srv/git/tools.git       a Git repository on the server`,
		Example: "  nightshift pack install csv xml=1.0.0\n  nightshift pack install https://git.example/tools.git=v1.2.0\n  nightshift pack install ./tools",
		Args:    args(1, -1),
		RunE: func(cmd *cobra.Command, sources []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			for i, source := range sources {
				if strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../") || source == "." || source == ".." {
					if sources[i], err = filepath.Abs(source); err != nil {
						return err
					}
				}
			}
			body := map[string]any{"packs": sources, "force": f.force, "skip_dependencies": f.skipDependencies}
			d, err := s.do(cmd.Context(), http.MethodPost, "packs/install", body)
			if err != nil {
				return err
			}
			return s.deed(cmd.Context(), textOf(d, "execution_id"), &f)
		},
	}
	f.add(cmd, "install packs that say that they do not run here")
	cmd.Flags().BoolVar(&f.skipDependencies, "skip-dependencies", false, "leave out the packs that they depend on")
	return cmd
}

func (f *deedFlags) add(cmd *cobra.Command, force string) {
	cmd.Flags().BoolVar(&f.force, "force", false, force)
	cmd.Flags().BoolVarP(&f.async, "async", "a", false, "do not wait for the end")
}

func (a *app) packUpdate(r resource) *cobra.Command {
	var f deedFlags
	cmd := &cobra.Command{
		Use:   "update <pack>...",
		Short: "Install packs anew, in their newest version",
		Long: `Install packs anew from where they came from: those of the index and of a tag in their newest version, those of a
branch as that is now. What runs keeps the version that it began with.`,
		Args:              args(1, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, packs []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			params := map[string]any{"packs": packs, "force": f.force, "skip_dependencies": f.skipDependencies}
			d, err := s.do(cmd.Context(), http.MethodPost, "executions", map[string]any{"action": "packs.update", "parameters": params})
			if err != nil {
				return err
			}
			return s.deed(cmd.Context(), textOf(d, "id"), &f)
		},
	}
	f.add(cmd, "install packs that say that they do not run here")
	cmd.Flags().BoolVar(&f.skipDependencies, "skip-dependencies", false, "leave out the packs that they depend on")
	return cmd
}

func (a *app) packRemove(r resource) *cobra.Command {
	var f deedFlags
	cmd := &cobra.Command{
		Use:     "remove <pack>...",
		Aliases: []string{"uninstall"},
		Short:   "Remove packs with all that they brought",
		Long: `Remove packs with all that they brought. A pack that is in use by an execution that has not ended, by another pack or
by a rule of another pack stays, unless it is forced. Its configuration stays in any case.`,
		Args:              args(1, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, packs []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.do(cmd.Context(), http.MethodPost, "packs/uninstall", map[string]any{"packs": packs, "force": f.force})
			if err != nil {
				return err
			}
			return s.deed(cmd.Context(), textOf(d, "execution_id"), &f)
		},
	}
	f.add(cmd, "remove packs that are in use")
	return cmd
}

// deed waits for what an action does with packs, and shows what came of it.
func (s *session) deed(ctx context.Context, id string, f *deedFlags) error {
	if f.async {
		if s.machine() {
			d := value.NewDict()
			d.Set("execution_id", id)
			return s.encode(d)
		}
		return s.print("To see the result:\n nightshift execution get " + id)
	}
	status, err := s.wait(ctx, id, "")
	if err != nil {
		return stillRuns(err, id)
	}
	d, err := s.get(ctx, "executions/"+seg(id), url.Values{"include_attributes": {"result,status"}})
	if err != nil {
		return err
	}
	result := object(d, "result")
	if status != "succeeded" {
		why := textOf(result, "error")
		if why == "" {
			return &notSucceeded{id, status}
		}
		return fault.Newf(fault.Invalid, "%s", why)
	}
	done := object(result, "result")
	if s.machine() {
		return s.encode(done)
	}
	return s.dealt(done)
}

// dealt shows which packs something was done with.
func (s *session) dealt(done *value.Dict) error {
	if packs, ok := lookUp(done, "packs"); ok {
		t := s.newTable("ref", "version", "before", "from")
		list, _ := packs.(*value.List)
		if list == nil {
			list = value.NewList()
		}
		for _, item := range list.Items {
			p, _ := item.(*value.Dict)
			before := textOf(p, "before")
			if same, _ := lookUp(p, "same"); same == true {
				before = "the same"
			}
			t.row(textOf(p, "ref"), textOf(p, "version"), before, textOf(p, "from"))
		}
		if err := t.write(); err != nil {
			return err
		}
	} else if refs, ok := lookUp(done, "packs_list"); ok {
		if err := s.print("Removed " + cell(refs) + "."); err != nil {
			return err
		}
	}
	if warnings, ok := lookUp(done, "warning_list"); ok {
		if list, ok := warnings.(*value.List); ok {
			for _, w := range list.Items {
				s.note(cell(w))
			}
		}
	}
	return nil
}

// indexResource is what an index says of packs.
func indexResource() resource {
	return resource{
		name: "pack", plural: "packs", path: "packs/index", key: "name",
		columns: []string{"name", "description", "version", "author"},
		shape:   shape{order: []string{"name", "description", "author", "keywords", "email", "version", "repo_url"}},
	}
}

func (a *app) packSearch() *cobra.Command {
	r := indexResource()
	var attrs []string
	var widths []int
	cmd := &cobra.Command{
		Use:   "search <text>",
		Short: "Find packs that can be installed",
		Long: `Find packs in the index of packs: first those with the text in their name, then those with it as a keyword, then those
with it elsewhere.`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			v, err := s.askIndex(cmd.Context(), map[string]any{"query": words[0]})
			if err != nil {
				return err
			}
			list, _ := v.(*value.List)
			var found []*value.Dict
			if list != nil {
				for _, item := range list.Items {
					if d, ok := item.(*value.Dict); ok {
						found = append(found, d)
					}
				}
			}
			if len(found) == 0 && !s.machine() {
				return s.print("No matching items found")
			}
			return s.table(found, attrs, r.shape, widths)
		},
	}
	a.addColumns(cmd, &attrs, &widths, r.columns)
	return cmd
}

// askIndex asks the index of packs.
func (s *session) askIndex(ctx context.Context, body any) (value.Value, error) {
	var text json.RawMessage
	if err := s.client.Post(ctx, "/api/v1/packs/index/search", body, &text); err != nil {
		return nil, s.advise(err)
	}
	return value.FromJSON(text)
}

func (a *app) packShow() *cobra.Command {
	r := indexResource()
	cmd := &cobra.Command{
		Use:   "show <pack>",
		Short: "Show what the index says of a pack",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, names []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			v, err := s.askIndex(cmd.Context(), map[string]any{"pack": names[0]})
			if err != nil {
				return err
			}
			d, ok := v.(*value.Dict)
			if !ok {
				return fault.Newf(fault.NotFound, "no record of the pack %q in the index", names[0])
			}
			return s.show(d, []string{all}, r.shape)
		},
	}
	return cmd
}
