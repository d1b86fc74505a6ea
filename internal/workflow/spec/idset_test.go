package spec

import (
	"maps"
	"testing"

	"pgregory.net/rapid"
)

func TestIDSetsAreLikeMaps(t *testing.T) {
	type both struct {
		set *idset
		all map[int32]bool
	}
	var sets idsets
	small := rapid.Int32Range(0, 40)
	rapid.Check(t, func(t *rapid.T) {
		made := []both{{nil, map[int32]bool{}}}
		pick := func(name string) both { return made[rapid.IntRange(0, len(made)-1).Draw(t, name)] }
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				b, id := pick("set"), small.Draw(t, "id")
				all := maps.Clone(b.all)
				all[id] = true
				made = append(made, both{sets.add(b.set, id), all})
			},
			"union": func(*rapid.T) {
				a, b := pick("a"), pick("b")
				all := maps.Clone(a.all)
				maps.Copy(all, b.all)
				made = append(made, both{sets.union(a.set, b.set), all})
			},
			"intersect": func(*rapid.T) {
				a, b := pick("a"), pick("b")
				all := maps.Clone(a.all)
				maps.DeleteFunc(all, func(id int32, _ bool) bool { return !b.all[id] })
				made = append(made, both{sets.intersect(a.set, b.set), all})
			},
			"": func(t *rapid.T) {
				a, b := made[len(made)-1], pick("other")
				for id := range int32(41) {
					if got := a.set.has(id); got != a.all[id] {
						t.Fatalf("has(%d) is %v in %v", id, got, a.all)
					}
				}
				if got, want := a.set.equal(b.set), maps.Equal(a.all, b.all); got != want {
					t.Fatalf("equal is %v for %v and %v", got, a.all, b.all)
				}
				within := true
				for id := range a.all {
					within = within && b.all[id]
				}
				if got := sets.within(a.set, b.set); got != within {
					t.Fatalf("within is %v for %v and %v", got, a.all, b.all)
				}
			},
		})
	})
}
