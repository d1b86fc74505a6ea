package app

import (
	"context"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/native"
)

// waitForSSH waits until a machine lets somebody in and runs a command. It is the
// action linux.wait_for_ssh.
func (a *App) waitForSSH(ctx context.Context, c native.Call, out runner.Output) (value.Value, error) {
	number := func(name string, def int64) int64 {
		if v, ok := c.Parameters.Get(name); ok {
			if n, ok := v.(int64); ok {
				return n
			}
		}
		return def
	}
	params := value.NewDict()
	for to, from := range map[string]string{"hosts": "hostname", "port": "port", "username": "username", "password": "password", "private_key": "keyfile"} {
		if v, _ := c.Parameters.Get(from); v != nil {
			params.Set(to, v)
		}
	}
	params.Set("cmd", "true")
	params.Set("timeout", number("ssh_timeout", 5))
	task := runner.Task{ExecutionID: c.ExecutionID, Action: c.Action, RunnerParameters: params, ActionParameters: value.NewDict()}
	retries := number("retries", 10)
	for n := int64(1); n <= retries; n++ {
		tried := a.ssh.Commands().Run(ctx, task, runner.Discard{})
		if tried.Status == execution.Succeeded {
			return true, nil
		}
		out.Print(runner.Stderr, fmt.Sprintf("try %d: %s\n", n, value.Repr(tried.Result)))
		if n == retries {
			break
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(time.Duration(number("sleep_delay", 20)) * time.Second):
		}
	}
	return nil, fmt.Errorf("Exceeded max retries (%d)", retries) //nolint:staticcheck // people search for the sentence of StackStorm
}
