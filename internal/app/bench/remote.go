package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"os/exec"
	"sync"
	"time"

	cryptossh "golang.org/x/crypto/ssh"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/ssh"
)

// remote measures commands over SSH against sessions of one connection that is
// simply held open, in turns. The host is in this process and starts a shell for each
// command, as any other does.
func (b *bench) remote(ctx context.Context) error {
	const (
		at    = 8    // at a time, on either side
		turns = 10   // of each side
		hosts = 1000 // commands in all, as of so many hosts
	)
	host, err := newHost(ctx)
	if err != nil {
		return err
	}
	defer host.close()
	raw, err := cryptossh.Dial("tcp", host.addr, &cryptossh.ClientConfig{
		User: "bench", HostKeyCallback: cryptossh.InsecureIgnoreHostKey(), //nolint:gosec // it is our own
	})
	if err != nil {
		return err
	}
	defer raw.Close() //nolint:errcheck // it was only measured
	bare := func() error {
		s, err := raw.NewSession()
		if err != nil {
			return err
		}
		defer s.Close() //nolint:errcheck // it has ended
		return s.Run("true")
	}
	r := ssh.New(ssh.Options{HostKeys: ssh.AnyKey, KnownHosts: []string{}, Connections: 1})
	defer r.Close()
	commands := r.Commands()
	ours := func() error {
		params := value.NewDict()
		for name, v := range map[string]value.Value{"hosts": host.addr, "username": "bench", "password": "bench", "cmd": "true"} {
			params.Set(name, v)
		}
		task := runner.Task{ExecutionID: "bench", Action: "core.remote", RunnerParameters: params, ActionParameters: value.NewDict()}
		if out := commands.Run(ctx, task, runner.Discard{}); out.Status != execution.Succeeded {
			return errors.New(value.Repr(out.Result))
		}
		return nil
	}
	var took [2]time.Duration // of the first and the second command
	for i := range took {
		begun := time.Now()
		if err := ours(); err != nil {
			return err
		}
		took[i] = time.Since(begun)
	}
	var mine, limit time.Duration
	for range turns {
		for f, sum := range map[*func() error]*time.Duration{&bare: &limit, &ours: &mine} {
			begun := time.Now()
			if err := inParallel(at, hosts/turns, *f); err != nil {
				return err
			}
			*sum += time.Since(begun)
		}
	}
	b.add(Figure{
		Name: "ssh_commands", What: "remote-shell-cmd cmd=true on the loopback, 1,000 commands over one connection, 8 at a time",
		Value: hosts / mine.Seconds(), Unit: "1/s",
		Limit: hosts / limit.Seconds(), LimitWhat: "bare sessions of one connection that is held open, in turns", Target: 0.8 * hosts / limit.Seconds(),
	})
	b.add(Figure{
		Name: "ssh_second_command", What: "the second command to a host; the first, which logs in, took " + took[0].Round(100*time.Microsecond).String(),
		Value: float64(took[1].Microseconds()) / 1000, Unit: "ms", Target: 10, AtMost: true,
	})
	return nil
}

// inParallel calls f n times, some at a time.
func inParallel(at, n int, f func() error) error {
	errs := make([]error, at)
	var all sync.WaitGroup
	for i := range at {
		all.Go(func() {
			for range (n + at - 1 - i) / at {
				if errs[i] = f(); errs[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// host is an SSH server that starts a shell for each command.
type host struct {
	ctx      context.Context //nolint:containedctx // of the measurement
	addr     string
	listener net.Listener
	config   *cryptossh.ServerConfig
}

func newHost(ctx context.Context) (*host, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := cryptossh.NewSignerFromKey(key)
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &host{ctx: ctx, addr: l.Addr().String(), listener: l, config: &cryptossh.ServerConfig{NoClientAuth: true}}
	h.config.AddHostKey(signer)
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go h.serve(c)
		}
	}()
	return h, nil
}

func (h *host) close() { _ = h.listener.Close() } // the process ends soon

func (h *host) serve(wire net.Conn) {
	_, channels, requests, err := cryptossh.NewServerConn(wire, h.config)
	if err != nil {
		return
	}
	go cryptossh.DiscardRequests(requests)
	for n := range channels {
		channel, requests, err := n.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				if r.Type == "exec" {
					_ = r.Reply(true, nil)
					cmd := exec.CommandContext(h.ctx, "bash", "-c", string(r.Payload[4:])) //nolint:gosec // we have sent it
					cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
					_ = cmd.Run() // what it is told is to end well
					_, _ = channel.SendRequest("exit-status", false, []byte{0, 0, 0, 0})
					_ = channel.Close()
				} else if r.WantReply {
					_ = r.Reply(false, nil)
				}
			}
		}()
	}
}
