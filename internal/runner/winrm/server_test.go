package winrm_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:staticcheck // NTLM is made of it
)

// A machine is a WinRM server in this process. It answers with the messages that
// Windows answers with, and its commands are functions of the test.
type machine struct {
	t      testing.TB
	server *httptest.Server
	ntlm   bool   // how it lets in; else with a password as such
	cert   []byte // lets in with this certificate only

	// command runs a command line. It returns what that prints and its exit code, or
	// blocks until stopped is closed.
	command func(m *machine, c *call) (stdout, stderr string, code int)

	mu       sync.Mutex
	shells   map[string]*call // by id; guarded by mu
	commands map[string]*call // by id; guarded by mu
	lines    []string         // all command lines; guarded by mu
	ended    int              // commands that were told to end; guarded by mu
	let      map[string]bool  // connections that were let in; guarded by mu
	ids      int              // guarded by mu
}

// A call is a command in a shell.
type call struct {
	shell     string // id of the shell that it runs in
	line, dir string
	env       map[string]string
	stopped   chan struct{}
	done      chan struct{}
	stdout    string
	stderr    string
	code      int
	asked     int
}

const (
	user     = `NIGHT\ann`
	password = "pässwörd"
)

func newMachine(t testing.TB, command func(*machine, *call) (string, string, int)) *machine {
	m := &machine{t: t, ntlm: true, command: command, shells: map[string]*call{}, commands: map[string]*call{}, let: map[string]bool{}}
	m.server = httptest.NewServer(m)
	t.Cleanup(m.server.Close)
	return m
}

// request is what clients send, as far as it matters here.
type request struct {
	Header struct {
		Action   string `xml:"Action"`
		Resource string `xml:"ResourceURI"`
		Message  string `xml:"MessageID"`
		Selector string `xml:"SelectorSet>Selector"`
		Options  []struct {
			Name string `xml:"Name,attr"`
			Text string `xml:",chardata"`
		} `xml:"OptionSet>Option"`
	} `xml:"Header"`
	Body struct {
		Shell struct {
			Dir string `xml:"WorkingDirectory"`
			Env []struct {
				Name string `xml:"Name,attr"`
				Text string `xml:",chardata"`
			} `xml:"Environment>Variable"`
		} `xml:"Shell"`
		Command string `xml:"CommandLine>Command"`
		Stream  struct {
			Command string `xml:"CommandId,attr"`
		} `xml:"Receive>DesiredStream"`
		Signal struct {
			Command string `xml:"CommandId,attr"`
			Code    string `xml:"Code"`
		} `xml:"Signal"`
	} `xml:"Body"`
}

func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !m.letIn(w, r) {
		return
	}
	body, err := io.ReadAll(r.Body)
	var req request
	if err != nil || xml.Unmarshal(body, &req) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !strings.HasPrefix(req.Header.Message, "uuid:") || req.Header.Resource != "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd" {
		m.t.Errorf("not a message that Windows takes: %s", body)
	}
	switch action := req.Header.Action; action[strings.LastIndexByte(action, '/')+1:] {
	case "Create":
		m.create(w, &req)
	case "Command":
		m.run(w, &req)
	case "Receive":
		m.receive(w, r, &req)
	case "Signal":
		m.mu.Lock()
		if c := m.commands[req.Body.Signal.Command]; c != nil && strings.HasSuffix(req.Body.Signal.Code, "/signal/terminate") {
			m.ended++
			close(c.stopped)
			delete(m.commands, req.Body.Signal.Command)
		}
		m.mu.Unlock()
		answer(w, http.StatusOK, `<rsp:SignalResponse/>`)
	case "Delete":
		m.mu.Lock()
		delete(m.shells, req.Header.Selector)
		for id, c := range m.commands { // they end with it
			if c.shell == req.Header.Selector {
				close(c.stopped)
				delete(m.commands, id)
			}
		}
		m.mu.Unlock()
		answer(w, http.StatusOK, ``)
	default:
		fault(w, "2150858752", "wsman:InvalidAction", "there is no such action")
	}
}

func (m *machine) id(prefix string) string {
	m.ids++
	return fmt.Sprintf("%s-67A74734-DD32-4F10-89DE-%012X", prefix, m.ids)
}

func (m *machine) create(w http.ResponseWriter, req *request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &call{dir: req.Body.Shell.Dir, env: map[string]string{}}
	for _, v := range req.Body.Shell.Env {
		c.env[v.Name] = v.Text
	}
	id := m.id("S")
	m.shells[id] = c
	answer(w, http.StatusOK, `<x:ResourceCreated xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer">`+
		`<a:Address>http://127.0.0.1:5985/wsman</a:Address><a:ReferenceParameters>`+
		`<w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd</w:ResourceURI>`+
		`<w:SelectorSet><w:Selector Name="ShellId">`+id+`</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`)
}

func (m *machine) run(w http.ResponseWriter, req *request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	shell := m.shells[req.Header.Selector]
	if shell == nil {
		fault(w, "2150858843", "w:InvalidSelectors", "The request contained invalid selectors for the resource.")
		return
	}
	c := &call{shell: req.Header.Selector, line: req.Body.Command, dir: shell.dir, env: shell.env, stopped: make(chan struct{}), done: make(chan struct{})}
	id := m.id("C")
	m.commands[id] = c
	m.lines = append(m.lines, c.line)
	go func() {
		defer close(c.done)
		c.stdout, c.stderr, c.code = m.command(m, c)
	}()
	answer(w, http.StatusOK, `<rsp:CommandResponse><rsp:CommandId>`+id+`</rsp:CommandId></rsp:CommandResponse>`)
}

func (m *machine) receive(w http.ResponseWriter, r *http.Request, req *request) {
	m.mu.Lock()
	id := req.Body.Stream.Command
	c := m.commands[id]
	if c == nil {
		m.mu.Unlock()
		fault(w, "2150858843", "w:InvalidSelectors", "There is no such command.")
		return
	}
	c.asked++
	asked := c.asked
	m.mu.Unlock()
	if asked == 1 { // as when nothing happens within the time that the client gives
		fault(w, "2150858793", "w:TimedOut", "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.")
		return
	}
	select {
	case <-c.done:
	case <-r.Context().Done():
		return
	}
	stream := func(name, text string) string {
		if text == "" {
			return ""
		}
		return fmt.Sprintf(`<rsp:Stream Name="%s" CommandId="%s">%s</rsp:Stream>`, name, id, base64.StdEncoding.EncodeToString([]byte(text)))
	}
	half := len(c.stdout) / 2 // it may be in the middle of a character
	const state = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/"
	if asked == 2 {
		answer(w, http.StatusOK, fmt.Sprintf(`<rsp:ReceiveResponse>%s<rsp:CommandState CommandId="%s" State="%sRunning"/></rsp:ReceiveResponse>`,
			stream("stdout", c.stdout[:half]), id, state))
		return
	}
	answer(w, http.StatusOK, fmt.Sprintf(`<rsp:ReceiveResponse>%s%s<rsp:Stream Name="stdout" CommandId="%s" End="true"></rsp:Stream>`+
		`<rsp:CommandState CommandId="%s" State="%sDone"><rsp:ExitCode>%d</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>`,
		stream("stdout", c.stdout[half:]), stream("stderr", c.stderr), id, id, state, c.code))
}

const envelope = `<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
	` xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">` +
	`<s:Header><a:RelatesTo>uuid:1</a:RelatesTo></s:Header><s:Body>%s</s:Body></s:Envelope>`

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, envelope, body)
}

func fault(w http.ResponseWriter, code, subcode, text string) {
	answer(w, http.StatusInternalServerError, fmt.Sprintf(`<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>%s</s:Value></s:Subcode></s:Code>`+
		`<s:Reason><s:Text xml:lang="en-US">%s</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"`+
		` Code="%s" Machine="127.0.0.1"><f:Message>%s</f:Message></f:WSManFault></s:Detail></s:Fault>`, subcode, text, code, text))
}

// challenge is what an NTLM server asks with: a message of type 2 that offers
// Unicode and extended session security, with a domain and an end of its target info.
func challenge() []byte {
	const flags = 0x00000001 | 0x00000004 | 0x00000200 | 0x00080000 | 0x00800000 | 0x20000000
	name := utf16le("NIGHT")
	var info bytes.Buffer
	put := func(kind uint16, data []byte) {
		_ = binary.Write(&info, binary.LittleEndian, []uint16{kind, uint16(len(data))})
		info.Write(data)
	}
	put(2, name)
	put(0, nil)
	var b bytes.Buffer
	b.WriteString("NTLMSSP\x00")
	le := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	const head = 56
	le(uint32(2))
	le([]uint16{uint16(len(name)), uint16(len(name))})
	le(uint32(head))
	le(uint32(flags))
	b.WriteString("01234567") // the challenge
	le(uint64(0))
	le([]uint16{uint16(info.Len()), uint16(info.Len())})
	le(uint32(head + len(name)))
	le(uint64(0)) // version
	b.Write(name)
	b.Write(info.Bytes())
	return b.Bytes()
}

func utf16le(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// proves reports whether a message of type 3 answers the challenge with the user's
// password.
func proves(message []byte) bool {
	field := func(at int) []byte {
		if len(message) < at+8 {
			return nil
		}
		n, from := int(binary.LittleEndian.Uint16(message[at:])), int(binary.LittleEndian.Uint32(message[at+4:]))
		if from+n > len(message) {
			return nil
		}
		return message[from : from+n]
	}
	response, domain, name := field(20), field(28), field(36)
	if len(response) < 16 || !bytes.Equal(name, utf16le("ann")) || !bytes.Equal(domain, utf16le("NIGHT")) {
		return false
	}
	hash := md4.New()
	hash.Write(utf16le(password))
	key := hmac.New(md5.New, hash.Sum(nil))
	key.Write(utf16le("ANN"))
	key.Write(domain)
	proof := hmac.New(md5.New, key.Sum(nil))
	proof.Write([]byte("01234567"))
	proof.Write(response[16:])
	return hmac.Equal(proof.Sum(nil), response[:16])
}

// letIn does what a server does to let connections in.
func (m *machine) letIn(w http.ResponseWriter, r *http.Request) bool {
	deny := func(how string) bool {
		w.Header().Set("WWW-Authenticate", how)
		w.WriteHeader(http.StatusUnauthorized)
		return false
	}
	if m.cert != nil {
		const mutual = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
		shown := r.TLS.PeerCertificates
		if r.Header.Get("Authorization") != mutual || len(shown) == 0 || !bytes.Equal(shown[0].Raw, m.cert) {
			return deny(mutual)
		}
		return true
	}
	if !m.ntlm {
		name, given, ok := r.BasicAuth()
		if !ok || name != user || given != password {
			return deny(`Basic realm="WSMAN"`)
		}
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.let[r.RemoteAddr] {
		return true
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Negotiate ")
	data, err := base64.StdEncoding.DecodeString(token)
	switch {
	case !ok || err != nil || len(data) < 12:
		return deny("Negotiate")
	case data[8] == 1:
		return deny("Negotiate " + base64.StdEncoding.EncodeToString(challenge()))
	case !proves(data):
		return deny("Negotiate")
	}
	m.let[r.RemoteAddr] = true
	return true
}
