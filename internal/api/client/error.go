package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/nightshift-run/nightshift/internal/fault"
)

// An Error is a refusal. It unwraps to a [*fault.Fault], so that the kind of
// what went wrong is the same on both sides of the wire.
type Error struct {
	Status     int // of HTTP
	Method     string
	Path       string
	Fault      string // what the server said
	ConflictID string // of what is in the way, for a conflict
}

func (e *Error) Error() string { return e.Fault }

// Unwrap returns the fault that the server meant.
func (e *Error) Unwrap() error {
	return &fault.Fault{Kind: kindOf(e.Status), Msg: e.Fault, ID: e.ConflictID}
}

func kindOf(status int) fault.Kind {
	switch status {
	case http.StatusNotFound:
		return fault.NotFound
	case http.StatusConflict:
		return fault.Conflict
	case http.StatusForbidden:
		return fault.Forbidden
	case http.StatusUnauthorized:
		return fault.Unauthorized
	case http.StatusRequestEntityTooLarge:
		return fault.TooLarge
	case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusGatewayTimeout:
		return fault.Busy
	}
	if status >= 400 && status < 500 {
		return fault.Invalid
	}
	return fault.Internal
}

// maxError bounds how much of a refusal is read: it comes from a server that
// may be none of ours.
const maxError = 1 << 20

func readError(method string, res *http.Response) error {
	e := &Error{Status: res.StatusCode, Method: method, Path: res.Request.URL.Path}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxError))
	if err != nil {
		return fmt.Errorf("read the refusal of %s %s: %w", method, e.Path, err)
	}
	var body struct {
		Fault    string `json:"faultstring"`
		Conflict string `json:"conflict-id"`
	}
	if json.Unmarshal(b, &body) == nil && body.Fault != "" {
		e.Fault, e.ConflictID = body.Fault, body.Conflict
		return e
	}
	e.Fault = fmt.Sprintf("The server answered %s.", strings.TrimSpace(res.Status))
	return e
}
