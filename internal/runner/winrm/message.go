package winrm

import (
	"bytes"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The actions of the protocol.
const (
	actCreate  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
	actDelete  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"
	actCommand = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command"
	actReceive = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive"
	actSignal  = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal"

	signalTerminate = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate"
	stateDone       = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"
)

// waitSeconds is how long a machine may wait for output before it says that there
// is none.
const waitSeconds = 20

// A message is one question to a machine.
type message struct {
	action  string
	shell   string // id; empty: there is none yet
	options [][2]string
	body    string // XML
}

const header = `<?xml version="1.0" encoding="UTF-8"?>` +
	`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
	` xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"` +
	` xmlns:r="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header>` +
	`<a:To>%s</a:To>` +
	`<a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>` +
	`<a:Action s:mustUnderstand="true">%s</a:Action><a:MessageID>uuid:%s</a:MessageID>` +
	`<w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd</w:ResourceURI>` +
	`<w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize><w:OperationTimeout>PT%dS</w:OperationTimeout>` +
	`<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>`

// bytes returns the message for a machine at a URL.
func (m message) bytes(url string) []byte {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	var b bytes.Buffer
	fmt.Fprintf(&b, header, escape(url), m.action, fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]), waitSeconds)
	if m.shell != "" {
		fmt.Fprintf(&b, `<w:SelectorSet><w:Selector Name="ShellId">%s</w:Selector></w:SelectorSet>`, escape(m.shell))
	}
	if len(m.options) > 0 {
		b.WriteString("<w:OptionSet>")
		for _, o := range m.options {
			fmt.Fprintf(&b, `<w:Option Name="%s">%s</w:Option>`, o[0], o[1])
		}
		b.WriteString("</w:OptionSet>")
	}
	b.WriteString("</s:Header><s:Body>" + m.body + "</s:Body></s:Envelope>")
	return b.Bytes()
}

// create asks for a shell whose programs print UTF-8.
func create(env map[string]string, dir string) message {
	var body strings.Builder
	body.WriteString("<r:Shell>")
	if dir != "" {
		body.WriteString("<r:WorkingDirectory>" + escape(dir) + "</r:WorkingDirectory>")
	}
	if len(env) > 0 {
		body.WriteString("<r:Environment>")
		for _, name := range slices.Sorted(maps.Keys(env)) {
			fmt.Fprintf(&body, `<r:Variable Name="%s">%s</r:Variable>`, escape(name), escape(env[name]))
		}
		body.WriteString("</r:Environment>")
	}
	body.WriteString("<r:InputStreams>stdin</r:InputStreams><r:OutputStreams>stdout stderr</r:OutputStreams></r:Shell>")
	return message{
		action: actCreate, options: [][2]string{{"WINRS_NOPROFILE", "FALSE"}, {"WINRS_CODEPAGE", "65001"}}, body: body.String(),
	}
}

// command asks for a command in a shell.
func command(shell, line string) message {
	return message{
		action: actCommand, shell: shell, options: [][2]string{{"WINRS_CONSOLEMODE_STDIN", "TRUE"}, {"WINRS_SKIP_CMD_SHELL", "FALSE"}},
		body: "<r:CommandLine><r:Command>" + escape(line) + "</r:Command></r:CommandLine>",
	}
}

// receive asks for what a command has printed since, and whether it has ended.
func receive(shell, id string) message {
	return message{
		action: actReceive, shell: shell,
		body: fmt.Sprintf(`<r:Receive><r:DesiredStream CommandId="%s">stdout stderr</r:DesiredStream></r:Receive>`, escape(id)),
	}
}

// terminate ends a command.
func terminate(shell, id string) message {
	return message{
		action: actSignal, shell: shell,
		body: fmt.Sprintf(`<r:Signal CommandId="%s"><r:Code>%s</r:Code></r:Signal>`, escape(id), signalTerminate),
	}
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
