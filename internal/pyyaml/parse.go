package pyyaml

import (
	"slices"
	"strings"
)

type nodeKind uint8

const (
	scalarNode nodeKind = iota
	sequenceNode
	mappingNode
)

func (k nodeKind) String() string {
	switch k {
	case scalarNode:
		return "a single value"
	case sequenceNode:
		return "a list"
	case mappingNode:
		return "a mapping"
	}
	return "something unknown"
}

// node is a value as it is written. An alias is the very node that it names.
type node struct {
	kind  nodeKind
	at    mark
	tag   string // "" when the value says itself what it is
	text  string // of a scalar
	plain bool   // a scalar without quotes
	items []*node
	open  bool // its end was not read yet

	built bool
	val   any
	size  int         // how many values it is, aliases counted each time
	index map[any]int // of a large mapping that was asked for places: where keys are in items
}

// parser makes nodes of tokens.
type parser struct {
	scan    scanner
	anchors map[string]*node
	handles map[string]string
	depth   int
	nodes   int
}

const yamlTag = "tag:yaml.org,2002:"

// document reads the only document; nil when there is none.
func (p *parser) document() (*node, error) {
	t, err := p.scan.peek()
	if err != nil || t.kind == streamEnd {
		return nil, err
	}
	p.handles = map[string]string{"!": "!", "!!": yamlTag}
	began := t.at
	explicit := t.kind == directive || t.kind == documentStart
	if explicit {
		if err := p.directives(); err != nil {
			return nil, err
		}
	}
	var root *node
	t, err = p.scan.peek()
	if err != nil {
		return nil, err
	}
	if explicit && (t.kind == directive || t.kind == documentStart || t.kind == documentEnd || t.kind == streamEnd) {
		root = p.empty(t.at)
	} else if root, err = p.node(true, false); err != nil {
		return nil, err
	}
	t, err = p.skipEnds()
	switch {
	case err != nil:
		return nil, err
	case t.kind == streamEnd:
		return root, nil
	case t.kind == documentStart || t.kind == directive:
		return nil, t.at.errorf("a second document begins here, after the one of line %d; there is one to a file", began.line+1)
	}
	return nil, t.at.errorf("%s does not belong to the value that begins in line %d", t.kind, root.at.line+1)
}

func (p *parser) skipEnds() (*token, error) {
	for {
		t, err := p.scan.peek()
		if err != nil || t.kind != documentEnd {
			return t, err
		}
		if _, err := p.scan.take(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) directives() error {
	for {
		t, err := p.scan.take()
		if err != nil {
			return err
		}
		switch {
		case t.kind == documentStart:
			return nil
		case t.kind != directive:
			return t.at.errorf("expected '---' after the directives, but found %s", t.kind)
		case t.text == "YAML":
			if !strings.HasPrefix(t.suffix, "1.") {
				return t.at.errorf("YAML %s is not known; this reads YAML 1.1", t.suffix)
			}
		case t.text == "TAG":
			fields := strings.Fields(t.suffix)
			if len(fields) != 2 || !strings.HasPrefix(fields[0], "!") || !strings.HasSuffix(fields[0], "!") {
				return t.at.errorf("%%TAG is followed by a handle such as !x! and a prefix")
			}
			p.handles[fields[0]] = fields[1]
		}
	}
}

func (p *parser) empty(at mark) *node { return &node{at: at, plain: true} }

// is reports whether the next token is of one of kinds.
func (p *parser) is(kinds ...tokenKind) (bool, error) {
	t, err := p.scan.peek()
	if err != nil {
		return false, err
	}
	return slices.Contains(kinds, t.kind), nil
}

// node reads a value. In a block, block collections are allowed; indentless, a
// list may stand in the column of the key that it belongs to.
func (p *parser) node(block, indentless bool) (*node, error) {
	t, err := p.scan.peek()
	if err != nil {
		return nil, err
	}
	if t.kind == aliasToken {
		return p.alias()
	}
	n := &node{at: t.at, plain: true}
	anchor, tagged, err := p.properties(n)
	if err != nil {
		return nil, err
	}
	if p.nodes++; p.nodes > maxValues {
		return nil, n.at.errorf("more than %d values in one document", maxValues)
	}
	if p.depth++; p.depth > 2*maxDepth {
		return nil, n.at.errorf("more than %d collections inside each other", 2*maxDepth)
	}
	defer func() { p.depth-- }()
	if anchor != "" {
		if first, ok := p.anchors[anchor]; ok {
			return nil, n.at.errorf("the anchor &%s is there already, in line %d", anchor, first.at.line+1)
		}
		p.anchors[anchor] = n
	}
	n.open = true
	err = p.content(n, block, indentless, anchor != "" || tagged)
	n.open = false
	return n, err
}

func (p *parser) alias() (*node, error) {
	t, err := p.scan.take()
	if err != nil {
		return nil, err
	}
	n, ok := p.anchors[t.text]
	switch {
	case !ok:
		return nil, t.at.errorf("there is no anchor &%s before this alias; a text that begins with '*' needs quotes", t.text)
	case n.open:
		return nil, t.at.errorf("the alias *%s stands inside of what it names", t.text)
	}
	return n, nil
}

// properties reads the anchor and the tag before a value.
func (p *parser) properties(n *node) (anchor string, tagged bool, err error) {
	for {
		t, err := p.scan.peek()
		if err != nil {
			return "", false, err
		}
		switch {
		case t.kind == anchorToken && anchor == "":
			anchor = t.text
		case t.kind == tagToken && !tagged:
			tagged = true
			if n.tag, err = p.resolveTag(t); err != nil {
				return "", false, err
			}
		default:
			return anchor, tagged, nil
		}
		if _, err := p.scan.take(); err != nil {
			return "", false, err
		}
	}
}

func (p *parser) resolveTag(t *token) (string, error) {
	if t.text == "" {
		return t.suffix, nil
	}
	prefix, ok := p.handles[t.text]
	if !ok {
		return "", t.at.errorf("there is no tag handle %s", t.text)
	}
	return prefix + t.suffix, nil
}

func (p *parser) content(n *node, block, indentless, empty bool) error {
	t, err := p.scan.peek()
	if err != nil {
		return err
	}
	switch t.kind {
	case blockEntry:
		if indentless {
			n.kind, n.at = sequenceNode, t.at
			return p.indentlessSequence(n)
		}
	case scalarToken:
		n.text, n.at = t.text, t.at
		// The tag "!" takes the quotes away, so to speak.
		n.plain = t.plain && n.tag == "" || n.tag == "!"
		_, err = p.scan.take()
		return err
	case flowSequenceStart:
		n.kind, n.at = sequenceNode, t.at
		return p.flowSequence(n)
	case flowMappingStart:
		n.kind, n.at = mappingNode, t.at
		return p.flowMapping(n)
	case blockSequenceStart:
		if block {
			n.kind, n.at = sequenceNode, t.at
			return p.blockSequence(n)
		}
	case blockMappingStart:
		if block {
			n.kind, n.at = mappingNode, t.at
			return p.blockMapping(n)
		}
	default: // nothing that a value begins with
	}
	if empty {
		n.plain = n.tag == ""
		return nil
	}
	return t.at.errorf("expected a value, but found %s", t.kind)
}
