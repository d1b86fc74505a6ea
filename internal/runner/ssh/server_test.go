package ssh_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// A host is an SSH server in this process, which runs what it is told as the
// user of the test. Fields are to be set before it is used, or by atomics.
type host struct {
	t    testing.TB
	addr string

	password string
	client   ssh.PublicKey // the key that it lets in
	sessions int64         // it refuses more of them on one connection; 0: no bound
	noSFTP   bool
	silent   atomic.Bool // it answers no requests for sessions
	shells   atomic.Int64
	logins   atomic.Int64
	through  atomic.Int64  // connections made through it
	ran      chan struct{} // gets something when a command begins, if there is room

	config   *ssh.ServerConfig
	listener net.Listener
	all      sync.WaitGroup
	mu       sync.Mutex
	open     map[io.Closer]bool // guarded by mu
}

func newHost(t testing.TB) *host {
	t.Helper()
	h := &host{t: t, ran: make(chan struct{}, 1), open: map[io.Closer]bool{}}
	h.config = &ssh.ServerConfig{
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if h.password == "" || string(password) != h.password {
				return nil, errors.New("no")
			}
			return nil, nil
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if h.client == nil || string(key.Marshal()) != string(h.client.Marshal()) {
				return nil, errors.New("no")
			}
			return nil, nil
		},
	}
	h.config.AddHostKey(newKey(t).signer)
	h.listen("127.0.0.1:0")
	t.Cleanup(h.stop)
	return h
}

func (h *host) listen(addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.listener, h.addr = l, l.Addr().String()
	h.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.all.Go(func() { h.serve(c) })
		}
	})
}

// stop ends the server and cuts its connections.
func (h *host) stop() {
	_ = h.listener.Close()
	h.cut()
	h.all.Wait()
}

// cut cuts all connections.
func (h *host) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.open {
		_ = c.Close()
	}
}

// keep has a thing closed when the host ends.
func (h *host) keep(c io.Closer) (forget func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open[c] = true
	return func() {
		_ = c.Close()
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.open, c)
	}
}

func (h *host) port() int64 {
	_, port, _ := net.SplitHostPort(h.addr)
	n, err := strconv.ParseInt(port, 10, 64)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *host) serve(wire net.Conn) {
	defer h.keep(wire)()
	c, channels, requests, err := ssh.NewServerConn(wire, h.config)
	if err != nil {
		return
	}
	h.logins.Add(1)
	h.all.Go(func() { ssh.DiscardRequests(requests) })
	var sessions atomic.Int64
	for n := range channels {
		switch n.ChannelType() {
		case "direct-tcpip":
			h.all.Go(func() { h.tunnel(n) })
		case "session":
			if h.silent.Load() {
				continue
			}
			if now := sessions.Add(1); h.sessions != 0 && now > h.sessions {
				sessions.Add(-1)
				_ = n.Reject(ssh.ConnectionFailed, "open failed")
				continue
			}
			h.all.Go(func() { h.session(n, sync.OnceFunc(func() { sessions.Add(-1) })) })
		default:
			_ = n.Reject(ssh.UnknownChannelType, "no")
		}
	}
	_ = c.Close()
}

func (h *host) tunnel(n ssh.NewChannel) {
	var m struct {
		Host     string
		Port     uint32
		From     string
		FromPort uint32
	}
	if ssh.Unmarshal(n.ExtraData(), &m) != nil {
		return
	}
	to, err := net.Dial("tcp", net.JoinHostPort(m.Host, strconv.Itoa(int(m.Port))))
	if err != nil {
		_ = n.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer h.keep(to)()
	channel, requests, err := n.Accept()
	if err != nil {
		return
	}
	h.through.Add(1)
	h.all.Go(func() { ssh.DiscardRequests(requests) })
	h.all.Go(func() { _, _ = io.Copy(to, channel); _ = to.Close() })
	_, _ = io.Copy(channel, to)
	_ = channel.Close()
}

// session does for one session what sshd does. It calls left when its place is free.
func (h *host) session(n ssh.NewChannel, left func()) {
	defer left()
	channel, requests, err := n.Accept()
	if err != nil {
		return
	}
	defer channel.Close() //nolint:errcheck // it may have ended
	var cmd *exec.Cmd
	for r := range requests {
		switch r.Type {
		case "exec":
			var m struct{ Line string }
			_ = ssh.Unmarshal(r.Payload, &m)
			cmd = exec.Command("/bin/bash", "-c", m.Line)
			cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			in, err := cmd.StdinPipe()
			if err != nil || start(cmd) != nil {
				_ = r.Reply(false, nil)
				return
			}
			h.shells.Add(1)
			_ = r.Reply(true, nil)
			select {
			case h.ran <- struct{}{}:
			default:
			}
			h.all.Go(func() { _, _ = io.Copy(in, channel); _ = in.Close() })
			h.all.Go(func() { h.wait(cmd, channel, left) })
		case "signal":
			var m struct{ Name string }
			_ = ssh.Unmarshal(r.Payload, &m)
			if cmd != nil {
				_ = syscall.Kill(-cmd.Process.Pid, map[string]syscall.Signal{"TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[m.Name])
			}
		case "subsystem":
			_ = r.Reply(!h.noSFTP, nil)
			if h.noSFTP {
				return
			}
			s, err := sftp.NewServer(channel)
			if err != nil {
				return
			}
			h.all.Go(func() { _ = s.Serve(); left(); _ = channel.Close() })
		default:
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
		}
	}
}

// starting lets one program start at a time. A file that was written a moment ago
// can't be run while another program, that is just being started, has it open still.
var starting sync.Mutex

func start(cmd *exec.Cmd) error {
	starting.Lock()
	defer starting.Unlock()
	return cmd.Start()
}

// wait tells how a command ended. What it leaves behind may hold its output open;
// the session goes on as long as that, as with sshd.
func (h *host) wait(cmd *exec.Cmd, channel ssh.Channel, left func()) {
	state, err := cmd.Process.Wait()
	if err != nil {
		return
	}
	status := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		name := map[syscall.Signal]string{syscall.SIGTERM: "TERM", syscall.SIGKILL: "KILL"}[status.Signal()]
		_, _ = channel.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal string
			Core   bool
			Error  string
			Lang   string
		}{name, false, "", ""}))
	} else {
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(status.ExitStatus())}))
	}
	_ = cmd.Wait() // its error is that the process has been waited for; it waits for the output
	left()
	_ = channel.Close()
}

// A key is a private key in its forms.
type key struct {
	signer ssh.Signer
	text   string
	raw    ed25519.PrivateKey
}

func newKey(t testing.TB) key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return key{signer, string(pem.EncodeToMemory(block)), private}
}

// locked returns the key with a passphrase.
func (k key) locked(t testing.TB, passphrase string) string {
	t.Helper()
	block, err := ssh.MarshalPrivateKeyWithPassphrase(k.raw, "", []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

// pipe returns two ends of a connection that keeps what was written and not read.
func pipe() (a, b net.Conn) {
	x, y := newHalf(), newHalf()
	return &end{from: x, to: y}, &end{from: y, to: x}
}

// A half is one direction of a pipe.
type half struct {
	mu     sync.Mutex
	more   *sync.Cond
	data   []byte // guarded by mu
	closed bool   // guarded by mu
}

func newHalf() *half {
	h := &half{}
	h.more = sync.NewCond(&h.mu)
	return h
}

func (h *half) Read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.data) == 0 {
		if h.closed {
			return 0, io.EOF
		}
		h.more.Wait()
	}
	n := copy(p, h.data)
	h.data = h.data[n:]
	return n, nil
}

func (h *half) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return 0, net.ErrClosed
	}
	h.data = append(h.data, p...)
	h.more.Broadcast()
	return len(p), nil
}

func (h *half) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.more.Broadcast()
	return nil
}

// An end is one end of a pipe. Deadlines are not needed.
type end struct {
	net.Conn
	from, to *half
}

func (e *end) Read(p []byte) (int, error)  { return e.from.Read(p) }
func (e *end) Write(p []byte) (int, error) { return e.to.Write(p) }
func (e *end) Close() error                { return errors.Join(e.from.Close(), e.to.Close()) }
func (e *end) LocalAddr() net.Addr         { return &net.TCPAddr{} }
func (e *end) RemoteAddr() net.Addr        { return &net.TCPAddr{} }
