package config

import "fmt"

// Outbound is where requests of actions (http-request) may go. What an event says may become
// part of a URL, and who makes events is not always known.
type Outbound struct {
	// Guard is metadata, by which link-local addresses are refused, where clouds give
	// credentials to whoever asks; private, by which those of the machine and of private
	// networks are refused, too; or off. Default: metadata.
	Guard string `yaml:"guard"`

	// Allow are addresses and networks to which requests may go all the same. Default: none.
	Allow []string `yaml:"allow"`
}

func (o Outbound) check() []error {
	var errs []error
	switch o.Guard {
	case "off", "metadata", "private":
	default:
		errs = append(errs, fmt.Errorf("outbound.guard is %q; it is one of off, metadata, private", o.Guard))
	}
	if _, unix, err := Networks(o.Allow); err != nil || unix {
		errs = append(errs, fmt.Errorf("outbound.allow: %v; it has addresses and networks such as 192.0.2.1 and 10.0.0.0/8", o.Allow))
	}
	return errs
}
