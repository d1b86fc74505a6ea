package rehearsal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

func TestConformanceOrquestaRehearsal(t *testing.T) {
	conformance.Run(t, "orquesta_rehearsal", "testdata/known_rehearsal.txt", func(c conformance.Case) error {
		var d struct{ Text string }
		var file map[string]json.RawMessage
		if err := json.Unmarshal(c.Raw["spec"], &file); err != nil {
			return err
		}
		if c.Has("definition") {
			if err := json.Unmarshal(c.Raw["definition"], &d); err != nil {
				return err
			}
			file["workflow"] = json.RawMessage(`"the definition"`)
		}
		text, err := json.Marshal(file)
		if err != nil {
			return err
		}
		test, err := rehearsal.Read(text, func(string) ([]byte, error) { return nil, fs.ErrNotExist })
		if err != nil {
			return err
		}
		report, err := test.Run(t.Context(), []byte(d.Text))
		if err != nil {
			return err
		}
		switch passed := len(report.Findings) == 0; {
		case c.Text("result") == "passed" && !passed:
			return report.Findings
		case c.Text("result") != "passed" && passed:
			return errors.New("it passed, and should not")
		}
		if test.Sequence == nil {
			return fmt.Errorf("the path was not compared")
		}
		return nil
	})
}
