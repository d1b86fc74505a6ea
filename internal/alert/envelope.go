package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// The statuses of an envelope.
const (
	firing   = "firing"
	pending  = "pending"
	resolved = "resolved"
	notice   = "notice"
)

// An envelope is what every payload begins with.
type envelope struct {
	status   string
	severity string // empty: unknown
	name     string
	resource string // empty: unknown
	summary  string
	labels   *value.Dict
}

// payload returns a payload that begins with the envelope.
func (e envelope) payload() *value.Dict {
	d := value.NewDict()
	d.Set("status", e.status)
	d.Set("severity", textOrNull(strings.ToLower(e.severity)))
	d.Set("name", e.name)
	d.Set("resource", textOrNull(e.resource))
	d.Set("summary", e.summary)
	d.Set("labels", e.labels)
	return d
}

func textOrNull(s string) value.Value {
	if s == "" {
		return nil
	}
	return s
}

// keyOf returns a key that is the same for the same parts of the same source.
func keyOf(source string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return source + "-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// traceTag joins what names the trouble into a tag of bounded length.
func traceTag(source string, parts ...string) string {
	const most = 200
	said := []string{source}
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	tag := strings.Join(said, "-")
	if len(tag) > most {
		return keyOf(source, parts...)
	}
	return tag
}

// firstText returns the first text that is not empty at one of the keys.
func firstText(d *value.Dict, keys ...string) string {
	for _, k := range keys {
		v, _ := d.Get(k)
		if s, ok := v.(string); ok && s != "" {
			return s
		}
	}
	return ""
}
