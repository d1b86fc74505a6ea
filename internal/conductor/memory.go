package conductor

import (
	"container/list"
	"sync"
)

// memory keeps workflows that wait, so that they need not be made anew from their
// rows. Who works on one takes it out; so the memory may forget any that is in it,
// and forgets those that have waited the longest.
type memory struct {
	size int

	mu    sync.Mutex
	order *list.List               // of *carried, the latest first; guarded by mu
	by    map[string]*list.Element // by the execution; guarded by mu
}

func newMemory(size int) *memory {
	return &memory{size: size, order: list.New(), by: map[string]*list.Element{}}
}

// take returns a workflow and forgets it; nil when it is not there.
func (m *memory) take(id string) *carried {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.by[id]
	if e == nil {
		return nil
	}
	delete(m.by, id)
	return m.order.Remove(e).(*carried)
}

// put keeps a workflow.
func (m *memory) put(w *carried) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.by[w.exec.ID] = m.order.PushFront(w)
	if m.order.Len() > m.size {
		oldest := m.order.Remove(m.order.Back()).(*carried)
		delete(m.by, oldest.exec.ID)
	}
}
