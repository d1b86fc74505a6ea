package jinja

// kind is the kind of a token.
type kind uint8

const (
	tokEOF kind = iota
	tokData
	tokVarBegin
	tokVarEnd
	tokBlockBegin
	tokBlockEnd
	tokName
	tokString
	tokInt
	tokFloat
	tokOp    // an operator or a bracket; the text tells which
	tokError // what follows cannot be read; the text says why
)

// token is a piece of a template. Its text is that of the source, except for
// strings, where escapes have been resolved, and for data and errors.
type token struct {
	kind kind
	text string
	pos  int // offset in the source
}

// describe names the token in messages.
func (t token) describe() string { return "'" + t.what() + "'" }

func (t token) what() string {
	switch t.kind {
	case tokEOF:
		return "end of template"
	case tokData:
		return "template data / text"
	case tokVarBegin:
		return "begin of print statement"
	case tokVarEnd:
		return "end of print statement"
	case tokBlockBegin:
		return "begin of statement block"
	case tokBlockEnd:
		return "end of statement block"
	case tokString:
		return "string"
	case tokInt:
		return "integer"
	case tokFloat:
		return "float"
	default:
		return t.text
	}
}

// is reports whether t is the operator.
func (t token) is(op string) bool { return t.kind == tokOp && t.text == op }

// named reports whether t is the name.
func (t token) named(name string) bool { return t.kind == tokName && t.text == name }
