package pyyaml

// take skips the next token, whose kind is known.
func (p *parser) take() error {
	_, err := p.scan.take()
	return err
}

// nodeUnless reads a value, or an empty one if the next token is one of kinds.
func (p *parser) nodeUnless(block, indentless bool, kinds ...tokenKind) (*node, error) {
	empty, err := p.is(kinds...)
	if err != nil {
		return nil, err
	}
	if empty {
		t, err := p.scan.peek()
		if err != nil {
			return nil, err
		}
		return p.empty(t.at), nil
	}
	return p.node(block, indentless)
}

func (p *parser) blockSequence(n *node) error {
	if err := p.take(); err != nil {
		return err
	}
	if err := p.entries(n, blockEntry, blockEnd); err != nil {
		return err
	}
	t, err := p.scan.take()
	if err == nil && t.kind != blockEnd {
		return t.at.errorf("%s does not belong to the list of line %d; is it indented as its neighbours are?", t.kind, n.at.line+1)
	}
	return err
}

func (p *parser) indentlessSequence(n *node) error {
	return p.entries(n, blockEntry, keyMark, valueMark, blockEnd)
}

// entries reads the entries of a list in a block. An entry is empty if one of
// ends follows.
func (p *parser) entries(n *node, ends ...tokenKind) error {
	for {
		more, err := p.is(blockEntry)
		if err != nil || !more {
			return err
		}
		t, err := p.scan.take()
		if err != nil {
			return err
		}
		item, err := p.nodeUnless(true, false, ends...)
		if err != nil {
			return err
		}
		if item.kind == scalarNode && item.text == "" && item.plain && item.tag == "" {
			item.at = t.at // an empty entry is where its '-' is
		}
		n.items = append(n.items, item)
	}
}

func (p *parser) blockMapping(n *node) error {
	if err := p.take(); err != nil {
		return err
	}
	for {
		t, err := p.scan.peek()
		if err != nil {
			return err
		}
		var key *node
		switch t.kind {
		case blockEnd:
			return p.take()
		case keyMark:
			if err := p.take(); err != nil {
				return err
			}
			if key, err = p.nodeUnless(true, true, keyMark, valueMark, blockEnd); err != nil {
				return err
			}
		case valueMark:
			return t.at.errorf("there is no key before this ':'")
		default:
			return t.at.errorf("%s does not belong to the mapping of line %d; is it indented as its neighbours are?", t.kind, n.at.line+1)
		}
		val := p.empty(key.at)
		has, err := p.is(valueMark)
		if err != nil {
			return err
		}
		if has {
			t, err := p.scan.take()
			if err != nil {
				return err
			}
			if val, err = p.nodeUnless(true, true, keyMark, valueMark, blockEnd); err != nil {
				return err
			}
			if val.kind == scalarNode && val.text == "" && val.plain && val.tag == "" {
				val.at = t.at // an empty value is where its ':' is
			}
		}
		n.items = append(n.items, key, val)
	}
}

func (p *parser) flowSequence(n *node) error {
	if err := p.take(); err != nil {
		return err
	}
	for {
		end, err := p.separator(n, flowSequenceEnd)
		if err != nil || end {
			return err
		}
		single, err := p.is(keyMark)
		if err != nil {
			return err
		}
		var item *node
		if single {
			item, err = p.singlePair()
		} else {
			item, err = p.node(false, false)
		}
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
}

// singlePair reads a mapping of one key inside of a list: [a: 1].
func (p *parser) singlePair() (*node, error) {
	t, err := p.scan.take()
	if err != nil {
		return nil, err
	}
	pair := &node{kind: mappingNode, at: t.at}
	key, err := p.nodeUnless(false, false, valueMark, flowEntry, flowSequenceEnd)
	if err != nil {
		return nil, err
	}
	val, err := p.flowValue(key, flowSequenceEnd)
	pair.items = []*node{key, val}
	return pair, err
}

func (p *parser) flowMapping(n *node) error {
	if err := p.take(); err != nil {
		return err
	}
	for {
		end, err := p.separator(n, flowMappingEnd)
		if err != nil || end {
			return err
		}
		marked, err := p.is(keyMark)
		if err != nil {
			return err
		}
		var key, val *node
		if marked {
			if err := p.take(); err != nil {
				return err
			}
			if key, err = p.nodeUnless(false, false, valueMark, flowEntry, flowMappingEnd); err != nil {
				return err
			}
			if val, err = p.flowValue(key, flowMappingEnd); err != nil {
				return err
			}
		} else {
			if key, err = p.node(false, false); err != nil {
				return err
			}
			val = p.empty(key.at)
		}
		n.items = append(n.items, key, val)
	}
}

func (p *parser) flowValue(key *node, end tokenKind) (*node, error) {
	has, err := p.is(valueMark)
	if err != nil {
		return nil, err
	}
	if !has {
		return p.empty(key.at), nil
	}
	if err := p.take(); err != nil {
		return nil, err
	}
	return p.nodeUnless(false, false, flowEntry, end)
}

// separator skips the comma between entries in brackets, and reports whether
// the bracket closed.
func (p *parser) separator(n *node, end tokenKind) (closed bool, err error) {
	t, err := p.scan.peek()
	if err != nil {
		return false, err
	}
	if t.kind == end {
		return true, p.take()
	}
	if t.kind == streamEnd {
		return false, n.at.errorf("there is no %s that ends this", end)
	}
	if len(n.items) == 0 {
		return false, nil
	}
	if t.kind != flowEntry {
		return false, t.at.errorf("expected ',' or %s, but found %s; the bracket was opened in line %d", end, t.kind, n.at.line+1)
	}
	if err := p.take(); err != nil {
		return false, err
	}
	closed, err = p.is(end)
	if err == nil && closed {
		err = p.take()
	}
	return closed, err
}
