package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// logInBySSO shows a code, and waits until it is confirmed in a browser.
func (s *session) logInBySSO(ctx context.Context, c *credentials, provider string) (wire.Token, error) {
	auth := s.authClient()
	var d wire.Device
	var query url.Values
	if provider != "" {
		query = url.Values{"provider": {provider}}
	}
	if _, err := auth.Do(ctx, http.MethodPost, "/auth/v1/sso/device", query, nil, &d); err != nil {
		return wire.Token{}, advise(err, s.authURL, false)
	}
	address := d.URL
	if d.FullURL != "" {
		address = d.FullURL
	}
	s.note(fmt.Sprintf("Open %s in a browser, and confirm the code %s.", address, d.UserCode))
	body := map[string]any{"device": d.Device}
	if c.ttl > 0 {
		body["ttl"] = c.ttl
	}
	every := time.Duration(max(d.Interval, 1)) * time.Second
	end := time.After(time.Duration(d.ExpiresIn) * time.Second)
	for {
		select {
		case <-time.After(every):
		case <-end:
			return wire.Token{}, fault.Newf(fault.Unauthorized, "nobody has confirmed the code in time")
		case <-ctx.Done():
			return wire.Token{}, context.Cause(ctx)
		}
		var answer struct {
			wire.Token
			wire.Pending
		}
		_, err := auth.Do(ctx, http.MethodPost, "/auth/v1/sso/device/token", nil, body, &answer)
		switch {
		case isBusy(err):
			s.note("WARNING: " + err.Error())
		case err != nil:
			return wire.Token{}, advise(err, s.authURL, false)
		case answer.Token.Token != "":
			return answer.Token, nil
		case answer.SlowDown:
			every += 5 * time.Second // as the protocol has it
		}
	}
}

// isBusy reports whether a server that was reached asks to try again later.
func isBusy(err error) bool {
	e, ok := errors.AsType[*client.Error](err)
	return ok && e.Status == http.StatusServiceUnavailable
}
