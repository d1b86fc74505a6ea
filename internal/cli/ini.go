package cli

import "strings"

// ini is a file of sections with names and values, as Python's configparser
// reads them, with its lines kept so that writing changes nothing else.
type ini struct{ lines []string }

func parseINI(text string) *ini {
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == "" {
		return &ini{}
	}
	return &ini{lines: strings.Split(text, "\n")}
}

// each calls f with every name and value, and where it stands.
func (f *ini) each(visit func(i int, section, name, value string)) {
	section := ""
	for i, line := range f.lines {
		s := strings.TrimSpace(line)
		switch {
		case s == "" || s[0] == '#' || s[0] == ';':
		case s[0] == '[' && s[len(s)-1] == ']':
			section = s[1 : len(s)-1]
		default:
			at := strings.IndexAny(s, "=:")
			if at < 0 {
				continue
			}
			visit(i, section, strings.ToLower(strings.TrimSpace(s[:at])), strings.TrimSpace(s[at+1:]))
		}
	}
}

// get returns a value, or nothing. Of several the last one counts.
func (f *ini) get(section, name string) string {
	var found string
	f.each(func(_ int, s, n, v string) {
		if s == section && n == name {
			found = v
		}
	})
	return found
}

// set puts a value in its place, or at the end of its section.
func (f *ini) set(section, name, value string) {
	f.remove(section, name)
	end := -1
	for i, line := range f.lines {
		if strings.TrimSpace(line) == "["+section+"]" {
			end = i + 1
		}
	}
	line := name + " = " + value
	if end < 0 {
		if len(f.lines) > 0 {
			f.lines = append(f.lines, "")
		}
		f.lines = append(f.lines, "["+section+"]", line)
		return
	}
	for end < len(f.lines) && !strings.HasPrefix(strings.TrimSpace(f.lines[end]), "[") && strings.TrimSpace(f.lines[end]) != "" {
		end++
	}
	f.lines = append(f.lines[:end], append([]string{line}, f.lines[end:]...)...)
}

// remove takes a value out.
func (f *ini) remove(section, name string) {
	drop := map[int]bool{}
	f.each(func(i int, s, n, _ string) {
		if s == section && n == name {
			drop[i] = true
		}
	})
	kept := f.lines[:0:0]
	for i, line := range f.lines {
		if !drop[i] {
			kept = append(kept, line)
		}
	}
	f.lines = kept
}

func (f *ini) String() string {
	if len(f.lines) == 0 {
		return ""
	}
	return strings.Join(f.lines, "\n") + "\n"
}
