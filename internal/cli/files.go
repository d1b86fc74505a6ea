package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// readFile reads a file of text, or standard input when it is a dash.
func (a *app) readFile(path string) (string, error) {
	var b []byte
	var err error
	if path == "-" {
		b, err = io.ReadAll(a.In)
	} else {
		b, err = os.ReadFile(path)
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fault.Newf(fault.Invalid, "there is no file %s", path)
	case err != nil:
		return "", fault.Newf(fault.Invalid, "%v", err)
	case !utf8.Valid(b):
		return "", fault.Newf(fault.Invalid, "%s is no text in UTF-8", path)
	}
	return string(b), nil
}

// readValue reads a file of JSON or YAML.
func (a *app) readValue(path string) (value.Value, error) {
	content, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json", ".yaml", ".yml", "":
	default:
		if path != "-" {
			return nil, fault.Newf(fault.Invalid, "%s is neither a .json nor a .yaml file", path)
		}
	}
	if strings.HasSuffix(strings.ToLower(path), ".json") {
		v, err := value.FromJSON([]byte(content))
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "%s: %v", path, err)
		}
		return v, nil
	}
	v, err := pyyaml.Unmarshal([]byte(content)) // which reads JSON, too
	if err != nil {
		var lines []string
		for _, e := range pyyaml.Errors(err) {
			lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", path, e.Line, e.Column, e.Msg))
		}
		if lines == nil {
			lines = []string{path + ": " + err.Error()}
		}
		return nil, fault.Newf(fault.Invalid, "%s", strings.Join(lines, "\n"))
	}
	return v, nil
}

// readObject reads a file that describes one thing.
func (a *app) readObject(path string) (*value.Dict, error) {
	v, err := a.readValue(path)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, fault.Newf(fault.Invalid, "%s must hold an object, not %s", path, value.TypeName(v))
	}
	return d, nil
}
