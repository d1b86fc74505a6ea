package janitor_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/janitor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const day = 24 * time.Hour

// fakeStore has things that are born at a time and take a byte each.
type fakeStore struct {
	executions, events, output, expired []time.Time

	fixed    int64         // that nothing makes less
	slow     time.Duration // each deletion takes so long
	broken   string        // the kind whose deletion fails
	deletes  int
	largest  int           // batch
	longest  time.Duration // from the end of one deletion to the begin of the next, in a sweep
	lastDone time.Time
}

func (s *fakeStore) delete(name string, all *[]time.Time, t time.Time, limit int) (int, error) {
	s.deletes++
	if !s.lastDone.IsZero() && time.Since(s.lastDone) < time.Minute {
		s.longest = max(s.longest, time.Since(s.lastDone))
	}
	time.Sleep(s.slow)
	s.lastDone = time.Now()
	if s.broken == name {
		return 0, errors.New("the disk of " + name + " is gone")
	}
	n := 0
	*all = slices.DeleteFunc(*all, func(at time.Time) bool {
		if n < limit && at.Before(t) {
			n++
			return true
		}
		return false
	})
	s.largest = max(s.largest, n)
	return n, nil
}

func (s *fakeStore) DeleteFinishedBefore(_ context.Context, t time.Time, limit int) (int, error) {
	return s.delete("executions", &s.executions, t, limit)
}

func (s *fakeStore) DeleteEventsBefore(_ context.Context, t time.Time, limit int) (int, error) {
	return s.delete("events", &s.events, t, limit)
}

func (s *fakeStore) DeleteOutputBefore(_ context.Context, t time.Time, limit int) (int, error) {
	return s.delete("output", &s.output, t, limit)
}

func (s *fakeStore) DeleteAuditBefore(context.Context, time.Time, int) (int, error) { return 0, nil }

func (s *fakeStore) DeleteExpired(_ context.Context, t time.Time, limit int) (int, error) {
	return s.delete("expired", &s.expired, t, limit)
}

func (s *fakeStore) Size(context.Context) (int64, error) {
	return s.fixed + int64(len(s.executions)+len(s.events)+len(s.output)), nil
}

// left says how many of each kind are there.
func (s *fakeStore) left() [4]int {
	return [4]int{len(s.executions), len(s.events), len(s.output), len(s.expired)}
}

// ages are times so long before now, the oldest first.
func ages(all ...time.Duration) []time.Time {
	out := make([]time.Time, len(all))
	for i, d := range all {
		out[i] = time.Now().Add(-d)
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// run runs a janitor for a time.
func run(t *testing.T, s *fakeStore, opts janitor.Options, d time.Duration) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1) // so that the janitor never waits for us
	go func() { done <- janitor.New(s, opts).Run(ctx) }()
	time.Sleep(d) // fake time: costs nothing
	stop()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestRunDeletesByAge(t *testing.T) {
	everything := func() *fakeStore {
		return &fakeStore{
			executions: ages(31*day, 29*day, 15*day, 8*day, time.Hour),
			events:     ages(31*day, 29*day, 15*day, 8*day, time.Hour),
			output:     ages(31*day, 29*day, 15*day, 8*day, time.Hour),
			expired:    ages(15*day, time.Hour, -time.Hour),
		}
	}
	tests := map[string]struct {
		opts janitor.Options
		want [4]int // executions, events, output, expired
	}{
		"by default": {janitor.Options{}, [4]int{4, 2, 1, 1}},
		"as told": {
			janitor.Options{Executions: 10 * day, Events: 30 * day, Output: 20 * day, Expired: 2 * time.Hour}, [4]int{2, 4, 3, 2},
		},
		"or never": {janitor.Options{Executions: -1, Events: -1, Output: -1, Expired: -1, MaxBytes: 1}, [4]int{5, 5, 5, 3}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := everything()
				run(t, s, tt.opts, time.Minute+time.Second)
				if d := cmp.Diff(tt.want, s.left()); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestRunSweepsEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{}
		run(t, s, janitor.Options{}, 10*time.Minute+time.Second)
		if want := 10 * 4; s.deletes != want {
			t.Errorf("%d deletions in ten minutes, want %d", s.deletes, want)
		}
	})
}

func TestSweepDeletesInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{slow: 10 * time.Millisecond}
		for range 1001 {
			s.executions = append(s.executions, time.Now().Add(-99*day))
		}
		n, err := janitor.New(s, janitor.Options{}).Sweep(t.Context(), time.Now())
		if err != nil || n != 1001 {
			t.Errorf("%d went, %v", n, err)
		}
		if s.largest != 200 {
			t.Errorf("the largest batch has %d, want 200", s.largest)
		}
		if s.longest != s.slow {
			t.Errorf("left %v between two batches that take %v: others should have half of the time", s.longest, s.slow)
		}
	})
}

func TestSweepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{slow: time.Second}
		for range 100_000 {
			s.executions = append(s.executions, time.Now().Add(-99*day))
		}
		run(t, s, janitor.Options{}, time.Minute+10*time.Second) // Run returns although there is more to do
		if n := len(s.executions); n == 0 || n == 100_000 {
			t.Errorf("%d are left", n)
		}
	})
}

func TestRunGoesOnAfterAFailure(t *testing.T) {
	for _, broken := range []string{"executions", "events", "output", "expired"} {
		t.Run(broken, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old := func() []time.Time { return ages(99 * day) }
				s := &fakeStore{executions: old(), events: old(), output: old(), expired: old(), broken: broken}
				var log bytes.Buffer
				opts := janitor.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
				run(t, s, opts, time.Minute+time.Second)
				if left := s.left(); left[0]+left[1]+left[2]+left[3] != 1 {
					t.Errorf("left are %v: one broken kind has kept the others", left)
				}
				if got := strings.Count(log.String(), "level=ERROR"); got != 1 || !strings.Contains(log.String(), "the disk of "+broken+" is gone") {
					t.Errorf("log:\n%s", log.String())
				}
				s.broken = ""
				run(t, s, opts, time.Minute+time.Second)
				if left := s.left(); left != [4]int{} {
					t.Errorf("left are %v after the disk is back", left)
				}
			})
		})
	}
}

// even is a thousand of each kind, over the last hundred hours.
func even() *fakeStore {
	s := &fakeStore{}
	for n := range 1000 {
		at := time.Now().Add(-time.Duration(1000-n) * time.Hour / 10)
		s.executions, s.events, s.output = append(s.executions, at), append(s.events, at), append(s.output, at)
	}
	return s
}

func TestSweepShrinksALedgerThatIsTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := even()
		var log bytes.Buffer
		n, err := janitor.New(s, janitor.Options{MaxBytes: 2000, Logger: slog.New(slog.NewTextHandler(&log, nil))}).Sweep(t.Context(), time.Now())
		size, _ := s.Size(t.Context())
		if err != nil || size > 1800 || size <= 1800-200 || n != 3000-int(size) {
			t.Errorf("%d went, %d are left, %v; want 1800 left, give or take a batch", n, size, err)
		}
		// Oldest first, and all kinds alike.
		for i, all := range [][]time.Time{s.executions, s.events, s.output} {
			if len(all) < 400 {
				t.Errorf("of kind %d only %d are left", i, len(all))
			}
			if age := time.Since(all[len(all)-1]); age > time.Hour {
				t.Errorf("of kind %d the youngest is %v old", i, age)
			}
		}
		if !strings.Contains(log.String(), "level=INFO") || !strings.Contains(log.String(), "bytes_before=3000") {
			t.Errorf("log:\n%s", log.String())
		}
	})
}

func TestSweepLeavesALedgerThatFits(t *testing.T) {
	tests := map[string]janitor.Options{
		"just":     {MaxBytes: 3000},
		"default":  {},
		"no bound": {MaxBytes: -1},
	}
	for name, opts := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := even()
				if n, err := janitor.New(s, opts).Sweep(t.Context(), time.Now()); n != 0 || err != nil {
					t.Errorf("%d went, %v", n, err)
				}
			})
		})
	}
}

func TestSweepDoesNotShrinkInVain(t *testing.T) {
	tests := map[string]struct {
		store *fakeStore
		opts  janitor.Options
		left  [4]int
	}{
		"what is to be kept for ever": {
			&fakeStore{fixed: 9000}, janitor.Options{MaxBytes: 5000, Executions: -1, Events: -1}, [4]int{1000, 1000, 0, 0},
		},
		"what was just now": {&fakeStore{fixed: 9000}, janitor.Options{MaxBytes: 5000}, [4]int{3, 0, 0, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := even()
				s.fixed = tt.store.fixed
				if tt.left[1] == 0 {
					s.executions = append(s.executions, ages(50*time.Second, 10*time.Second, 0)...)
				}
				var log bytes.Buffer
				tt.opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
				if _, err := janitor.New(s, tt.opts).Sweep(t.Context(), time.Now()); err != nil {
					t.Error(err)
				}
				if d := cmp.Diff(tt.left, s.left()); d != "" {
					t.Error(d)
				}
				if !strings.Contains(log.String(), "level=WARN") {
					t.Errorf("log:\n%s", log.String())
				}
			})
		})
	}
}

// stubborn is a store whose size does not fall with its rows.
type stubborn struct{ *fakeStore }

func (stubborn) Size(context.Context) (int64, error) { return 1 << 40, nil }

func TestSweepStopsWhenDeletingMakesNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{}
		for range 10_000 {
			s.executions = append(s.executions, time.Now().Add(-20*day))
		}
		if _, err := janitor.New(stubborn{s}, janitor.Options{}).Sweep(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
		if got, want := len(s.executions), 10_000-20*200; got != want {
			t.Errorf("%d are left, want %d", got, want)
		}
	})
}
