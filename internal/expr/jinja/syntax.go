package jinja

import (
	"slices"
	"strings"
)

// Syntax says how templates are written. An empty text is Jinja's default for
// it, except for the prefixes, where it means that there is no such thing.
type Syntax struct {
	BlockStart, BlockEnd       string // {% and %}
	VariableStart, VariableEnd string // {{ and }}
	CommentStart, CommentEnd   string // {# and #}
	LineStatementPrefix        string
	LineCommentPrefix          string

	TrimBlocks          bool   // drop the first newline after a block
	LstripBlocks        bool   // drop white space before a block up to the start of the line
	KeepTrailingNewline bool   // keep a newline at the end of the template
	Newline             string // what a line ends with in the output; "\n"
}

func (s *Syntax) fill() {
	for _, d := range []struct {
		field *string
		text  string
	}{
		{&s.BlockStart, "{%"},
		{&s.BlockEnd, "%}"},
		{&s.VariableStart, "{{"},
		{&s.VariableEnd, "}}"},
		{&s.CommentStart, "{#"},
		{&s.CommentEnd, "#}"},
		{&s.Newline, "\n"},
	} {
		if *d.field == "" {
			*d.field = d.text
		}
	}
}

// opening is something that ends plain text.
type opening uint8

const (
	openBlock opening = iota
	openVariable
	openComment
	openLineStatement
	openLineComment
)

// delimiter is one way in which plain text can end.
type delimiter struct {
	text string
	kind opening
}

// delimiters returns all ways, the longest first: of <? and <?= the longer one
// counts.
func (s *Syntax) delimiters() []delimiter {
	all := []delimiter{
		{s.CommentStart, openComment},
		{s.BlockStart, openBlock},
		{s.VariableStart, openVariable},
	}
	if s.LineStatementPrefix != "" {
		all = append(all, delimiter{s.LineStatementPrefix, openLineStatement})
	}
	if s.LineCommentPrefix != "" {
		all = append(all, delimiter{s.LineCommentPrefix, openLineComment})
	}
	slices.SortStableFunc(all, func(a, b delimiter) int { return len(b.text) - len(a.text) })
	return all
}

// firsts returns the bytes with which something can begin that is no plain text.
// White space may come before line statements and comments.
func (s *Syntax) firsts() string {
	set := s.BlockStart[:1] + s.VariableStart[:1] + s.CommentStart[:1]
	if s.LineStatementPrefix != "" || s.LineCommentPrefix != "" {
		set += " \t\v\f" + (s.LineStatementPrefix + "#")[:1] + (s.LineCommentPrefix + "#")[:1]
	}
	return set
}

// normalize makes all newlines \n and drops the last one unless it is kept.
func (s *Syntax) normalize(source string) string {
	if strings.IndexByte(source, '\r') >= 0 {
		source = strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
	}
	if !s.KeepTrailingNewline {
		source = strings.TrimSuffix(source, "\n")
	}
	return source
}
