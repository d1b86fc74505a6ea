package rollcall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/rollcall"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// directory is a back end of the test's, which also counts the changes and keeps the log.
type directory struct {
	mu      sync.Mutex // guards all of it: the fake clock orders nothing for the race detector
	changed int
	log     bytes.Buffer

	people map[string]identity.Person
	down   error
	unsure map[string]bool
	asked  int
}

func (d *directory) Look(_ context.Context, names []string, tell func(string, identity.Person, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.down != nil {
		return d.down
	}
	for _, n := range names {
		p, ok := d.people[n]
		switch {
		case d.unsure[n]:
			tell(n, identity.Person{}, errors.New("two of the name"))
		case !ok:
			tell(n, identity.Person{}, identity.ErrUnknown)
		default:
			tell(n, p, nil)
		}
	}
	return nil
}

func (d *directory) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.Write(b)
}

func (d *directory) change() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed++
}

// The clock of the test is fake; each step waits for one call of the roll.
func TestPeopleHaveWhatTheirDirectorySays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := store.New(db)
		defer s.Close() //nolint:errcheck // a test
		dir := &directory{people: map[string]identity.Person{}, unsure: map[string]bool{}}
		write := func(f func(tx *store.Tx) error) {
			t.Helper()
			if err := s.Write(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		is := func(name string, groups ...string) {
			dir.people[name+"@example.com"] = identity.Person{Name: name, Groups: append([]string{}, groups...)}
		}
		names := []string{"ada", "bob", "eve", "sue"}
		for _, name := range names {
			is(name, "all", name)
			write(func(tx *store.Tx) error {
				return tx.AdmitUser(t.Context(), name, store.Admission{Source: "ldap", KnownAs: name + "@example.com", Groups: []string{"all", name}}, time.Now())
			})
		}
		write(func(tx *store.Tx) error { // whom others let in
			if err := tx.AdmitUser(t.Context(), "oidc", store.Admission{Source: "sso", Groups: []string{"x"}}, time.Now()); err != nil {
				return err
			}
			return tx.PutUser(t.Context(), access.User{Name: "admin", Password: "hash", Admin: true, CreatedAt: time.Now()})
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		r := rollcall.New(s, map[string]rollcall.Backend{"ldap": dir}, rollcall.Options{
			Every: time.Hour, Changed: dir.change, Logger: slog.New(slog.NewTextHandler(dir, nil)),
		})
		go func() { ended <- r.Run(ctx) }()
		state := func() string {
			users, _, err := s.Reader().ListUsers(t.Context(), store.Page{Limit: -1})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, u := range users {
				fmt.Fprintf(&b, "%s %v %v, ", u.Name, u.Groups, !u.LeftAt.IsZero())
			}
			return b.String()
		}
		const begin = "ada [all ada] false, admin [] false, bob [all bob] false, eve [all eve] false, oidc [x] false, sue [all sue] false, "
		for _, step := range []struct {
			what   string
			do     func()
			want   string
			change bool
			says   string
		}{
			{"nothing has changed", func() {}, begin, false, ""},
			{"a group is gone", func() { is("ada", "all") }, strings.Replace(begin, "all ada", "all", 1), true, ""},
			{
				"somebody is gone", func() { delete(dir.people, "bob@example.com") },
				"ada [all] false, admin [] false, bob [all bob] true, eve [all eve] false, oidc [x] false, sue [all sue] false, ", true, "",
			},
			{
				"it is down", func() { dir.down = errors.New("no route"); is("ada") },
				"ada [all] false, admin [] false, bob [all bob] true, eve [all eve] false, oidc [x] false, sue [all sue] false, ", false, "no route",
			},
			{
				"it is back, with somebody", func() { dir.down = nil; is("bob", "new"); is("ada", "all") },
				"ada [all] false, admin [] false, bob [new] false, eve [all eve] false, oidc [x] false, sue [all sue] false, ", true, "",
			},
			{
				"a name is somebody else's", func() { dir.people["eve@example.com"] = identity.Person{Name: "mallory", Groups: []string{"all"}} },
				"ada [all] false, admin [] false, bob [new] false, eve [all eve] true, oidc [x] false, sue [all sue] false, ", true, "",
			},
			{
				"it is not sure of one", func() { dir.unsure["sue@example.com"] = true; is("eve", "all") },
				"ada [all] false, admin [] false, bob [new] false, eve [all] false, oidc [x] false, sue [all sue] false, ", true, "two of the name",
			},
			{
				"most are gone at once", func() { clear(dir.people); clear(dir.unsure); is("sue", "all", "sue") },
				"ada [all] false, admin [] false, bob [new] false, eve [all] false, oidc [x] false, sue [all sue] false, ", false, "lost most of its people",
			},
			{
				"most are in no group at once", func() { is("ada"); is("bob"); is("eve") },
				"ada [all] false, admin [] false, bob [new] false, eve [all] false, oidc [x] false, sue [all sue] false, ", false, "lost most of its people",
			},
			{
				"two are in no group", func() { is("eve", "all") },
				"ada [] false, admin [] false, bob [] false, eve [all] false, oidc [x] false, sue [all sue] false, ", true, "",
			},
		} {
			synctest.Wait()
			dir.mu.Lock()
			dir.log.Reset()
			dir.changed = 0
			asked := dir.asked
			step.do()
			dir.mu.Unlock()
			time.Sleep(time.Hour) // of the fake clock
			synctest.Wait()
			got := state()
			dir.mu.Lock()
			changed, asked, log := dir.changed > 0, dir.asked-asked, dir.log.String()
			dir.mu.Unlock()
			if got != step.want || changed != step.change || asked != 1 {
				t.Errorf("%s: %s\nwant %s; changed: %v, asked %d times", step.what, got, step.want, changed, asked)
			}
			if !strings.Contains(log, step.says) || step.says == "" && strings.Contains(log, "level=ERROR") {
				t.Errorf("%s: the log says %s", step.what, log)
			}
		}
		entries, err := s.Reader().Audit(t.Context(), store.AuditQuery{Limit: 100})
		if err != nil || len(entries) == 0 {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		if got := string(entries[0].Record); !strings.Contains(got, `"origin":"ldap"`) || !strings.Contains(got, `"the server itself"`) || !strings.Contains(got, `"before":{"admin":false`) {
			t.Errorf("on record: %s", got)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
