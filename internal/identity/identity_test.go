package identity_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/identity"
)

// says is a back end that always says the same.
type says struct {
	identity.Person
	err   error
	asked *int
}

func (s says) Check(context.Context, string, string) (identity.Person, error) {
	*s.asked++
	return s.Person, s.err
}

func TestBackEndsAreAskedInTheirOrder(t *testing.T) {
	ada := identity.Person{Name: "ada", Groups: []string{"ops"}}
	down := errors.New("no route to host")
	type answer struct {
		p   identity.Person
		err error
	}
	yes, unknown, wrong, dead := answer{ada, nil}, answer{err: identity.ErrUnknown}, answer{err: identity.ErrWrong}, answer{err: down}
	lie := answer{p: ada, err: identity.ErrWrong}
	for name, tt := range map[string]struct {
		answers []answer
		asked   int
		source  string // empty: nobody lets them in
		busy    bool
	}{
		"the first knows":                    {[]answer{yes, wrong}, 1, "a", false},
		"the first does not know":            {[]answer{unknown, yes}, 2, "b", false},
		"the first says no":                  {[]answer{wrong, yes}, 1, "", false},
		"the first is down":                  {[]answer{dead, yes}, 2, "b", false},
		"the first is down, the second no":   {[]answer{dead, wrong}, 2, "", false},
		"the first is down, nobody knows":    {[]answer{dead, unknown}, 2, "", true},
		"nobody knows, and the last is down": {[]answer{unknown, dead}, 2, "", true},
		"nobody knows":                       {[]answer{unknown, unknown}, 2, "", false},
		"an error is no yes":                 {[]answer{lie, yes}, 1, "", false},
		"a name that is none":                {[]answer{{p: identity.Person{Name: " ada"}}, yes}, 1, "", false},
		"there is nobody to ask":             {nil, 0, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			var members []identity.Member
			for i, a := range tt.answers {
				members = append(members, identity.Member{Name: string(rune('a' + i)), Backend: says{a.p, a.err, &asked}})
			}
			p, source, err := identity.NewChain(slog.New(slog.DiscardHandler), members...).Check(t.Context(), "Ada", "secret")
			if asked != tt.asked || source != tt.source || (fault.KindOf(err) == fault.Busy) != tt.busy {
				t.Errorf("asked %d, source %q, %v", asked, source, err)
			}
			want := identity.Person{}
			if tt.source != "" {
				want = ada
			}
			if diff := cmp.Diff(want, p); diff != "" || (err == nil) != (tt.source != "") {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestWhatIsNoNameOrPasswordAsksNobody(t *testing.T) {
	asked := 0
	c := identity.NewChain(slog.New(slog.DiscardHandler), identity.Member{Name: "a", Backend: says{identity.Person{Name: "x"}, nil, &asked}})
	for _, name := range []string{"", " ada", "a\x00b", "a\nb", "\xff", strings.Repeat("a", 257), "a\u202eb"} {
		if _, _, err := c.Check(t.Context(), name, "secret"); !errors.Is(err, identity.ErrWrong) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := c.Check(t.Context(), "ada", ""); !errors.Is(err, identity.ErrWrong) || asked != 0 {
		t.Errorf("no password: %v, asked %d times", err, asked)
	}
}

// blocks answers when it is let go.
type blocks chan struct{}

func (b blocks) Check(context.Context, string, string) (identity.Person, error) {
	<-b
	return identity.Person{}, identity.ErrWrong
}

func TestABackEndThatHangsHoldsNoMoreThanItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(blocks)
		c := identity.NewChain(slog.New(slog.DiscardHandler), identity.Member{Name: "slow", Backend: slow, AtOnce: 2})
		refused := make(chan error, 100)
		for range 100 {
			go func() {
				_, _, err := c.Check(t.Context(), "ada", "secret")
				refused <- err
			}()
		}
		synctest.Wait()
		if got := len(refused); got != 100-2-32 {
			t.Errorf("%d were sent away, want %d", got, 100-2-32)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := c.Check(ctx, "ada", "secret"); err == nil {
			t.Error("who has gone is let in")
		}
		close(slow)
		for range 100 {
			if err := <-refused; !errors.Is(err, identity.ErrWrong) && fault.KindOf(err) != fault.Busy {
				t.Error(err)
			}
		}
	})
}

func TestOwnUsers(t *testing.T) {
	hash := access.HashPassword("secret")
	own := identity.NewOwn(func(_ context.Context, name string) (access.User, error) {
		switch name {
		case "ada":
			return access.User{Name: "ada", Password: hash}, nil
		case "ldap-only":
			return access.User{Name: "ldap-only"}, nil
		case "broken":
			return access.User{}, errors.New("the disk is gone")
		}
		return access.User{}, identity.ErrUnknown
	})
	for who, want := range map[string]error{
		"ada secret": nil, "ada wrong": identity.ErrWrong, "ldap-only secret": identity.ErrUnknown, "nobody secret": identity.ErrUnknown,
	} {
		name, password, _ := strings.Cut(who, " ")
		p, err := own.Check(t.Context(), name, password)
		if !errors.Is(err, want) || (err == nil) != (want == nil) || err == nil && p.Name != name {
			t.Errorf("%s: %+v, %v; want %v", who, p, err, want)
		}
	}
	if _, err := own.Check(t.Context(), "broken", "secret"); err == nil || errors.Is(err, identity.ErrUnknown) || errors.Is(err, identity.ErrWrong) {
		t.Errorf("a ledger that can't be read: %v", err)
	}
}
