package expr

import "strings"

// find returns the expressions between two delimiters in a text. It is what the
// pattern open.*?end finds: nothing over the end of a line, and each up to the
// first end.
func find(text, open, end string) []string {
	var found []string
	for {
		i := strings.Index(text, open)
		if i < 0 {
			return found
		}
		rest := text[i+len(open):]
		stop := strings.Index(rest, end)
		if stop < 0 {
			return found
		}
		if line := strings.IndexByte(rest[:stop], '\n'); line >= 0 {
			text = rest[line:] // nothing that begins on this line ends on it
			continue
		}
		found = append(found, text[i:i+len(open)+stop+len(end)])
		text = rest[stop+len(end):]
	}
}

// has reports whether find would find anything.
func has(text, open, end string) bool {
	return strings.Contains(text, open) && len(find(text, open, end)) > 0
}

func findYaql(text string) []string { return find(text, "<%", "%>") }

func findJinja(text string) []string { return find(text, "{{", "}}") }

func findBlocks(text string) []string { return find(text, "{%", "%}") }

func hasYaql(text string) bool { return has(text, "<%", "%>") }

func hasJinja(text string) bool { return has(text, "{{", "}}") || has(text, "{%", "%}") }

// stripYaql returns an expression without its delimiters: without all characters of
// them at its ends, as the reference has it.
func stripYaql(s string) string { return strings.TrimSpace(strings.Trim(s, "<%>")) }

func stripJinja(s string) string { return strings.TrimSpace(strings.Trim(s, "{}")) }
