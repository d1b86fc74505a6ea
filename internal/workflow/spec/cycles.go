package spec

// Components returns for each node of a graph which strongly connected component
// it is in: two nodes are in the same if each leads to the other. It is Tarjan's
// algorithm with a stack of its own, since a chain may be as long as a text allows.
func Components(edges [][]int32) []int32 {
	n := len(edges)
	var (
		component = make([]int32, n)
		low       = make([]int32, n) // 0: not seen
		onStack   = make([]bool, n)
		stack     []int32
		path      []frame
		seen      int32
		found     int32
	)
	enter := func(v int32) {
		seen++
		low[v] = seen
		onStack[v] = true
		stack = append(stack, v)
		path = append(path, frame{v: v, index: seen})
	}
	for root := range edges {
		if low[root] != 0 {
			continue
		}
		enter(int32(root)) //nolint:gosec // places are int32
		for len(path) > 0 {
			f := &path[len(path)-1]
			if f.edge < len(edges[f.v]) {
				to := edges[f.v][f.edge]
				f.edge++
				switch {
				case low[to] == 0:
					enter(to)
				case onStack[to]:
					low[f.v] = min(low[f.v], low[to])
				}
				continue
			}
			v, index := f.v, f.index
			path = path[:len(path)-1]
			if len(path) > 0 {
				up := path[len(path)-1].v
				low[up] = min(low[up], low[v])
			}
			if low[v] != index {
				continue
			}
			for {
				w := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				onStack[w] = false
				component[w] = found
				if w == v {
					break
				}
			}
			found++
		}
	}
	return component
}

// frame is a node on the way from a root to where the search is.
type frame struct {
	v, index int32
	edge     int // to follow next
}

// OnCycle returns for each node of a graph with these components whether it leads
// back to itself.
func OnCycle(edges [][]int32, component []int32) []bool {
	size := make([]int, len(edges)) // by component
	for _, c := range component {
		size[c]++
	}
	on := make([]bool, len(edges))
	for v, to := range edges {
		on[v] = size[component[v]] > 1
		for _, w := range to {
			on[v] = on[v] || int(w) == v
		}
	}
	return on
}
