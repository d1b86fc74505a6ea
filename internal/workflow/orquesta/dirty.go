package orquesta

// dirty is what has changed since the state was saved.
type dirty struct {
	head, output bool
	context      []int
	routeN       []int
	entryN       map[int]*entry
	stagedN      map[int64]*staged // nil: it is gone
	goneN        []*staged
	arrivalN     []arrived
	itemN        map[itemKey]*items
	errorN, logN map[int]bool
}

// arrived is what has come to something that was staged before.
type arrived struct {
	s   *staged
	n   int
	row arrivalRow
}

type itemKey struct {
	batch int64
	n     int
}

func newDirty() dirty {
	return dirty{
		entryN: map[int]*entry{}, stagedN: map[int64]*staged{}, itemN: map[itemKey]*items{},
		errorN: map[int]bool{}, logN: map[int]bool{},
	}
}

func (d *dirty) contexts(n int)   { d.context = append(d.context, n) }
func (d *dirty) routes(n int)     { d.routeN = append(d.routeN, n) }
func (d *dirty) entry(e *entry)   { d.entryN[e.n] = e }
func (d *dirty) staged(s *staged) { d.stagedN[s.n] = s }
func (d *dirty) unstaged(s *staged) {
	d.stagedN[s.n] = nil
	d.goneN = append(d.goneN, s)
}
func (d *dirty) item(x *items, n int) { d.itemN[itemKey{x.batch, n}] = x }
func (d *dirty) errors(n int)         { d.errorN[n] = true }
func (d *dirty) logs(n int)           { d.logN[n] = true }

// arrival keeps what has come to a staged task, so that all that came before need
// not be written again.
func (d *dirty) arrival(s *staged, row arrivalRow) {
	d.arrivalN = append(d.arrivalN, arrived{s, s.arrivals, row})
	s.arrivals++
}
