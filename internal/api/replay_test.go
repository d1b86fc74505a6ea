package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/store"
)

// TestConformanceAPI replays exchanges with StackStorm's API: the same requests to a
// server with the same content must get answers in which everything is that the
// reference answers. What is ours may be there besides: see added.
func TestConformanceAPI(t *testing.T) {
	root := t.TempDir()
	states := loadStates(t, root)
	shared := map[string]*server{}
	described := contractOf(t, newServer(t, api.Options{}).api) // it is the same whatever is registered
	conformance.Run(t, "st2_api", "testdata/known_st2_api.txt", func(c conformance.Case) error {
		ops, err := rawOps(c)
		if err != nil {
			return err
		}
		var auth bool
		if raw, ok := c.Raw["auth"]; ok {
			if err := json.Unmarshal(raw, &auth); err != nil {
				return err
			}
		}
		readers := t // of servers that nobody writes to
		reads := !slices.ContainsFunc(ops, func(o op) bool { return o.Op == "request" && o.Request.Method != http.MethodGet })
		var failed error
		t.Run(c.ID(), func(t *testing.T) {
			x := &replay{t: t, owner: t, states: states, root: root, auth: auth, ids: map[string]string{}, contract: described}
			if reads {
				x.owner, x.shared = readers, shared
			}
			x.finds = finds(ops)
			for i, op := range ops {
				if failed = x.do(op); failed != nil {
					failed = fmt.Errorf("operation %d: %w", i, failed)
					return
				}
			}
		})
		return failed
	})
}

// loadStates returns the contents of the database that exchanges start from.
func loadStates(t *testing.T, root string) map[string]*value.Dict {
	t.Helper()
	dir := os.Getenv("CONFORMANCE_DIR")
	if dir == "" {
		dir = "../../../shared/conformance"
	} else if !filepath.IsAbs(dir) {
		dir = filepath.Join("../..", dir)
	}
	cases, err := conformance.Load(dir, "st2_api_states")
	if errors.Is(err, os.ErrNotExist) {
		return nil // then there are no exchanges either
	}
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]*value.Dict{}
	for _, c := range cases {
		d := value.NewDict()
		if err := d.UnmarshalJSON(bytes.ReplaceAll(c.Raw["docs"], []byte("{root}"), []byte(root))); err != nil {
			t.Fatal(err)
		}
		states[c.Text("state")], _ = plain(d).(*value.Dict)
	}
	return states
}

// plain returns the value of a document without the marks of its types.
func plain(v value.Value) value.Value {
	switch v := v.(type) {
	case *value.List:
		out := value.NewList()
		for _, item := range v.Items {
			out.Items = append(out.Items, plain(item))
		}
		return out
	case *value.Dict:
		switch kind, _ := v.Get("$type"); kind {
		case "embedded", "model":
			fields, _ := v.Get("fields")
			return plain(fields)
		case "datetime":
			iso, _ := v.Get("iso")
			return iso
		}
		out := value.NewDictCap(v.Len())
		for name, item := range v.Texts() {
			out.Set(name, plain(item))
		}
		return out
	default:
		return v
	}
}

// op is a step of an exchange.
type op struct {
	Op, State string
	Request   struct {
		Method, Path, User string
		Headers            map[string]string
		JSON               json.RawMessage
		Text               *string
	}
	Response struct {
		Status  int
		Headers map[string]string
		JSON    json.RawMessage
		Text    *string
	}
}

func rawOps(c conformance.Case) ([]op, error) {
	var ops []op
	return ops, json.Unmarshal(c.Raw["ops"], &ops)
}

// replay is an exchange under way.
type replay struct {
	t        *testing.T
	states   map[string]*value.Dict
	root     string
	auth     bool
	server   *server
	contract *contract

	owner  *testing.T         // of servers
	shared map[string]*server // by state, those that exchanges only read from; nil if this one writes
	tokens map[string]string  // by user
	ids    map[string]string  // what stands for what the server made up

	executions bool              // some were there from the beginning
	packs      map[string]string // the folders of packs
	finds      time.Time         // when files of packs were changed
}

func (x *replay) do(o op) error {
	if o.Op == "state" {
		return x.restart(o.State)
	}
	r := o.Request
	body := x.filled(string(r.JSON))
	if r.Text != nil {
		body = *r.Text
	}
	req := httptest.NewRequestWithContext(x.t.Context(), r.Method, "/", strings.NewReader(body))
	u, err := req.URL.Parse(strings.ReplaceAll(x.filled(r.Path), " ", "%20"))
	if err != nil {
		return err
	}
	req.URL = u
	for name, v := range r.Headers {
		req.Header.Set(name, x.filled(v))
	}
	if !x.auth {
		req.Header.Set("X-Auth-Token", x.token(r.User))
	}
	if err := x.prepare(o, req); err != nil {
		return err
	}
	w := httptest.NewRecorder()
	x.server.api.ServeHTTP(w, req)
	if err := x.contract.check(req, w); err != nil {
		x.t.Errorf("not as described: %v", err)
	}
	if err := x.compare(o, w); err != nil {
		return fmt.Errorf("%s %s %.300s: %w", r.Method, r.Path, body, err)
	}
	return nil
}

// token is that of a user. Without roles, StackStorm lets everybody do everything.
func (x *replay) token(user string) string {
	if user == "" {
		user = "stanley"
	}
	if x.tokens[user] == "" {
		x.tokens[user] = x.server.login(user, true)
	}
	return x.tokens[user]
}

// filled puts what the server made up, and where packs are, into a request.
func (x *replay) filled(text string) string {
	for name, v := range x.ids {
		text = strings.ReplaceAll(text, name, v)
	}
	return strings.ReplaceAll(text, "{root}", x.root)
}

func (x *replay) compare(o op, w *httptest.ResponseRecorder) error {
	want := o.Response
	if w.Code != want.Status {
		return fmt.Errorf("status %d, want %d: %.600s\nwant %.400s", w.Code, want.Status, w.Body, want.JSON)
	}
	for _, name := range []string{"X-Total-Count", "X-Limit"} {
		if got := w.Header().Get(name); got != want.Headers[name] {
			return fmt.Errorf("header %s is %q, want %q", name, got, want.Headers[name])
		}
	}
	if kind := want.Headers["Content-Type"]; kind != "" && len(want.JSON) > 0 && mediaType(w.Header()) != kind {
		return fmt.Errorf("content type %q, want %q", mediaType(w.Header()), kind)
	}
	switch {
	case want.Text != nil && x.filled(*want.Text) != w.Body.String():
		return fmt.Errorf("body %q, want %q", w.Body, *want.Text)
	case len(want.JSON) == 0:
		return nil
	}
	wanted, err := value.FromJSON(want.JSON)
	if err != nil {
		return err
	}
	got, err := value.FromJSON(w.Body.Bytes())
	if err != nil {
		return fmt.Errorf("%w: %s", err, w.Body)
	}
	if list, ok := wanted.(*value.List); ok && strings.Contains(o.Request.Path, "/config") {
		byPack(list) // nobody asks for an order, and nothing has one there
	}
	m := &matcher{
		replay: x, narrow: strings.Contains(o.Request.Path, "clude_attributes="),
		derived: strings.HasPrefix(o.Request.Path, "/v1/config") || strings.HasPrefix(o.Request.Path, "/v1/keys") || strings.HasPrefix(o.Request.Path, "/v1/ruletypes"),
		kept:    o.Request.Method == http.MethodGet && x.executions,
	}
	return m.same("", wanted, got)
}

func byPack(list *value.List) {
	slices.SortFunc(list.Items, func(a, b value.Value) int {
		return strings.Compare(textAt(a.(*value.Dict), "pack"), textAt(b.(*value.Dict), "pack"))
	})
}

func mediaType(h http.Header) string {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return h.Get("Content-Type")
	}
	return kind
}

// matcher compares an answer with the wanted one.
type matcher struct {
	*replay
	narrow  bool // attributes were chosen, so that there must not be others
	derived bool // ids are made of names
	kept    bool // of executions whose documents have kept what their actions were then
}

// added reports whether an attribute is one that only our answers have.
func added(name string, v value.Value) bool {
	switch name {
	case "problem", "attempt", "web_url", "idempotent", "missing", "result_size", "elapsed_seconds":
		return true
	case "metadata_file": // documents of the tests have none, those of packs do
		return empty(v)
	default:
		return false
	}
}

// ours reports whether an attribute is another one here, for a reason.
func ours(at string) bool {
	for _, end := range []string{
		".web_url", ".liveaction.id", // an execution and its live action are one thing here, with one id
		".version", ".docs_url",
		// What old releases have kept in documents that the tests still have.
		".liveaction.start_timestamp", ".liveaction.end_timestamp", ".liveaction.status", ".liveaction.result", ".liveaction.context", ".liveaction.ref",
		".rule.uid", // made from the reference here; in the documents it is that of another rule
	} {
		if strings.HasSuffix(at, end) {
			return true
		}
	}
	return false
}

func (m *matcher) same(path string, want, got value.Value) error {
	switch w := want.(type) {
	case string:
		return m.sameText(path, w, got)
	case *value.List:
		g, ok := got.(*value.List)
		if !ok || len(w.Items) != len(g.Items) {
			return m.differ(path, want, got)
		}
		for i := range w.Items {
			if err := m.same(fmt.Sprintf("%s[%d]", path, i), w.Items[i], g.Items[i]); err != nil {
				return err
			}
		}
		return nil
	case *value.Dict:
		g, ok := got.(*value.Dict)
		if !ok {
			return m.differ(path, want, got)
		}
		return m.sameDict(path, w, g)
	}
	_, truth := want.(bool)
	if _, t := got.(bool); t != truth || !value.Equal(want, got) { // in JSON, 48 and 48.0 are one number
		return m.differ(path, want, got)
	}
	return nil
}

func (m *matcher) sameDict(path string, want, got *value.Dict) error {
	for name, w := range want.Texts() {
		g, there := got.Get(name)
		at := path + "." + name
		switch {
		case ours(at), m.derived && name == "id":
			continue
		case name == "output_schema" && noSchema(w):
			continue
		case name == "log" && scheduledAtOnce(w, g):
			continue
		case !there && empty(w), !there && w == false && strings.Contains(path, ".output_schema"):
			continue // what has no value may be left out, and so may defaults of schemas
		case !there && m.kept && frozen(path):
			continue // we show what things are now
		case !there:
			return fmt.Errorf("at %s: missing, want %s", at, value.Repr(w))
		case empty(w) && empty(g):
			continue
		}
		if err := m.same(at, w, g); err != nil && (!m.kept || !frozen(path) || name == "ref") {
			return err
		}
	}
	for name, g := range got.Texts() {
		if want.Has(name) || added(name, g) || !m.narrow && empty(g) || frozen(path) {
			continue
		}
		return fmt.Errorf("at %s.%s: got %s, which is not wanted", path, name, value.Repr(g))
	}
	return nil
}

// frozen reports whether something is what an execution shows of other things,
// which may be more than the reference has kept of them.
func frozen(path string) bool {
	for _, name := range []string{"action", "runner", "rule", "trigger", "trigger_type", "trigger_instance", "liveaction", "context"} {
		if strings.HasSuffix(path, "."+name) || strings.Contains(path, "."+name+".") {
			return true
		}
	}
	return false
}

// empty reports whether an attribute has no value.
func empty(v value.Value) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case *value.Dict:
		return v.Len() == 0
	case *value.List:
		return len(v.Items) == 0
	default:
		return false
	}
}

func (m *matcher) sameText(path, want string, got value.Value) error {
	text, ok := got.(string)
	if !ok {
		return m.differ(path, want, got)
	}
	switch want {
	case "{time}":
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return fmt.Errorf("at %s: %q is no time", path, text)
		}
		return nil
	case "{cipher}":
		return nil
	}
	// What the server has made up is known from where it is met first.
	if i := strings.Index(want, "{id:"); i >= 0 {
		end := i + strings.IndexByte(want[i:], '}') + 1
		name := want[i:end]
		if m.ids[name] == "" {
			if len(text) < i+len(want)-end || text[:i] != want[:i] || !strings.HasSuffix(text, want[end:]) {
				return m.differ(path, want, got)
			}
			m.ids[name] = text[i : len(text)-(len(want)-end)]
		}
	}
	if m.filled(want) != text && !m.inOtherWords(path, m.filled(want), text) {
		return m.differ(path, want, got)
	}
	return nil
}

// inOtherWords reports whether got says what want does.
func (m *matcher) inOtherWords(path, want, got string) bool {
	switch {
	case strings.HasSuffix(path, "status") && want == "requested":
		return got == "scheduled" // without policies there is nothing to wait for
	case path == ".faultstring" && strings.Contains(want, "E11000 Duplicate Key Error"):
		return strings.HasSuffix(got, "exists already.") // the reference speaks of its database
	case path == ".faultstring" && want == "Unhandled exception":
		return got != "" // we say what is missing
	case path == ".faultstring": // we tell all mistakes, the reference its first
		return slices.Contains(strings.Split(got, "\n"), want) || strings.Contains(got, want)
	default:
		return false
	}
}

// noSchema reports whether a schema says nothing: the reference fills in what its
// schema of schemas has for defaults.
func noSchema(v value.Value) bool {
	d, ok := v.(*value.Dict)
	if !ok {
		return false
	}
	for _, item := range d.Texts() {
		if item != false && !empty(item) {
			return false
		}
	}
	return true
}

// scheduledAtOnce reports whether a log is the wanted one but for the moment at which
// the execution was scheduled: nobody schedules where the reference was recorded.
func scheduledAtOnce(want, got value.Value) bool {
	w, ok := want.(*value.List)
	g, ok2 := got.(*value.List)
	if !ok || !ok2 {
		return false
	}
	statuses := func(l *value.List) (out []string) {
		for _, entry := range l.Items {
			out = append(out, textAt(entry.(*value.Dict), "status"))
		}
		return out
	}
	ours := statuses(g)
	i := slices.Index(ours, "scheduled")
	return i >= 0 && slices.Equal(slices.Delete(ours, i, i+1), statuses(w))
}

func (m *matcher) differ(path string, want, got value.Value) error {
	return fmt.Errorf("at %s: got %.700s\nwant %.700s", path, value.Repr(got), value.Repr(want))
}

// restart makes a server whose ledger has what the documents of a state say.
func (x *replay) restart(state string) error {
	docs := x.states[state]
	if docs == nil {
		return errors.New("there is no such state")
	}
	l := &loader{docs: docs}
	x.tokens = map[string]string{}
	x.packs = map[string]string{}
	for _, d := range l.of("PackDB") {
		x.packs[textAt(d, "ref")] = textAt(d, "path")
	}
	x.executions = len(l.of("ActionExecutionDB")) > 0
	if x.server = x.shared[state]; x.server != nil {
		return nil
	}
	src, err := l.content()
	if err != nil {
		return err
	}
	how := register.Options{AnyPack: true, PolicyTypes: l.policyTypes()}
	for _, t := range src.Runners {
		how.Runners = append(how.Runners, *t)
	}
	x.server = newServerOf(x.owner, api.Options{SystemUser: "stanley"}, src, how)
	if x.shared != nil {
		x.shared[state] = x.server
	}
	return x.server.store.Write(x.t.Context(), func(tx *store.Tx) error { return l.write(x.t.Context(), tx) })
}

// keys makes API keys with their users.
func (l *loader) keys(ctx context.Context, tx *store.Tx) error {
	for _, d := range l.of("ApiKeyDB") {
		at, err := momentAt(d, "created_at")
		if err != nil {
			return err
		}
		user := textAt(d, "user")
		if err := tx.PutUser(ctx, access.User{Name: user, Admin: true, CreatedAt: at}); err != nil {
			return err
		}
		enabled, _ := d.Get("enabled")
		if err := tx.PutAPIKey(ctx, access.APIKey{
			ID: textAt(d, "id"), Hash: textAt(d, "key_hash"), User: user, Metadata: rawAt(d, "metadata"), Enabled: enabled != false, CreatedAt: at,
		}); err != nil {
			return err
		}
	}
	return nil
}
