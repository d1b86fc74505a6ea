package demo

import (
	"encoding/json"
	"strings"
)

// summary is what a person wants to know of a result: the last line that was
// printed, the body of an answer, or the error.
func summary(result json.RawMessage) string {
	var r struct {
		Stdout any    `json:"stdout"`
		Stderr any    `json:"stderr"`
		Body   any    `json:"body"`
		Error  string `json:"error"`
	}
	if err := json.Unmarshal(result, &r); err != nil {
		return string(result)
	}
	for _, v := range []any{r.Error, r.Body, r.Stdout, r.Stderr} {
		if text, ok := v.(string); ok && strings.TrimSpace(text) != "" {
			lines := strings.Split(strings.TrimSpace(text), "\n")
			return lines[len(lines)-1]
		}
	}
	return string(result)
}
