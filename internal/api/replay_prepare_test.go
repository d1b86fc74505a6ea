package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// prepare makes true what an exchange takes for granted and was not recorded.
func (x *replay) prepare(o op, req *http.Request) error {
	r, want := o.Request, o.Response
	if want.Status >= 400 {
		return nil
	}
	_, file, isFile := strings.Cut(r.Path, "/packs/views/file/")
	_, files, isFiles := strings.Cut(r.Path, "/packs/views/files/")
	switch {
	case strings.Contains(string(r.JSON), `"data_files"`):
		var of struct{ Pack string }
		if err := json.Unmarshal(r.JSON, &of); err != nil {
			return err
		}
		return os.MkdirAll(x.packs[of.Pack], 0o700)
	case isFile && want.Text != nil:
		ref, name, _ := strings.Cut(file, "/")
		return x.bring(ref, name, *want.Text)
	case isFiles:
		var all []struct{ FilePath, Content string }
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(want.JSON), "file_path", "FilePath")), &all); err != nil {
			return err
		}
		for _, f := range all {
			if err := x.bring(files, f.FilePath, f.Content); err != nil {
				return err
			}
		}
	case r.Method == http.MethodPut && strings.Contains(string(r.JSON), `"pending"`):
		// The reference's tests write that an inquiry was asked; here only the server
		// does. What the API then shows is compared.
		req.Method = http.MethodGet
		var asked struct{ Result json.RawMessage }
		if err := json.Unmarshal(r.JSON, &asked); err != nil {
			return err
		}
		return x.change(r.Path, store.Change{To: execution.Pending, Result: asked.Result})
	case strings.HasSuffix(r.Path, "/re_run") && strings.Contains(string(r.JSON), `"tasks"`):
		return x.change(strings.TrimSuffix(r.Path, "/re_run"), store.Change{To: execution.Failed}) // as the tests pretend
	}
	return nil
}

// bring writes a file of a pack: the files of the reference's test packs were not
// recorded, but what the answers say of them.
func (x *replay) bring(ref, name, text string) error {
	file := filepath.Join(x.packs[ref], name)
	if !strings.HasPrefix(file, x.root) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Chtimes(file, x.finds, x.finds)
}

// finds is when the files that an exchange asks for were changed, as it knows from
// answers before.
func finds(ops []op) time.Time {
	for _, o := range ops {
		if at, err := strconv.ParseFloat(o.Request.Headers["If-None-Match"], 64); err == nil {
			return time.Unix(0, int64(at*1e9))
		}
	}
	return time.Now()
}

// change makes a change in the ledger to the execution that a path names.
func (x *replay) change(path string, c store.Change) error {
	c.ID, c.At = x.filled(path[strings.LastIndex(path, "/")+1:]), time.Now()
	c.From = []execution.Status{execution.Requested, execution.Scheduled, execution.Running}
	return x.server.store.Write(x.t.Context(), func(tx *store.Tx) error {
		_, err := tx.ChangeExecution(x.t.Context(), c)
		return err
	})
}
