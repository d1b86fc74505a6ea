package demo_test

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/app/demo"
	"github.com/nightshift-run/nightshift/internal/config"
)

// TestDemoRepairsItsVictim runs the demonstration with the packs of examples/,
// as make run does.
func TestDemoRepairsItsVictim(t *testing.T) {
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	cfg.Packs = []string{"../../../examples/packs"}
	a, err := app.Open(t.Context(), cfg, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	var out bytes.Buffer
	err = demo.Run(ctx, a, &out)
	stop()
	if rerr := <-ended; rerr != nil {
		t.Error(rerr)
	}
	if cerr := a.Close(); cerr != nil {
		t.Error(cerr)
	}
	if m := regexp.MustCompile(`well, with pid (\d+)`).FindStringSubmatch(out.String()); m != nil {
		var pid int
		for _, d := range m[1] {
			pid = 10*pid + int(d-'0')
		}
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGTERM) })
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	at := 0
	for _, step := range []string{"killed", "probe", "event", "rule ", "action", "repaired", "verified", "Nobody was woken"} {
		i := strings.Index(out.String()[at:], step)
		if i < 0 {
			t.Fatalf("the timeline lacks %q after what came before:\n%s", step, &out)
		}
		at += i + len(step)
	}
}
