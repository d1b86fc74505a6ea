// Package draw draws workflows for people: their tasks, and the ways that lead from
// one to another, as text that Mermaid or Graphviz make a picture of.
//
// Ways that are taken on success are green, those on failure are red, and others are
// named by their condition. What a task waits for, repeats or runs for each item is
// written into it. Drawing costs as much as the workflow is long.
package draw

import (
	"strings"
	"unicode/utf8"
)

// Graph is what is drawn.
type Graph struct {
	Nodes []Node
	Edges []Edge
}

// Node is a task, or what stands for one at the end of a way.
type Node struct {
	Name  string
	Lines []string // below the name
	Shape Shape
	Start bool // the workflow begins here, perhaps among other tasks
}

// Shape says what kind of thing a node is.
type Shape int

// The shapes of nodes.
const (
	Task    Shape = iota
	Join          // waits for several ways
	Items         // runs for each item
	End           // a command of the engine, such as noop or fail
	Missing       // a way leads to it and there is none
	Unused        // no way leads to it from the start
)

// Edge is a way from one node to another.
type Edge struct {
	From, To string
	Color    Color
	Label    string // a condition; may be empty
	Again    bool   // the task is run again
}

// Color says when a way is taken.
type Color int

// The colors of edges.
const (
	Plain Color = iota // always, or on a condition that says neither
	Green              // on success
	Red                // on failure
)

// The colors as they are drawn, on a dark and on a light background.
const (
	green = "#2e9e44"
	red   = "#d6373c"
	gray  = "#8a8a8a"
)

func (c Color) code() string {
	switch c {
	case Green:
		return green
	case Red:
		return red
	case Plain:
	}
	return gray
}

const longest = 60 // characters of a line in a picture

// short returns a text as one line that fits into a picture.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= longest {
		return text
	}
	return string([]rune(text)[:longest-1]) + "…"
}

// places numbers the nodes, whose names may be anything.
func (g *Graph) places() map[string]int {
	places := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		places[n.Name] = i
	}
	return places
}
