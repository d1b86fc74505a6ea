package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rbac"
)

const (
	actionBody = `{"type": "object", "additionalProperties": false, "properties": {
		"name": {"type": "string", "required": true}, "runner_type": {"type": "string", "required": true},
		"pack": {"type": "string"}, "description": {"type": "string"}, "enabled": {"type": "boolean"},
		"entry_point": {"type": "string"}, "parameters": {"type": "object"}, "output_schema": {"type": "object"},
		"notify": {"type": "object"}, "idempotent": {"type": "boolean"},
		"tags": {"type": "array", "items": {"type": "object"}},
		"ref": {"type": "string"}, "uid": {"type": "string"}, "id": {"type": "string"},
		"metadata_file": {"type": "string"}, "problem": {"type": "string"},
		"data_files": {"type": "array", "items": {"type": "object", "additionalProperties": false, "properties": {
			"file_path": {"type": "string", "required": true}, "content": {"type": "string", "required": true}}}}}}`
	actionDeleteBody = `{"type": "object", "additionalProperties": false, "properties": {
		"remove_files": {"type": "boolean"}}}`
)

func actionShelf() shelf[*catalog.Action, wire.Action] {
	return shelf[*catalog.Action, wire.Action]{
		all: (*catalog.Catalog).Actions, find: (*catalog.Catalog).Action,
		wire: func(_ *call, a *catalog.Action, _ selection) wire.Action {
			out := wire.ActionOf(a.Action)
			if a.Problem != nil {
				out.Problem = a.Problem.Error()
			}
			return out
		},
		text: func(a *catalog.Action, name string) (string, bool) {
			return pick(name, map[string]string{
				"id": a.ID, "ref": a.Ref, "name": a.Name, "pack": a.Pack, "uid": a.UID, "runner_type": a.RunnerType,
			})
		},
		filters: []string{"name", "pack"}, view: "action_view",
		keep: func(c *call, a *catalog.Action) (bool, error) {
			want := c.param("tags")
			if want == "" {
				return true, nil
			}
			return slices.ContainsFunc(a.Tags, func(t tag) bool { return slices.Contains(splitCSV(want), t.Name) }), nil
		},
		attrs: attributesOf[wire.Action]([]string{"parameters", "notify"}, []string{"ref"}),
	}
}

// overviewShelf has the actions with the parameters of their runners.
func overviewShelf() shelf[*catalog.Action, wire.Action] {
	s := actionShelf()
	plain := s.wire
	s.wire = func(c *call, a *catalog.Action, sel selection) wire.Action {
		out := plain(c, a, sel)
		if sel.wants("parameters") {
			out.Parameters = action.Parameters(a.Action, a.Runner)
		}
		return out
	}
	return s
}

func (c *call) actionParameters() error {
	a, err := actionShelf().get(c)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.ActionParameters{Parameters: action.Parameters(a.Action, a.Runner)})
}

// maxEntryPoint bounds the programs that are shown.
const maxEntryPoint = 1 << 20

// entryPoint answers with the text of an action's program, which is below the
// folder of its pack.
func (c *call) entryPoint() error {
	a, err := actionShelf().get(c)
	if err != nil {
		return err
	}
	text, err := c.program(a)
	if err != nil {
		return err
	}
	return c.bytes(http.StatusOK, "text/plain; charset=UTF-8", text)
}

// program returns the text of an action's program.
func (c *call) program(a *catalog.Action) ([]byte, error) {
	missing := fault.Newf(fault.NotFound, "Action \"%s\" has no entry point that can be shown.", a.Ref)
	p, ok := c.catalog().Pack(a.Pack)
	if !ok || p.Path == "" || a.EntryPoint == "" {
		return nil, missing
	}
	root, err := os.OpenRoot(filepath.Join(p.Path, "actions"))
	if err != nil {
		return nil, missing
	}
	defer root.Close() //nolint:errcheck // it was only read
	b, err := root.ReadFile(filepath.FromSlash(a.EntryPoint))
	switch {
	case errors.Is(err, fs.ErrNotExist), err != nil && strings.Contains(err.Error(), "escapes"):
		return nil, missing
	case err != nil:
		return nil, err
	case len(b) > maxEntryPoint:
		return nil, fault.Newf(fault.TooLarge, "The entry point of action \"%s\" has more than %d bytes.", a.Ref, maxEntryPoint)
	}
	return b, nil
}

// actionRequest is an action as it is made or changed, with the files that come with
// it.
func (c *call) actionRequest() (*action.Action, []dataFile, error) {
	req := struct {
		action.Action
		Files []dataFile `json:"data_files"`
	}{Action: action.Action{Enabled: true, Pack: "default"}}
	if err := c.into(&req); err != nil {
		return nil, nil, err
	}
	a := req.Action
	a.ID, a.UID, a.Ref = "", "", a.Pack+"."+a.Name
	return &a, req.Files, guardPack(a.Pack)
}

// makes asks whether the caller may make what a body describes: what is there already
// under its name, if anything, has been asked about.
func (c *call) makes(permission string, r *rbac.Resource, old string) error {
	if r.UID == old {
		return nil
	}
	return c.allow(permission, r)
}

func (c *call) createAction() error {
	a, files, err := c.actionRequest()
	if err != nil {
		return err
	}
	if err := c.allow("action_create", actionResource(a)); err != nil {
		return err
	}
	a, err = c.saveAction(a, files, func() (*action.Action, error) { return c.Registrar.CreateAction(c.ctx(), a) })
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, wire.ActionOf(a))
}

func (c *call) updateAction() error {
	old, err := actionShelf().get(c)
	if err != nil {
		return err
	}
	if err := guardPack(old.Pack); err != nil {
		return err
	}
	a, files, err := c.actionRequest()
	if err != nil {
		return err
	}
	if err := c.makes("action_create", actionResource(a), actionResource(old.Action).UID); err != nil {
		return err
	}
	a, err = c.saveAction(a, files, func() (*action.Action, error) { return c.Registrar.UpdateAction(c.ctx(), old.Ref, a) })
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.ActionOf(a))
}

func (c *call) deleteAction() error {
	a, err := actionShelf().get(c)
	if err != nil {
		return err
	}
	if err := guardPack(a.Pack); err != nil {
		return err
	}
	var req struct {
		RemoveFiles bool `json:"remove_files"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	if err := c.Registrar.DeleteAction(c.ctx(), a.Ref); err != nil {
		return err
	}
	if req.RemoveFiles {
		if err := c.removeFiles(a.Action); err != nil {
			return err
		}
	}
	return c.empty()
}

// fixedID is the id of something that comes with the server.
func fixedID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:12])
}

func joined(lines []string) string { return strings.Join(lines, "\n") }
