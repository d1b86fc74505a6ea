package bench_test

import (
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/app/bench"
)

// TestBenchMeasures runs each measurement that needs no built program, very
// briefly. What the figures are is not for a test to say.
func TestBenchMeasures(t *testing.T) {
	report, err := bench.Run(t.Context(), bench.Options{
		Only: []string{"matched", "unmatched", "shell", "ssh", "list", "gets", "posts", "result", "deep"}, Duration: 300 * time.Millisecond, Rows: 2000,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		"matched_events": true, "event_to_action_p50": true, "event_to_action_p99": true,
		"unmatched_events": true, "shell_actions": true, "ssh_commands": true, "ssh_second_command": true, "list_50": true, "list_50_filtered": true, "get_action": true, "get_execution": true, "post_execution_p50": true, "result_8mb": true, "deep_level": true,
	}
	for _, f := range report.Figures {
		if f.Value <= 0 {
			t.Errorf("%s is %v %s", f.Name, f.Value, f.Unit)
		}
		delete(want, f.Name)
	}
	for name := range want {
		t.Errorf("%s was not measured", name)
	}
}
