package api

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"strings"
)

// pageStyle is all that the page of a log-in needs; the policy of the page names its hash,
// so that nothing else counts.
const pageStyle = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { display: grid; place-items: center; min-height: 100vh; margin: 0 }
main { max-width: 28rem; padding: 2rem }
h1 { font-size: 1.25rem }
a { display: inline-block; margin-top: 1rem }`

// pageText is what somebody sees in a browser whose log-in has failed. It has no script.
const pageText = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Not logged in · Nightshift</title><style>` + pageStyle + `</style></head>
<body><main><h1>You are not logged in</h1><p>%s</p><a href="/ui/">Back to the log-in</a></main></body>
</html>
`

// showPage answers a fault as a page, if a person looks at it in a browser. It reports whether it did.
func (c *call) showPage(status int, why string) bool {
	if !c.route.page || !strings.Contains(c.r.Header.Get("Accept"), "text/html") {
		return false
	}
	sum := sha256.Sum256([]byte(pageStyle))
	h := c.w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	c.w.WriteHeader(status)
	fmt.Fprintf(c.w, pageText, html.EscapeString(why)) //nolint:errcheck // the client has gone; there is nobody to tell
	return true
}
