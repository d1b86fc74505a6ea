package value

import (
	"context"
	"slices"
)

// asDict returns the receiver of a method of dicts.
func asDict(self Value) *Dict {
	d, _ := self.(*Dict)
	return d
}

func dictMethod(name string) method {
	switch name {
	case "get":
		return dictGet
	case "items":
		return dictView(ItemsView)
	case "keys":
		return dictView(KeysView)
	case "values":
		return dictView(ValuesView)
	case "pop":
		return dictPop
	case "popitem":
		return dictPopItem
	case "setdefault":
		return dictSetDefault
	case "update":
		return dictUpdate
	case "clear":
		return func(_ context.Context, self Value, a *Args) (Value, error) {
			asDict(self).Clear()
			return nil, a.None()
		}
	case "copy":
		return func(_ context.Context, self Value, a *Args) (Value, error) {
			return asDict(self).Clone(), a.None()
		}
	case "fromkeys":
		return dictFromKeys
	}
	return nil
}

func dictView(kind ViewKind) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) {
		return &View{Of: asDict(self), Kind: kind}, a.None()
	}
}

func dictGet(_ context.Context, self Value, a *Args) (Value, error) {
	var p [2]Value
	if len(a.Named) > 0 {
		return nil, TypeError.Errorf("dict.get() takes no keyword arguments")
	}
	if err := a.Into(p[:], 1, "key", "default"); err != nil {
		return nil, err
	}
	v, ok, err := asDict(self).GetKey(p[0])
	if !ok {
		v = given(p[1])
	}
	return v, err
}

func dictPop(_ context.Context, self Value, a *Args) (Value, error) {
	var p [2]Value
	if err := a.Into(p[:], 1, "key", "default"); err != nil {
		return nil, err
	}
	d := asDict(self)
	v, ok, err := d.GetKey(p[0])
	switch {
	case err != nil:
		return nil, err
	case ok:
		_, err = d.DeleteKey(p[0])
		return v, err
	case IsAbsent(p[1]):
		return nil, KeyError.Errorf("%s", Repr(p[0]))
	}
	return p[1], nil
}

func dictPopItem(_ context.Context, self Value, a *Args) (Value, error) {
	if err := a.None(); err != nil {
		return nil, err
	}
	d := asDict(self)
	for i, e := range slices.Backward(d.entries) {
		if !e.gone {
			d.remove(i)
			return Tuple{e.key, e.val}, nil
		}
	}
	return nil, KeyError.Errorf("'popitem(): dictionary is empty'")
}

func dictSetDefault(_ context.Context, self Value, a *Args) (Value, error) {
	var p [2]Value
	if err := a.Into(p[:], 1, "key", "default"); err != nil {
		return nil, err
	}
	d := asDict(self)
	v, ok, err := d.GetKey(p[0])
	if ok || err != nil {
		return v, err
	}
	return given(p[1]), d.SetKey(p[0], given(p[1]))
}

func dictUpdate(ctx context.Context, self Value, a *Args) (Value, error) {
	d := asDict(self)
	return nil, FillDict(ctx, d, a)
}

// FillDict sets in d what dict(*a.Pos, **a.Named) would: a mapping or pairs, then
// the named arguments.
func FillDict(ctx context.Context, d *Dict, a *Args) error {
	if len(a.Pos) > 1 {
		return TypeError.Errorf("%s expected at most 1 argument, got %d", a.Name, len(a.Pos))
	}
	for _, from := range a.Pos {
		if o, ok := from.(*Dict); ok {
			d.Update(o)
			continue
		}
		pairs, err := Items(ctx, from)
		if err != nil {
			return err
		}
		for i, pair := range pairs {
			if !CanIterate(pair) {
				return TypeError.Errorf("cannot convert dictionary update sequence element #%d to a sequence", i)
			}
			kv, err := Items(ctx, pair)
			if err != nil {
				return err
			}
			if len(kv) != 2 {
				return ValueError.Errorf("dictionary update sequence element #%d has length %d; 2 is required", i, len(kv))
			}
			if err := d.SetKey(kv[0], kv[1]); err != nil {
				return err
			}
		}
	}
	for _, n := range a.Named {
		d.Set(n.Name, n.Value)
	}
	return nil
}

func dictFromKeys(ctx context.Context, _ Value, a *Args) (Value, error) {
	var p [2]Value
	if err := a.Into(p[:], 1, "iterable", "value"); err != nil {
		return nil, err
	}
	keys, err := Items(ctx, p[0])
	if err != nil {
		return nil, err
	}
	d := NewDictCap(len(keys))
	for _, k := range keys {
		if err := d.SetKey(k, given(p[1])); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func viewMethod(name string) method {
	if name != "isdisjoint" {
		return nil
	}
	return func(ctx context.Context, self Value, a *Args) (Value, error) {
		v, _ := self.(*View)
		s, err := v.set()
		if err != nil {
			return nil, err
		}
		return setMethod(name)(ctx, s, a)
	}
}
