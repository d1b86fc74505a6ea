package auditor_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/auditor"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ledger(t *testing.T) *store.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(db)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func add(t *testing.T, s *store.Store, users ...string) {
	t.Helper()
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		for _, u := range users {
			if err := tx.AddAudit(t.Context(), audit.Record{At: time.Unix(1, 0), User: u}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// start runs an auditor until the function that is returned is called.
func start(t *testing.T, s *store.Store, to string) (stop func()) {
	t.Helper()
	a, err := auditor.New(s, to, auditor.Options{Every: time.Millisecond, Host: "here"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// check checks a message and that it has the entry of a number.
func check(t *testing.T, text string, seq int64) {
	t.Helper()
	const head = "<109>1 1970-01-01T00:00:01.000000Z here nightshift "
	rest, ok := strings.CutPrefix(text, head)
	i := strings.Index(rest, " audit - {")
	var e audit.Entry
	if !ok || i < 0 || json.Unmarshal([]byte(rest[i+len(" audit - "):]), &e) != nil || e.Seq != seq {
		t.Errorf("got %s, want entry %d", text, seq)
	}
}

// framed reads a message with its length before it.
func framed(r *bufio.Reader) (string, error) {
	length, err := r.ReadString(' ')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(strings.TrimSpace(length))
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return string(b), err
}

func TestEntriesAreSentInOrderAndGoOnWhereTheyStopped(t *testing.T) {
	s := ledger(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it was used up
	to := "tcp://" + l.Addr().String()
	add(t, s, "a", "b")
	stop := start(t, s, to)
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for seq := range int64(3) {
		if seq == 2 {
			add(t, s, "c")
		}
		text, err := framed(r)
		if err != nil {
			t.Fatal(err)
		}
		check(t, text, seq+1)
	}
	stop()
	conn.Close() //nolint:errcheck,gosec // it ends with the test
	add(t, s, "d")
	stop = start(t, s, to)
	defer stop()
	if conn, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it ends with the test
	text, err := framed(bufio.NewReader(conn))
	if err != nil {
		t.Fatal(err)
	}
	check(t, text, 4)
}

func TestEntriesWaitForAServerThatIsAway(t *testing.T) {
	s := ledger(t)
	path := filepath.Join(t.TempDir(), "log")
	add(t, s, "a")
	stop := start(t, s, "unix://"+path)
	defer stop()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it ends with the test
	b := make([]byte, 1<<16)
	n, err := l.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	check(t, string(b[:n]), 1)
}

func TestUDP(t *testing.T) {
	s := ledger(t)
	l, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it ends with the test
	add(t, s, "a")
	stop := start(t, s, "udp://"+l.LocalAddr().String())
	defer stop()
	b := make([]byte, 1<<16)
	n, err := l.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	check(t, string(b[:n]), 1)
}

func TestAddressesAreChecked(t *testing.T) {
	for _, to := range []string{"", "host:514", "tcp://host", "unix://", "http://host:1", "tls://host"} {
		if _, err := auditor.New(nil, to, auditor.Options{}); err == nil || !strings.HasPrefix(err.Error(), "audit.syslog: ") {
			t.Errorf("%s: %v", to, err)
		}
	}
	if _, err := auditor.New(nil, "tls://h:1", auditor.Options{CA: fmt.Sprint(t.TempDir(), "/none")}); err == nil {
		t.Error("a file that is not there is no mistake")
	}
}
