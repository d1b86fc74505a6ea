package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// query is what an action asks for.
type query struct {
	method    string
	url       *url.URL
	headers   http.Header
	host      string // the header Host, if it is given
	body      []byte // nil is none
	redirects bool
	route     route
	hosts     hosts
}

// parameter returns a parameter of the action, or else of the runner. Actions
// redeclare parameters of the runner, and the other way round.
func parameter(t *runner.Task, name string) value.Value {
	if v, ok := t.ActionParameters.Get(name); ok && v != nil {
		return v
	}
	return t.Parameter(name, nil)
}

// text returns a parameter as text, "" if it is not given.
func text(t *runner.Task, name string) string {
	if v := parameter(t, name); v != nil {
		return value.Str(v)
	}
	return ""
}

// newQuery reads the parameters of a task.
func newQuery(t *runner.Task, userAgent string) (*query, error) {
	q := &query{
		method:    strings.ToUpper(text(t, "method")),
		headers:   http.Header{},
		redirects: value.Truth(parameter(t, "allow_redirects")),
		route:     route{verify: true, http: text(t, "http_proxy"), https: text(t, "https_proxy")},
	}
	if verify := parameter(t, "verify_ssl_cert"); verify != nil {
		q.route.verify = value.Truth(verify)
	}
	for _, read := range []func(*runner.Task) error{q.readURL, q.readHosts, q.readHeaders, q.readBody, q.readAuth} {
		if err := read(t); err != nil {
			return nil, err
		}
	}
	if q.method == "" {
		q.method = http.MethodGet
		if len(q.body) > 0 {
			q.method = http.MethodPost
		}
	}
	_, name, _ := strings.Cut(t.Action, ".")
	q.setDefault("User-Agent", userAgent)
	q.setDefault("Accept", "*/*")
	q.headers.Set("X-Stanley-Action", name)
	return q, nil
}

// request makes the request.
func (q *query) request(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	request, err := http.NewRequestWithContext(ctx, q.method, q.url.String(), body)
	if err != nil {
		return nil, err
	}
	request.Header = q.headers
	request.Host = q.host
	return request, nil
}

func (q *query) setDefault(name, v string) {
	if _, ok := q.headers[http.CanonicalHeaderKey(name)]; !ok {
		q.headers.Set(name, v)
	}
}

func (q *query) readURL(t *runner.Task) error {
	given := text(t, "url")
	if given == "" {
		return errors.New("there is nothing to ask: the parameter url is not given")
	}
	u, err := url.Parse(strings.TrimSpace(given))
	if err != nil {
		return fmt.Errorf("read the URL: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("the URL %q does not begin with http:// or https://", given)
	}
	if u.Host == "" {
		return fmt.Errorf("the URL %q names no host", given)
	}
	switch params := parameter(t, "params").(type) {
	case nil:
	case string:
		addQuery(u, strings.TrimPrefix(params, "?"))
	case *value.Dict:
		addQuery(u, form(params))
	default:
		return fmt.Errorf("params is a %s, not an object", value.TypeName(params))
	}
	q.url = u
	return nil
}

func addQuery(u *url.URL, more string) {
	if more == "" {
		return
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += more
}

// form writes names and values as in a URL, in their order. A list is a value
// for each of its items, and None is left out.
func form(d *value.Dict) string {
	var b strings.Builder
	add := func(k, v value.Value) {
		if v == nil {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(value.Str(k)) + "=" + url.QueryEscape(value.Str(v)))
	}
	for k, v := range d.All() {
		switch v := v.(type) {
		case *value.List:
			for _, item := range v.Items {
				add(k, item)
			}
		case value.Tuple:
			for _, item := range v {
				add(k, item)
			}
		default:
			add(k, v)
		}
	}
	return b.String()
}

func (q *query) readHosts(t *runner.Task) error {
	read := func(name string) (map[string]bool, error) {
		list := map[string]bool{}
		switch given := parameter(t, name).(type) {
		case nil:
		case *value.List:
			for _, item := range given.Items {
				list[normalHost(value.Str(item))] = true
			}
		default:
			return nil, fmt.Errorf("%s is a %s, not an array", name, value.TypeName(given))
		}
		return list, nil
	}
	var err error
	if q.hosts.black, err = read("url_hosts_blacklist"); err != nil {
		return err
	}
	if q.hosts.white, err = read("url_hosts_whitelist"); err != nil {
		return err
	}
	if len(q.hosts.black) > 0 && len(q.hosts.white) > 0 {
		return errBothLists
	}
	return q.hosts.check(q.url)
}

// normalHost returns the one way to write a host that we compare.
func normalHost(host string) string {
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().String()
	}
	return host
}

// readHeaders reads headers, which are an object, or text with a line
// "name: value" for each, or a list of such lines.
func (q *query) readHeaders(t *runner.Task) error {
	var lines []string
	switch given := parameter(t, "headers").(type) {
	case nil:
	case *value.Dict:
		for k, v := range given.All() {
			if v != nil {
				if err := q.addHeader(value.Str(k), value.Str(v)); err != nil {
					return err
				}
			}
		}
	case string:
		lines = strings.Split(given, "\n")
	case *value.List:
		for _, item := range given.Items {
			lines = append(lines, value.Str(item))
		}
	default:
		return fmt.Errorf("headers are a %s, not an object", value.TypeName(given))
	}
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, v, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("the header %q is not of the form name: value", line)
		}
		if err := q.addHeader(strings.TrimSpace(name), strings.TrimSpace(v)); err != nil {
			return err
		}
	}
	cookies, ok := parameter(t, "cookies").(*value.Dict)
	if ok && q.headers.Get("Cookie") == "" {
		var all []string
		for k, v := range cookies.All() {
			if v != nil {
				all = append(all, value.Str(k)+"="+value.Str(v))
			}
		}
		if len(all) > 0 {
			return q.addHeader("Cookie", strings.Join(all, "; "))
		}
	}
	return nil
}

func (q *query) addHeader(name, v string) error {
	if name == "" || strings.ContainsAny(name, " \t\r\n:\x00") || strings.ContainsAny(v, "\r\n\x00") {
		return fmt.Errorf("the header %q: %q can't be sent", name, v)
	}
	switch http.CanonicalHeaderKey(name) {
	case "Host":
		q.host = v
	case "Content-Length": // is that of the body, whatever the action says
	case "Accept-Encoding":
		if v == "identity" {
			q.headers.Set(name, v)
		} // otherwise what can be decoded here is asked for
	default:
		q.headers.Set(name, v)
	}
	return nil
}

// readAuth reads who asks: username and password, or auth, which is
// "header=value", "user:password", or a list or an object of user and password.
func (q *query) readAuth(t *runner.Task) error {
	name, password := parameter(t, "username"), parameter(t, "password")
	if name != nil || password != nil {
		q.basic(text(t, "username"), text(t, "password"))
		return nil
	}
	switch auth := parameter(t, "auth").(type) {
	case nil:
	case string:
		if header, v, ok := strings.Cut(auth, "="); ok && !strings.Contains(header, ":") {
			return q.addHeader(header, v)
		}
		if name, password, ok := strings.Cut(auth, ":"); ok {
			q.basic(name, password)
		} else if auth != "" {
			return errors.New("auth is neither header=value nor user:password")
		}
	case *value.List:
		if len(auth.Items) != 2 {
			return fmt.Errorf("auth has %d items, not a user and a password", len(auth.Items))
		}
		q.basic(value.Str(auth.Items[0]), value.Str(auth.Items[1]))
	case *value.Dict:
		name, given := auth.Get("username")
		password, _ := auth.Get("password")
		if given {
			q.basic(value.Str(name), value.Str(password))
		}
	default:
		return fmt.Errorf("auth is a %s, not text", value.TypeName(auth))
	}
	return nil
}

func (q *query) basic(name, password string) {
	q.headers.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(name+":"+password)))
}

// readBody reads the body, or the file to upload.
func (q *query) readBody(t *runner.Task) error {
	body := parameter(t, "body")
	if name, content := text(t, "file_name"), text(t, "file_content"); name != "" && content != "" {
		return q.upload(name, content, text(t, "file_content_type"), body)
	}
	if body == nil {
		return nil
	}
	if isJSON(q.headers.Get("Content-Type")) {
		return q.jsonBody(body)
	}
	switch body := body.(type) {
	case *value.Dict:
		q.body = []byte(form(body))
		q.setDefault("Content-Type", "application/x-www-form-urlencoded")
	case value.Bytes:
		q.body = body
	case *value.List, value.Tuple:
		return fmt.Errorf("the body is a %s: that can only be sent with the header content-type: application/json", value.TypeName(body))
	default:
		q.body = []byte(value.Str(body))
	}
	return nil
}

// jsonBody takes a body for JSON: text must be JSON, or a literal of Python.
func (q *query) jsonBody(body value.Value) error {
	if given, ok := body.(string); ok {
		if strings.TrimSpace(given) == "" {
			return nil
		}
		var err error
		if body, err = value.FromJSON([]byte(given)); err != nil {
			literal, literalErr := value.ParseLiteral(given)
			if literalErr != nil {
				return fmt.Errorf("the body is to be JSON, and is not: %w", err)
			}
			body = literal
		}
	}
	b, err := value.ToJSON(body)
	if err != nil {
		return fmt.Errorf("the body is to be JSON: %w", err)
	}
	q.body = b
	return nil
}

// upload makes the body of an upload. The fields of body go along.
func (q *query) upload(name, content, contentType string, body value.Value) error {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	switch body := body.(type) {
	case nil:
	case *value.Dict:
		for k, v := range body.All() {
			if v == nil {
				continue
			}
			if err := w.WriteField(value.Str(k), value.Str(v)); err != nil {
				return err
			}
		}
	default:
		if value.Truth(body) {
			return errors.New("the body must be an object of fields if a file is uploaded along with it")
		}
	}
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", mime.FormatMediaType("form-data", map[string]string{"name": name, "filename": name}))
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	part, err := w.CreatePart(header)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(part, content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	q.body = b.Bytes()
	q.headers.Set("Content-Type", w.FormDataContentType())
	return nil
}

// isJSON reports whether a content type is that of JSON.
func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}
