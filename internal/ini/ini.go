// Package ini edits files of sections with names and values, as Python's configparser
// reads them. Lines are kept, so that writing changes nothing else.
package ini

import "strings"

// File is such a file.
type File struct{ lines []string }

// Parse reads a file. What is none of a section, a name with a value or a comment
// stays where it is and means nothing.
func Parse(text string) *File {
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == "" {
		return &File{}
	}
	return &File{lines: strings.Split(text, "\n")}
}

// each calls f with every name and value, and where it stands.
func (f *File) each(visit func(i int, section, name, value string)) {
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

// Get returns a value, or nothing. Of several the last one counts.
func (f *File) Get(section, name string) string {
	var found string
	f.each(func(_ int, s, n, v string) {
		if s == section && n == name {
			found = v
		}
	})
	return found
}

// Set puts a value in its place, or at the end of its section.
func (f *File) Set(section, name, value string) {
	f.Remove(section, name)
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

// Remove takes a value out.
func (f *File) Remove(section, name string) {
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

// String returns the file.
func (f *File) String() string {
	if len(f.lines) == 0 {
		return ""
	}
	return strings.Join(f.lines, "\n") + "\n"
}
