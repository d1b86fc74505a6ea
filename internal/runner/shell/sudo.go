package shell

import (
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/cmdline"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// signalTimeout bounds how long sudo may take to signal processes: it may wait
// for a password that nobody types.
const signalTimeout = 5 * time.Second

// mask hides the values of secret parameters, and what was decrypted, in a command line
// that people will read.
func mask(line string, t *runner.Task) string {
	line = secret.NewMasker(t.Secrets).Text(line)
	if t.Schema == nil {
		return line
	}
	for name, v := range t.Schema.Texts() {
		schema, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		if is, _ := schema.Get("secret"); !value.Truth(is) {
			continue
		}
		for _, from := range []*value.Dict{t.ActionParameters, t.RunnerParameters} {
			given, _ := from.Get(name)
			text := value.Str(given)
			if given == nil || text == "" {
				continue
			}
			// Within quotes within quotes it may look different; this finds what our own
			// quoting made of it.
			quoted := strings.ReplaceAll(text, "'", `'"'"'`)
			line = strings.ReplaceAll(line, cmdline.Quote(quoted), cmdline.Masked)
			line = strings.ReplaceAll(line, quoted, cmdline.Masked)
			line = strings.ReplaceAll(line, text, cmdline.Masked)
		}
	}
	return line
}
