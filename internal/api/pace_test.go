package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/rbac"
)

// network is one in memory, and without buffers: what nobody reads can't be written.
type network struct {
	t      testing.TB
	token  string
	conns  chan net.Conn
	closed chan struct{}
	close  sync.Once
	ends   chan time.Duration // how long a request took, when it is over
}

// online serves s on a network. It is for bubbles, whose time passes at once.
func (s *server) online() *network {
	n := &network{t: s.t, token: s.admin, conns: make(chan net.Conn), closed: make(chan struct{}), ends: make(chan time.Duration, 100)}
	web := &http.Server{
		WriteTimeout: 5 * time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun := time.Now()
			defer func() { n.ends <- time.Since(begun) }()
			s.api.ServeHTTP(w, r)
		}),
	}
	go web.Serve(n) //nolint:errcheck // it ends with the test
	s.t.Cleanup(func() { _ = web.Close() })
	return n
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.close.Do(func() { close(n.closed) })
	return nil
}

func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// ask sends a request, of whose answer nothing is read yet.
func (n *network) ask(path string) net.Conn {
	n.t.Helper()
	here, there := net.Pipe()
	n.conns <- there
	n.t.Cleanup(func() { _ = here.Close() })
	if _, err := io.WriteString(here, "GET "+path+" HTTP/1.1\r\nHost: x\r\nX-Auth-Token: "+n.token+"\r\n\r\n"); err != nil {
		n.t.Fatal(err)
	}
	return here
}

// answer reads the head of what was answered.
func (n *network) answer(conn net.Conn) (status int, body io.Reader) {
	n.t.Helper()
	a, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil) //nolint:bodyclose // who closes it would read it
	if err != nil {
		n.t.Fatal(err)
	}
	return a.StatusCode, a.Body
}

// large is an execution whose result has so many bytes, about.
func (s *server) large(size int) *execution.Execution {
	s.t.Helper()
	e := s.run("p.noargs", nil)
	s.finish(e, execution.Succeeded, `{"stdout": "`+strings.Repeat("0123456789abcde\\n", size/17)+`"}`)
	return e
}

func TestAClientThatReadsNothingIsCutOff(t *testing.T) {
	for name, tt := range map[string]struct {
		path string
		most time.Duration // until it is cut off
	}{
		"a large result in its execution": {"/v1/executions/last", 24 * time.Second},
		"a large result as it is stored":  {"/v1/executions/last/result", 24 * time.Second},
		"a list of many":                  {"/v1/executions?include_attributes=result", 24 * time.Second},
		"the events":                      {"/stream/v1/stream", 15 * time.Second},
		"what an execution prints":        {"/stream/v1/executions/last/output", 15 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, api.Options{})
				n := s.online()
				for range 30 {
					s.large(100 << 10)
				}
				s.large(8 << 20)
				conn := n.ask(tt.path)
				begun := time.Now()
				if status, _ := n.answer(n.ask("/v1/actions")); status != http.StatusOK || time.Since(begun) != 0 {
					t.Errorf("another client is answered %d after %v", status, time.Since(begun))
				}
				<-n.ends // of that one
				if took := <-n.ends; took < 15*time.Second || took > tt.most {
					t.Errorf("it is cut off after %v, want %v at most", took, tt.most)
				}
				if rest, err := io.ReadAll(conn); len(rest) > 0 || err != nil {
					t.Errorf("there is still %d bytes to read, %v", len(rest), err)
				}
			})
		})
	}
}

// TestAnAnswerIsAtThePaceOfItsClient holds that a slow line gets all of a large answer, and
// one that only trickles does not.
func TestAnAnswerIsAtThePaceOfItsClient(t *testing.T) {
	for name, tt := range map[string]struct {
		rate  int64 // bytes a second
		whole bool
	}{"slow": {20 << 10, true}, "trickling": {8 << 10, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, api.Options{})
				n := s.online()
				s.large(2 << 20)
				_, body := n.answer(n.ask("/v1/executions/last/result"))
				var err error
				for err == nil {
					_, err = io.CopyN(io.Discard, body, tt.rate)
					time.Sleep(time.Second)
				}
				if errors.Is(err, io.EOF) != tt.whole {
					t.Errorf("it ends with %v", err)
				}
			})
		})
	}
}

// TestLargeAnswersThatNobodyTakesAreFew holds that clients that do not read can't fill the memory.
func TestLargeAnswersThatNobodyTakesAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, api.Options{MaxHeld: 5 << 20})
		n := s.online()
		e := s.large(2 << 20)
		for range 2 {
			n.ask("/v1/executions/" + e.ID)
		}
		synctest.Wait()
		for _, path := range []string{"/v1/executions/" + e.ID, "/v1/executions?include_attributes=result"} {
			if a := s.do("GET", path, "").status(http.StatusServiceUnavailable); a.Header().Get("Retry-After") == "" || a.fault() == "" {
				t.Errorf("%s: %v %s", path, a.Header(), a.Body)
			}
		}
		s.do("GET", "/v1/executions?limit=1", "").status(200)
		<-n.ends
		<-n.ends
		s.do("GET", "/v1/executions/"+e.ID, "").status(200)
		huge := s.large(6 << 20)
		s.do("GET", "/v1/executions/"+huge.ID, "").status(200) // which is alone
	})
}

func TestAFollowerThatDoesNotReadIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, api.Options{})
		n := s.online()
		n.answer(n.ask("/stream")) // and nothing after it
		synctest.Wait()
		big := map[string]json.RawMessage{"big": json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)}
		for range 12 {
			e := s.run("p.noargs", func(e *execution.Execution) { e.Context.Extra = big })
			s.ring(bus.ExecutionChanged + e.ID)
			synctest.Wait()
		}
		if text := s.do("GET", "/metrics", "").Body.String(); !strings.Contains(text, "\nnightshift_http_streams_dropped_total 1\n") {
			t.Error("12 MB wait for it")
		}
	})
}

// bomb is roles that panic when they are asked, once it is lit.
type bomb struct{ lit atomic.Bool }

func (b *bomb) Policy() *rbac.Policy {
	if b.lit.Load() {
		panic("the bomb")
	}
	return nil
}
func (b *bomb) Reload(context.Context) []rbac.Mistake { return nil }

// TestWhatBreaksOffIsNotTakenForWhole holds that a client can tell an answer that is whole from
// one during which something went wrong.
func TestWhatBreaksOffIsNotTakenForWhole(t *testing.T) {
	for name, tt := range map[string]struct {
		path  string
		fails func(s *server, b *bomb)
	}{
		"the store fails": {"/v1/executions?include_attributes=result", func(s *server, _ *bomb) { _ = s.store.Close() }},
		"a panic": {"/stream/v1/executions/last/output", func(s *server, b *bomb) {
			b.lit.Store(true)
			s.ring(bus.ExecutionChanged + s.executions()[0].ID)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := new(bomb)
				s := newServerRoles(t, b)
				n := s.online()
				for range 30 {
					s.large(100 << 10)
				}
				s.run("p.noargs", nil)
				status, body := n.answer(n.ask(tt.path))
				if status != http.StatusOK {
					t.Fatalf("it begins with %d", status)
				}
				synctest.Wait()
				tt.fails(s, b)
				if _, err := io.ReadAll(body); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("it ends with %v", err)
				}
			})
		})
	}
}
