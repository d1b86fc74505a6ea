package winrm

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/go-ntlmssp"
)

// maxAnswer bounds one answer. A machine is asked for less.
const maxAnswer = 16 << 20

// byCertificate says that one logs in with the certificate of the connection.
const byCertificate = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"

// A client speaks WS-Management with one machine as one user. NTLM lets in
// connections rather than requests, so its connection is its own.
type client struct {
	to        endpoint
	http      *http.Client
	transport *http.Transport
}

func newClient(to endpoint, connect time.Duration) *client {
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connect}).DialContext,
		TLSHandshakeTimeout: connect,
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: !to.verify}, //nolint:gosec // the action's author says so
		MaxConnsPerHost:     1,                                           // NTLM takes several requests on one connection
	}
	if to.certificate != nil {
		t.TLSClientConfig.Certificates = []tls.Certificate{*to.certificate}
		// Windows asks for it when it has read the request, by a renegotiation, which
		// TLS 1.3 does not have.
		t.TLSClientConfig.MaxVersion = tls.VersionTLS12
		t.TLSClientConfig.Renegotiation = tls.RenegotiateOnceAsClient
	}
	c := &client{to: to, transport: t, http: &http.Client{Transport: t}}
	if to.ntlm {
		c.http.Transport = ntlmssp.Negotiator{RoundTripper: t}
	}
	return c
}

func (c *client) close() { c.transport.CloseIdleConnections() }

// ask sends a message and reads the answer to it.
func (c *client) ask(ctx context.Context, m message) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.to.url, bytes.NewReader(m.bytes(c.to.url)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	req.Header.Set("User-Agent", "Nightshift")
	if c.to.certificate != nil {
		req.Header.Set("Authorization", byCertificate)
	} else {
		req.SetBasicAuth(c.to.username, c.to.password)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(text) > maxAnswer {
		return nil, fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)
	}
	if res.StatusCode == http.StatusUnauthorized {
		return nil, c.refused(res.Header.Values("Www-Authenticate"))
	}
	var a answer
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if kind != "application/soap+xml" {
		return nil, fmt.Errorf("the machine answers %s, and not as WinRM does", res.Status)
	}
	if err := xml.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if f := a.Body.Fault; f != nil {
		return nil, f
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the machine answers %s", res.Status)
	}
	return &a, nil
}

// refused says why somebody is not let in.
func (c *client) refused(offered []string) error {
	if c.to.certificate != nil {
		return errors.New("this certificate is not let in: Windows maps it to no user, or does not take certificates")
	}
	how := "a password as such"
	want := "Basic"
	if c.to.ntlm {
		how, want = "NTLM", "N" // Negotiate or NTLM
	}
	for _, o := range offered {
		if strings.HasPrefix(o, want) {
			return fmt.Errorf("%s is not let in with this password", c.to.username)
		}
	}
	return fmt.Errorf("the machine does not take %s; it offers %q", how, offered)
}

// An answer is what a machine says. Of each message one part is there.
type answer struct {
	Body struct {
		Shell     string `xml:"Shell>ShellId"`
		Selectors []struct {
			Name string `xml:"Name,attr"`
			Text string `xml:",chardata"`
		} `xml:"ResourceCreated>ReferenceParameters>SelectorSet>Selector"`
		Command string `xml:"CommandResponse>CommandId"`
		Receive struct {
			Streams []struct {
				Name string `xml:"Name,attr"`
				Text string `xml:",chardata"`
			} `xml:"Stream"`
			State struct {
				State string `xml:"State,attr"`
				Code  string `xml:"ExitCode"`
			} `xml:"CommandState"`
		} `xml:"ReceiveResponse"`
		Fault *fault `xml:"Fault"`
	} `xml:"Body"`
}

// shell returns the id of a shell that was made.
func (a *answer) shell() string {
	for _, s := range a.Body.Selectors {
		if s.Name == "ShellId" {
			return s.Text
		}
	}
	return a.Body.Shell
}

// A fault is the answer that something did not work.
type fault struct {
	Subcode string `xml:"Code>Subcode>Value"`
	Reason  string `xml:"Reason>Text"`
	Detail  struct {
		Code    string `xml:"Code,attr"`
		Message text   `xml:"Message"`
	} `xml:"Detail>WSManFault"`
}

// text is all text in an element.
type text string

// UnmarshalXML implements [xml.Unmarshaler].
func (t *text) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			*t += text(token)
		}
	}
	return nil
}

func (f *fault) Error() string {
	for _, text := range []string{string(f.Detail.Message), f.Reason, f.Subcode} {
		if text = strings.Join(strings.Fields(text), " "); text != "" {
			if f.Detail.Code != "" {
				text += " (" + f.Detail.Code + ")"
			}
			return text
		}
	}
	return "the machine says that it failed, and not why"
}

// nothingYet reports whether an error only says that there was no output within the
// time that the machine was given.
func nothingYet(err error) bool {
	const operationTimeout = "2150858793"
	f, ok := errors.AsType[*fault](err)
	return ok && (f.Detail.Code == operationTimeout || strings.HasSuffix(f.Subcode, ":TimedOut"))
}
