package alias

import (
	"errors"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// A Match is an alias with the format that a command fits.
type Match struct {
	Alias          *Alias
	Format         Format
	Representation string // the one of the format that fits
}

// Candidates returns what a command may fit: each representation of each format.
// A format that is only displayed has an empty one.
func Candidates(aliases []*Alias) []Match {
	var out []Match
	for _, a := range aliases {
		for _, f := range a.formats() {
			if len(f.Representations) == 0 && f.Display != "" {
				out = append(out, Match{Alias: a, Format: f})
			}
			for _, r := range f.Representations {
				out = append(out, Match{a, f, r})
			}
		}
	}
	return out
}

// Matches returns all that a command fits. Formats that can't be read fit nothing.
func Matches(aliases []*Alias, command string) ([]Match, error) {
	var out []Match
	for _, m := range Candidates(aliases) {
		p, err := Parse(m.Representation)
		if err != nil {
			continue
		}
		switch _, err := p.Extract(command); {
		case err == nil:
			out = append(out, m)
		case !errors.Is(err, ErrNoMatch):
			return nil, err
		}
	}
	return out, nil
}

// Find returns the one enabled alias whose format a command fits. Formats that may
// fit several times count only if no other does. The error is a fault of kind Invalid if
// there is none or more than one.
func Find(aliases []*Alias, command string) (Match, error) {
	enabled := slices.DeleteFunc(slices.Clone(aliases), func(a *Alias) bool { return !a.Enabled })
	all, err := Matches(enabled, command)
	if err != nil {
		return Match{}, err
	}
	multiple := func(m Match) bool { return m.Format.Multiple }
	once := slices.DeleteFunc(slices.Clone(all), multiple)
	switch {
	case len(once) == 1:
		return once[0], nil
	case len(once) > 1:
		return Match{}, fault.Newf(fault.Invalid, "Command '%s' matched more than 1 pattern", command)
	case len(all) == 1:
		return all[0], nil
	case len(all) > 1:
		return Match{}, fault.Newf(fault.Invalid, "Command '%s' matched more than 1 (multi) pattern", command)
	default:
		return Match{}, fault.Newf(fault.Invalid, "Command '%s' matched no patterns", command)
	}
}

// Parameters returns what a command gives the action of the alias, for each time
// that it is to be run. The representation has to be one of the alias's own.
// Immutable are the alias's immutable parameters as
// rendered, nil if there are none; the error is a fault if the command names one of them.
func (a *Alias) Parameters(representation, command string, multiple bool, immutable *value.Dict) ([]*value.Dict, error) {
	if !slices.ContainsFunc(a.formats(), func(f Format) bool { return slices.Contains(f.Representations, representation) }) {
		return nil, fault.Newf(fault.Invalid, "Format string \"%s\" is not available on the alias \"%s\"", representation, a.Name)
	}
	p, err := Parse(representation)
	if err != nil {
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: "Format string \"" + representation + "\" can't be used: " + err.Error(), Err: err}
	}
	var all []*value.Dict
	if multiple {
		all, err = p.ExtractAll(command)
	} else {
		var one *value.Dict
		one, err = p.Extract(command)
		all = []*value.Dict{one}
	}
	if err != nil {
		return nil, err
	}
	if immutable == nil {
		return all, nil
	}
	for _, given := range all {
		var overridden []string
		for name, v := range immutable.Texts() {
			if given.Has(name) {
				overridden = append(overridden, name)
			}
			given.Set(name, v)
		}
		if len(overridden) > 0 {
			return nil, fault.Newf(fault.Invalid, "Immutable arguments cannot be overriden: %s", //nolint:misspell // the reference's words
				strings.Join(overridden, ","))
		}
	}
	return all, nil
}
