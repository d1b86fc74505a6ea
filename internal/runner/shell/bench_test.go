package shell_test

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/shell"
)

// BenchmarkShellTrue runs the command true as an action. In turns it starts the
// same shell with the same command by bare fork+exec, so that both figures and
// their ratio come from the same minute of the same machine.
func BenchmarkShellTrue(b *testing.B) {
	const turn = 64 // actions before it is the other's turn
	s := newShell(b, shell.Options{Env: os.Environ()}).Commands()
	var actions, bares time.Duration
	n := 0
	for b.Loop() {
		actions += parallel(turn, func() {
			if got := s.Run(b.Context(), command("true"), runner.Discard{}); got.Status != execution.Succeeded {
				b.Error(got)
			}
		})
		bares += parallel(turn, func() { bare(b, "/bin/bash", "bash", "-c", "true") })
		n += turn
	}
	b.ReportMetric(float64(n)/actions.Seconds(), "actions/s")
	b.ReportMetric(float64(n)/bares.Seconds(), "bare/s")
	b.ReportMetric(100*bares.Seconds()/actions.Seconds(), "%ofbare")
}

// BenchmarkForkExec starts programs by bare fork+exec.
func BenchmarkForkExec(b *testing.B) {
	for name, args := range map[string][]string{
		"bash -c true": {"/bin/bash", "bash", "-c", "true"},
		"sh -c true":   {"/bin/sh", "sh", "-c", "true"},
		"true":         {"/bin/true", "true"},
	} {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					bare(b, args[0], args[1:]...)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "starts/s")
		})
	}
}

// parallel calls f n times, on all CPUs, and returns how long that took.
func parallel(n int, f func()) time.Duration {
	began := time.Now()
	var all sync.WaitGroup
	each := n / runtime.GOMAXPROCS(0)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for range each {
				f()
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

func bare(b *testing.B, path string, args ...string) {
	pid, err := syscall.ForkExec(path, args, &syscall.ProcAttr{Env: os.Environ()})
	if err != nil {
		b.Error(err)
		return
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 0 {
		b.Error(status, err)
	}
}
