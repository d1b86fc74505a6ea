package api

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// dataFile is a file that comes with an action, below the folder actions of its pack.
type dataFile struct {
	Path    string `json:"file_path"`
	Content string `json:"content"`
}

// actionFiles writes files below the folder actions of a pack, and nowhere else.
type actionFiles struct {
	root  *os.Root
	wrote []string
	new   []string // of those, the ones that were not there
}

// filesOf opens the folder of a pack for files of its actions.
func (c *call) filesOf(ref string) (*actionFiles, error) {
	p, ok := c.catalog().Pack(ref)
	if !ok || p.Path == "" {
		return nil, fault.Newf(fault.Invalid, "The pack \"%s\" has no folder that files can be written to.", shortened(ref))
	}
	root, err := os.OpenRoot(p.Path)
	if err != nil {
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: fmt.Sprintf("The folder of the pack \"%s\" can't be opened.", ref), Err: err}
	}
	return &actionFiles{root: root}, nil
}

// close gives the folder back. When the deed has failed, files that were not there
// before are taken away again.
func (f *actionFiles) close(failed bool) error {
	var errs []error
	if failed {
		for _, name := range f.new {
			errs = append(errs, f.root.Remove(name))
		}
	}
	return errors.Join(append(errs, f.root.Close())...)
}

// write writes a file, all of it or nothing.
func (f *actionFiles) write(name string, content []byte) error {
	if !fs.ValidPath(name) || name == "." {
		return fault.Newf(fault.Invalid, "\"%s\" is no path of a file below the folder actions.", shortened(name))
	}
	name = path.Join("actions", name)
	failed := func(err error) error {
		return &fault.Fault{Kind: fault.Invalid, Msg: fmt.Sprintf("The file \"%s\" can't be written to the pack's folder: %v", shortened(name), err), Err: err}
	}
	if err := f.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return failed(err)
	}
	_, err := f.root.Stat(name)
	missing := errors.Is(err, fs.ErrNotExist)
	fresh := name + ".new"
	if err := f.root.WriteFile(fresh, content, 0o644); err != nil { //nolint:gosec // actions run as somebody else
		return failed(err)
	}
	if err := f.root.Rename(fresh, name); err != nil {
		return failed(errors.Join(err, f.root.Remove(fresh)))
	}
	if f.wrote = append(f.wrote, name); missing {
		f.new = append(f.new, name)
	}
	return nil
}

// saveAction makes or changes an action with the files that come with it.
func (c *call) saveAction(a *action.Action, files []dataFile, save func() (*action.Action, error)) (*action.Action, error) {
	if len(files) == 0 {
		return save()
	}
	f, err := c.filesOf(a.Pack)
	if err != nil {
		return nil, err
	}
	saved, err := func() (*action.Action, error) {
		for _, file := range files {
			if err := f.write(file.Path, []byte(file.Content)); err != nil {
				return nil, err
			}
		}
		return save()
	}()
	if closed := f.close(err != nil); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	if err := c.tellOfFiles(a.Ref, f.wrote); err != nil {
		c.Logger.Error("that files of an action were written is no event", "action", a.Ref, "err", err)
	}
	return saved, nil
}

// removeFiles takes the program and the metadata of an action out of its pack's folder.
func (c *call) removeFiles(a *action.Action) error {
	f, err := c.filesOf(a.Pack)
	if err != nil {
		return err
	}
	defer f.root.Close() //nolint:errcheck // what failed before is said
	var names []string
	if a.EntryPoint != "" {
		names = append(names, path.Join("actions", a.EntryPoint))
	}
	if a.MetadataFile != "" {
		names = append(names, a.MetadataFile)
	}
	for _, name := range names {
		if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &fault.Fault{Kind: fault.Invalid, Msg: fmt.Sprintf("The action is deleted, but its file \"%s\" can't be removed: %v", shortened(name), err), Err: err}
		}
	}
	return nil
}

// tellOfFiles makes it known that files of an action were written.
func (c *call) tellOfFiles(ref string, files []string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	events := make([]intake.Event, len(files))
	for i, name := range files {
		payload := value.NewDict()
		payload.Set("ref", ref)
		payload.Set("file_path", name)
		payload.Set("host_info", host)
		events[i] = intake.Event{Trigger: trigger.FileWritten, Payload: payload}
	}
	_, err = c.Intake.Take(c.ctx(), events...)
	return err
}

const actionCloneBody = `{"type": "object", "additionalProperties": false, "properties": {
	"dest_pack": {"type": "string", "required": true}, "dest_action": {"type": "string", "required": true}, "overwrite": {"type": "boolean"}}}`

// actionName is what can be the name of a file as well.
var actionName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// cloneAction copies an action with its program and its metadata into a pack.
func (c *call) cloneAction() error {
	source, err := actionShelf().get(c)
	if err != nil {
		return err
	}
	if err := c.allow("action_view", actionResource(source.Action)); err != nil {
		return err
	}
	var req struct {
		Pack      string `json:"dest_pack"`
		Name      string `json:"dest_action"`
		Overwrite bool   `json:"overwrite"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	if err := guardPack(req.Pack); err != nil {
		return err
	}
	if !actionName.MatchString(req.Name) {
		return fault.Newf(fault.Invalid, "\"%s\" is no name of an action; it has letters, digits, dots, dashes and underscores.", shortened(req.Name))
	}
	if _, ok := c.catalog().Pack(req.Pack); !ok {
		return fault.Newf(fault.Invalid, "Destination pack '%s' doesn't exist", shortened(req.Pack))
	}
	old, exists := c.catalog().Action(req.Pack + "." + req.Name)
	if exists && !req.Overwrite {
		return fault.Newf(fault.Invalid, "The requested destination action already exists")
	}
	clone := *source.Action
	clone.ID, clone.UID, clone.Pack, clone.Name, clone.Ref = "", "", req.Pack, req.Name, req.Pack+"."+req.Name
	clone.MetadataFile = "actions/" + req.Name + ".yaml"
	if err := c.allow("action_create", actionResource(&clone)); err != nil {
		return err
	}
	if exists {
		if err := c.allow("action_delete", actionResource(old.Action)); err != nil {
			return err
		}
	}
	files, err := c.filesOfClone(source, &clone)
	if err != nil {
		return err
	}
	saved, err := c.saveAction(&clone, files, func() (*action.Action, error) {
		if exists {
			return c.Registrar.UpdateAction(c.ctx(), old.Ref, &clone)
		}
		return c.Registrar.CreateAction(c.ctx(), &clone)
	})
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, wire.ActionOf(saved))
}

// filesOfClone are the metadata and the program of a copy, whose entry point becomes
// the file that it will have.
func (c *call) filesOfClone(source *catalog.Action, clone *action.Action) ([]dataFile, error) {
	var files []dataFile
	if source.EntryPoint != "" {
		text, err := c.program(source)
		if err != nil {
			return nil, err
		}
		clone.EntryPoint = clone.Name + filepath.Ext(source.EntryPoint)
		if path.Dir(source.EntryPoint) != "." {
			clone.EntryPoint = path.Join(path.Dir(source.EntryPoint), clone.EntryPoint)
		}
		files = append(files, dataFile{clone.EntryPoint, string(text)})
	}
	meta := value.NewDict()
	meta.Set("name", clone.Name)
	meta.Set("pack", clone.Pack)
	meta.Set("runner_type", clone.RunnerType)
	meta.Set("description", clone.Description)
	meta.Set("enabled", clone.Enabled)
	meta.Set("entry_point", clone.EntryPoint)
	if clone.Parameters != nil {
		meta.Set("parameters", clone.Parameters)
	}
	if clone.OutputSchema != nil {
		meta.Set("output_schema", clone.OutputSchema)
	}
	if clone.Idempotent {
		meta.Set("idempotent", true)
	}
	if len(clone.Notify) > 0 {
		v, err := value.FromJSON(clone.Notify)
		if err != nil {
			return nil, fmt.Errorf("read whom the action %s tells: %w", source.Ref, err)
		}
		meta.Set("notify", v)
	}
	if len(clone.Tags) > 0 {
		tags := value.NewList()
		for _, t := range clone.Tags {
			tag := value.NewDict()
			tag.Set("name", t.Name)
			tag.Set("value", t.Value)
			tags.Items = append(tags.Items, tag)
		}
		meta.Set("tags", tags)
	}
	text, err := pyyaml.Marshal(meta, pyyaml.Options{KeepOrder: true, Unicode: true})
	if err != nil {
		return nil, fmt.Errorf("write the metadata of %s: %w", clone.Ref, err)
	}
	return append(files, dataFile{clone.Name + ".yaml", "---\n" + string(text)}), nil
}
