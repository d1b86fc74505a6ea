package pyre

import "slices"

// Anchors reports whether a pattern says somewhere that the text starts, and that
// it ends: with ^ or \A, with $ or \Z, in a group or an alternative too, but not in what is
// repeated, looked ahead or behind for.
func Anchors(pattern string, flags Flags) (start, end bool, err error) {
	t, err := parse(pattern, flags)
	if err != nil {
		return false, false, err
	}
	return t.root.asserts(textStart, lineStart), t.root.asserts(textEnd, textEndOrLast, lineEnd), nil
}

func (n *node) asserts(places ...place) bool {
	switch n.kind {
	case nodeAssert:
		return slices.Contains(places, n.place)
	case nodeConcat, nodeBranch, nodeCapture:
		return slices.ContainsFunc(n.subs, func(sub *node) bool { return sub.asserts(places...) })
	default:
		return false
	}
}
