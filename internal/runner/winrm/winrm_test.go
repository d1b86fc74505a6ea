package winrm_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/runnertest"
	"github.com/nightshift-run/nightshift/internal/runner/winrm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dict(pairs ...value.Value) *value.Dict {
	d := value.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i].(string), pairs[i+1])
	}
	return d
}

// task returns a task for a machine.
func task(m *machine, params ...value.Value) runner.Task {
	u, err := url.Parse(m.server.URL)
	if err != nil {
		m.t.Fatal(err)
	}
	port, err := strconv.ParseInt(u.Port(), 10, 64)
	if err != nil {
		m.t.Fatal(err)
	}
	t := runner.Task{
		ExecutionID: "e1", Action: "core.winrm_cmd", Pack: "core", ActionParameters: value.NewDict(),
		RunnerParameters: dict("host", u.Hostname(), "port", port, "scheme", u.Scheme, "username", user, "password", password),
	}
	t.RunnerParameters.Update(dict(params...))
	return t
}

// cmd is a Command Prompt with few words.
func cmd(_ *machine, c *call) (stdout, stderr string, code int) {
	word, rest, _ := strings.Cut(c.line, " ")
	switch word {
	case "echo":
		return rest + "\r\n", "", 0
	case "exit":
		code, _ = strconv.Atoi(rest)
		return "", "", code
	case "set":
		return c.env[rest] + "\r\n", c.dir, 0
	case "wait":
		<-c.stopped
	}
	return "", word + " is not recognized as an internal or external command\r\n", 1
}

func TestCommandsAreARunner(t *testing.T) {
	begun := make(chan struct{}, 1)
	m := newMachine(t, func(m *machine, c *call) (string, string, int) {
		if c.line == "wait" {
			begun <- struct{}{}
		}
		return cmd(m, c)
	})
	runnertest.Run(t, runnertest.Harness{
		New:  func(*testing.T) runner.Runner { return winrm.New(winrm.Options{}).Commands() },
		Good: func(*testing.T) runner.Task { return task(m, "cmd", "echo x") },
		Bad:  func(*testing.T) runner.Task { return task(m, "cmd", "exit 1") },
		Long: func(*testing.T) (runner.Task, <-chan struct{}) {
			select {
			case <-begun: // by an earlier one, to which nobody listened
			default:
			}
			return task(m, "cmd", "wait"), begun
		},
		Timeout: func(t *runner.Task, seconds float64) { t.RunnerParameters.Set("timeout", seconds) },
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.shells)+len(m.commands) > 0 {
		t.Errorf("%d shells and %d commands are left", len(m.shells), len(m.commands))
	}
}

func expect(t *testing.T, got runner.Outcome, status execution.Status, texts ...string) {
	t.Helper()
	shown := value.Repr(got.Result)
	if got.Status != status {
		t.Fatalf("got %s, want %s: %s", got.Status, status, shown)
	}
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			t.Errorf("%q is not in %s", text, shown)
		}
	}
}

func TestResultsAreThoseOfStackStorm(t *testing.T) {
	m := newMachine(t, cmd)
	r := winrm.New(winrm.Options{}).Commands()
	run := func(params ...value.Value) runner.Outcome {
		return r.Run(t.Context(), task(m, params...), runner.Discard{})
	}
	expect(t, run("cmd", "echo grüße & <tag>"), execution.Succeeded,
		`{'failed': False, 'succeeded': True, 'return_code': 0, 'stdout': 'grüße & <tag>', 'stderr': ''}`)
	expect(t, run("cmd", `echo {"a": 1}`), execution.Succeeded, `'stdout': {'a': 1}`)
	expect(t, run("cmd", "exit 3"), execution.Failed, `'return_code': 3`)
	expect(t, run("cmd", "foo"), execution.Failed, `'stderr': 'foo is not recognized as an internal or external command'`)
	expect(t, run("cmd", "set X", "env", dict("X", "<&>"), "cwd", `C:\a & b`), execution.Succeeded, `'stdout': '<&>'`, `'stderr': 'C:\\a & b'`)
	expect(t, run("cmd", "wait", "timeout", 0.1), execution.Timeout, `'return_code': -1`, "Action failed to complete in 0.1 seconds")
	m.ntlm = false
	expect(t, run("cmd", "echo x", "transport", "basic"), execution.Succeeded)
}

func TestMistakesAreTold(t *testing.T) {
	m := newMachine(t, cmd)
	r := winrm.New(winrm.Options{ConnectTimeout: time.Second})
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(other.Listener.Addr().String())
	n, _ := strconv.ParseInt(port, 10, 64)
	for want, task := range map[string]runner.Task{
		"is not let in with this password":             task(m, "password", "wrong"),
		"the machine does not take a password as such": task(m, "transport", "plaintext"),
		"connection refused":                           task(m, "port", int64(down)),
		"404 Not Found, and not as WinRM does":         task(m, "port", n),
		"server gave HTTP response to HTTPS client":    task(m, "scheme", "https"),
		`the transport "kerberos" is not part`:         task(m, "transport", "kerberos"),
		`the scheme "ftp" is neither`:                  task(m, "scheme", "ftp"),
		"0 is no port":                                 task(m, "port", int64(0)),
		"the parameter host is not given":              task(m, "host", ""),
		"username and password are not both given":     task(m, "password", nil),
		"certificate needs the scheme https":           task(m, "transport", "certificate"),
	} {
		t.Run(want, func(t *testing.T) {
			task.RunnerParameters.Set("cmd", "echo x")
			expect(t, r.Commands().Run(t.Context(), task, runner.Discard{}), execution.Failed, want)
		})
	}
	expect(t, r.Commands().Run(t.Context(), task(m), runner.Discard{}), execution.Failed, "parameter cmd is not given")
	expect(t, r.PowerShell().Run(t.Context(), task(m), runner.Discard{}), execution.Failed, "parameter cmd is not given")
	expect(t, r.Scripts().Run(t.Context(), task(m), runner.Discard{}), execution.Failed, "entry_point is empty")
}

func TestCertificatesAreChecked(t *testing.T) {
	m := newMachine(t, cmd)
	m.server.Close()
	m.server = httptest.NewTLSServer(m)
	t.Cleanup(m.server.Close)
	r := winrm.New(winrm.Options{}).Commands()
	expect(t, r.Run(t.Context(), task(m, "cmd", "echo x"), runner.Discard{}), execution.Failed, "certificate")
	expect(t, r.Run(t.Context(), task(m, "cmd", "echo x", "verify_ssl_cert", false), runner.Discard{}), execution.Succeeded)
}

func TestLoggingInWithACertificate(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ann"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	keyPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	keyFile := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(keyFile, []byte(keyPEM), 0o600); err != nil {
		t.Fatal(err)
	}
	m := newMachine(t, cmd)
	m.server.Close()
	m.cert = cert
	m.server = httptest.NewUnstartedServer(m)
	m.server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	m.server.StartTLS()
	t.Cleanup(m.server.Close)
	r := winrm.New(winrm.Options{}).Commands()
	run := func(cert, key any) runner.Outcome {
		return r.Run(t.Context(), task(m, "cmd", "echo x", "verify_ssl_cert", false, "transport", "certificate",
			"username", nil, "password", nil, "cert_pem", cert, "cert_key_pem", key), runner.Discard{})
	}
	expect(t, run(certPEM, keyPEM), execution.Succeeded, "'stdout': 'x'")
	expect(t, run(certPEM, keyFile), execution.Succeeded, "'stdout': 'x'")
	expect(t, run(certPEM, nil), execution.Failed, "the parameter cert_key_pem is not given")
	expect(t, run(certPEM, keyFile+"s"), execution.Failed, "no such file")
	expect(t, run(keyPEM, keyPEM), execution.Failed, "read the certificate to log in with")
	m.cert = []byte("another")
	expect(t, run(certPEM, keyPEM), execution.Failed, "this certificate is not let in")
}

// decoded returns the text of PowerShell of a command line, or "".
func decoded(line string) string {
	code, ok := strings.CutPrefix(line, "powershell -encodedcommand ")
	b, err := base64.StdEncoding.DecodeString(code)
	if !ok || err != nil || len(line) > 8191 {
		return ""
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// disk is a PowerShell that keeps files and runs a script by printing it.
type disk struct{ files map[string]string }

var (
	appends = regexp.MustCompile(`FromBase64String\('(.*?)'\); \$f = \[IO.File\]::Open\('(.*?)', 'Append'\)`)
	removes = regexp.MustCompile(`Remove-Item -Force -LiteralPath '(.*?)'`)
	calls   = regexp.MustCompile(`^& \(\[scriptblock\]::Create\(\(Get-Content -Raw -Encoding UTF8 -LiteralPath '(.*?)'\)\)\)(.*)$`)
)

func (d *disk) run(m *machine, c *call) (stdout, stderr string, code int) {
	text := decoded(c.line)
	m.mu.Lock()
	defer m.mu.Unlock()
	if strings.Contains(text, "New-Item") {
		d.files[`C:\Temp\a b.ps1`] = ""
		return `C:\Temp\a b.ps1`, "", 0
	}
	if call := appends.FindStringSubmatch(text); call != nil {
		data, err := base64.StdEncoding.DecodeString(call[1])
		if err != nil {
			return "", err.Error(), 1
		}
		d.files[call[2]] += string(data)
		return "", "", 0
	}
	if call := removes.FindStringSubmatch(text); call != nil {
		delete(d.files, call[1])
		return "", "", 0
	}
	if call := calls.FindStringSubmatch(text); call != nil {
		return fmt.Sprintf("%d bytes with%s", len(d.files[call[1]]), call[2]), "", 0
	}
	return text, "", 0
}

func TestPowerShell(t *testing.T) {
	d := &disk{files: map[string]string{}}
	m := newMachine(t, d.run)
	r := winrm.New(winrm.Options{})
	expect(t, r.PowerShell().Run(t.Context(), task(m, "cmd", "Get-Date 🐎"), runner.Discard{}), execution.Succeeded, `'stdout': 'Get-Date 🐎'`)

	script := filepath.Join(t.TempDir(), "s.ps1")
	write := func(text string) runner.Task {
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := task(m)
		s.EntryPoint = script
		return s
	}
	s := write("param($a)")
	s.ActionParameters = dict("first", "it's $5", "a", value.NewList(int64(1), nil, true, "x\n"), "b", dict("k", 1.5, "f", false), "c", "\"`\t\x00")
	s.Schema = dict("first", dict("type", "string", "position", int64(0)))
	expect(t, r.Scripts().Run(t.Context(), s, runner.Discard{}), execution.Succeeded,
		"& {param($a)} -a @(1, $null, $true, \"x`n\") -b @{\"k\" = 1.5; \"f\" = $false} -c \"`\"```t`0\"", "`$5")

	long := strings.Repeat("# a long script\n", 1000)
	s = write(long)
	s.ActionParameters = dict("n", int64(7))
	expect(t, r.Scripts().Run(t.Context(), s, runner.Discard{}), execution.Succeeded, fmt.Sprintf("%d bytes with -n 7", len(long)))
	if len(d.files) > 0 {
		t.Errorf("%d files are left", len(d.files))
	}
	s.ActionParameters = dict("n", strings.Repeat("x", 9000))
	expect(t, r.Scripts().Run(t.Context(), s, runner.Discard{}), execution.Failed, "more than fit on a command line")
	s.EntryPoint += "x"
	expect(t, r.Scripts().Run(t.Context(), s, runner.Discard{}), execution.Failed, "read the script")
}

func TestErrorsOfPowerShellAreForPeople(t *testing.T) {
	const head = "#< CLIXML\r\n" + `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">` +
		`<Obj S="progress" RefId="0"><MS><PR N="Record"><AV>Preparing modules for first use.</AV></PR></MS></Obj>`
	for name, tt := range map[string]struct{ given, want string }{
		"error":    {head + `<S S="Error">foo : not found_x000D__x000A_</S><S S="Error">At line:1_x000D__x000A_</S></Objs>`, `'foo : not found\nAt line:1'`},
		"progress": {head + `</Objs>`, `''`},
		"plain":    {"# just text", `'# just text'`},
		"broken":   {"#< CLIXML\r\n<Objs><S", `'#< CLIXML\r\n<Objs><S'`},
		"none":     {"", `''`},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, func(*machine, *call) (string, string, int) { return "", tt.given, 1 })
			got := winrm.New(winrm.Options{}).PowerShell().Run(t.Context(), task(m, "cmd", "foo"), runner.Discard{})
			expect(t, got, execution.Failed, "'stderr': "+tt.want)
		})
	}
}
