package api

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP answers any request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rec := &recorder{ResponseWriter: w, id: requestID(r)}
	h := w.Header()
	h.Set("X-Request-ID", rec.id)
	protect(h)
	var inner *http.Request
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // it is a panic's value
				panic(p)
			}
			a.Logger.Error("handler panicked", "panic", fmt.Sprint(p), "method", r.Method, "path", shownPath(r.URL.Path),
				"request_id", rec.id, "stack", string(debug.Stack()))
			if rec.status != 0 {
				panic(http.ErrAbortHandler) // or the client would take what it has for all of it
			}
			writeFault(rec, http.StatusInternalServerError, internalError, "")
		}
		label := "none"
		if inner != nil {
			label = inner.Pattern
		}
		a.meters.count(label, rec.status, time.Since(start))
		a.Logger.Debug("request", "method", r.Method, "path", shownPath(r.URL.Path), "status", rec.status, "request_id", rec.id,
			"took", time.Since(start))
	}()
	if origin := r.Header.Get("Origin"); origin != "" || r.Method == http.MethodOptions {
		a.allowOrigin(h, origin)
	}
	if r.Method == http.MethodOptions {
		rec.WriteHeader(http.StatusOK)
		return
	}
	var ok bool
	if inner, ok = rerouted(r); !ok {
		writeFault(rec, http.StatusBadRequest, "The path of the request cannot be read.", "")
		return
	}
	a.mux.ServeHTTP(rec, inner)
}

// protect says what a browser may do with an answer: nothing but show it to whoever asked.
// Pages say for themselves what they need.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-site")
}

// allowOrigin says which site's scripts may read the answer.
func (a *API) allowOrigin(h http.Header, origin string) {
	allowed := append(slices.Clone(a.opts.AllowOrigins),
		"http://127.0.0.1:3000", "http://localhost:8080", "http://127.0.0.1:8080")
	switch {
	case slices.Contains(allowed, origin):
	case slices.Contains(allowed, "*") && origin != "":
	case allowed[0] == "*":
		origin = allowed[1]
	default:
		origin = allowed[0]
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Allow-Methods", "GET,POST,PUT,DELETE,OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Content-Type,Authorization,X-Auth-Token,St2-Api-Key,X-Request-ID")
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Content-Type,X-Limit,X-Total-Count,X-Request-ID")
}

// requestID is what the client calls its request, or a fresh UUID.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-ID")
	if id != "" && len(id) <= 128 && printable(id) {
		return id
	}
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 36)
	for i, c := range b {
		switch i {
		case 4, 6, 8, 10:
			out = append(out, '-')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// shownPath is a path without the API key that may be in it.
func shownPath(path string) string {
	head, id, ok := strings.Cut(path, "/apikeys/")
	if !ok {
		return path
	}
	return head + "/apikeys/" + shownKey(id)
}

func itoa(n int) string { return strconv.Itoa(n) }
