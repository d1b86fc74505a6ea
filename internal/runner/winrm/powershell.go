package winrm

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

const (
	maxLine = 8191 // characters of a command line of Windows
	chunk   = 2048 // bytes of a file that are sent at a time: encoded twice they still fit
)

// encoded returns the command line that runs a text of PowerShell.
func encoded(text string) string {
	units := utf16.Encode([]rune(text))
	b := make([]byte, 2*len(units))
	for i, u := range units {
		binary.LittleEndian.PutUint16(b[2*i:], u)
	}
	return "powershell -encodedcommand " + base64.StdEncoding.EncodeToString(b)
}

// powershell runs a text of PowerShell with arguments. One that is too long for a
// command line is put into a file, which is removed again.
func (s *shell) powershell(ctx context.Context, text, args string, stdout, stderr func([]byte)) (int, error) {
	whole := text
	if args != "" {
		whole = "& {" + text + "} " + args
	}
	if line := encoded(whole); len(line) <= maxLine {
		return s.run(ctx, line, stdout, stderr)
	}
	file, err := s.put(ctx, []byte(text))
	if file != "" {
		defer s.remove(ctx, file)
	}
	if err != nil {
		return 0, fmt.Errorf("put the script into a file: %w", err)
	}
	// As a block the script does not depend on which files may be run.
	call := strings.TrimSpace("& ([scriptblock]::Create((Get-Content -Raw -Encoding UTF8 -LiteralPath " + single(file) + "))) " + args)
	line := encoded(call)
	if len(line) > maxLine {
		return 0, fmt.Errorf("the arguments of the script take %d characters, more than fit on a command line of Windows", len(args))
	}
	return s.run(ctx, line, stdout, stderr)
}

// put makes a file on the machine and returns its path.
func (s *shell) put(ctx context.Context, data []byte) (file string, err error) {
	file, err = s.say(ctx, "$p = Join-Path ([System.IO.Path]::GetTempPath()) ('nightshift-' + [guid]::NewGuid().ToString() + '.ps1'); "+
		"New-Item -ItemType File -Path $p | Out-Null; [Console]::Out.Write($p)")
	if err != nil {
		return "", err
	}
	if file = strings.TrimSpace(file); file == "" {
		return "", errors.New("the machine does not say where the file is")
	}
	for len(data) > 0 {
		n := min(chunk, len(data))
		_, err := s.say(ctx, fmt.Sprintf("$d = [Convert]::FromBase64String('%s'); $f = [IO.File]::Open(%s, 'Append'); "+
			"try { $f.Write($d, 0, $d.Length) } finally { $f.Close() }", base64.StdEncoding.EncodeToString(data[:n]), single(file)))
		if err != nil {
			return file, err
		}
		data = data[n:]
	}
	return file, nil
}

// remove removes a file, as far as that can be done: it is in the folder for
// temporary files.
func (s *shell) remove(ctx context.Context, file string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	_, _ = s.say(ctx, "Remove-Item -Force -LiteralPath "+single(file))
}

// say runs a text of PowerShell of our own and returns what it prints.
func (s *shell) say(ctx context.Context, text string) (string, error) {
	var out, errs bytes.Buffer
	e := &errorText{to: func(b []byte) { errs.Write(b) }}
	code, err := s.run(ctx, encoded("$ErrorActionPreference = 'Stop'; "+text), func(b []byte) { out.Write(b) }, e.add)
	e.end()
	if err == nil && code != 0 {
		err = fmt.Errorf("it ended with %d: %s", code, runner.Text(errs.Bytes()))
	}
	return runner.Text(out.Bytes()), err
}

// single is a text that PowerShell takes as it is.
func single(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// arguments are those of a script, as PowerShell reads them: named ones first.
func arguments(positional []string, named *value.Dict) string {
	var parts []string
	for name, v := range named.Texts() {
		parts = append(parts, name+" "+literal(v))
	}
	for _, arg := range positional {
		parts = append(parts, literal(arg))
	}
	return strings.Join(parts, " ")
}

// literal writes a value in the language of PowerShell.
func literal(v value.Value) string {
	switch v := v.(type) {
	case nil:
		return "$null"
	case bool:
		if v {
			return "$true"
		}
		return "$false"
	case string:
		return `"` + strings.NewReplacer("\n", "`n", "\r", "`r", "\t", "`t", "\a", "`a", "\b", "`b", "\f", "`f", "\v", "`v",
			`"`, "`\"", "'", "`'", "`", "``", "\x00", "`0", "$", "`$").Replace(v) + `"`
	case *value.List:
		items := make([]string, len(v.Items))
		for i, item := range v.Items {
			items[i] = literal(item)
		}
		return "@(" + strings.Join(items, ", ") + ")"
	case *value.Dict:
		var entries []string
		for k, item := range v.All() {
			entries = append(entries, literal(k)+" = "+literal(item))
		}
		return "@{" + strings.Join(entries, "; ") + "}"
	default:
		return value.Str(v)
	}
}

// errorText makes text of what PowerShell writes to stderr: serialized objects, of
// which the errors are for people and the reports of progress are not.
type errorText struct {
	to  func([]byte)
	all []byte
}

const clixml = "#< CLIXML"

func (e *errorText) add(piece []byte) {
	e.all = append(e.all, piece...)
	if n := min(len(e.all), len(clixml)); string(e.all[:n]) != clixml[:n] {
		e.to(e.all)
		e.all = nil
		return
	}
	if len(e.all) > runner.MaxKept { // it is not to be had as one piece
		e.to(e.all)
		e.all = nil
	}
}

func (e *errorText) end() {
	rest, ok := bytes.CutPrefix(e.all, []byte(clixml))
	if !ok {
		e.to(e.all)
		return
	}
	var b strings.Builder
	d := xml.NewDecoder(bytes.NewReader(rest))
	kind := ""
	for {
		token, err := d.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				e.to(e.all)
				return
			}
			break
		}
		switch token := token.(type) {
		case xml.StartElement:
			kind = ""
			for _, a := range token.Attr {
				if token.Name.Local == "S" && a.Name.Local == "S" {
					kind = a.Value
				}
			}
		case xml.CharData:
			if kind != "" {
				b.Write(token)
			}
		case xml.EndElement:
			kind = ""
		}
	}
	text := strings.NewReplacer("_x000D__x000A_", "\n", "_x000A_", "\n", "_x000D_", "\r", "_x0009_", "\t", "_x001B_", "\x1b").Replace(b.String())
	e.to([]byte(strings.TrimSpace(text)))
}
