package cli

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func (a *app) packConfig(r resource) *cobra.Command {
	var file string
	var sets []string
	cmd := &cobra.Command{
		Use:   "config <pack>",
		Short: "Configure a pack",
		Long: `Configure a pack. Without a file and without --set you are asked for one attribute after the other; what is written in
brackets is taken when you only press Enter: what is configured now, or else the default. Secrets are not shown while you
type, and stay as they are when you only press Enter. A value may be a template, as {{ st2kv.system.password }}.`,
		Example:           "  nightshift pack config disk_watch\n  nightshift pack config disk_watch --set limit=80\n  nightshift pack config disk_watch --file config.yaml",
		Args:              args(1, 1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, packs []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			ref := packs[0]
			values := value.NewDict()
			if file == "" {
				// What there is stays, unless it is said otherwise.
				d, err := s.get(cmd.Context(), "configs/"+seg(ref), nil)
				if err != nil && fault.KindOf(err) != fault.NotFound {
					return err
				}
				if err == nil {
					values = object(d, "values").Clone()
				}
			} else if values, err = s.readObject(file); err != nil {
				return err
			}
			attributes := value.NewDict()
			d, err := s.get(cmd.Context(), "config_schemas/"+seg(ref), nil)
			switch {
			case err == nil:
				attributes = object(d, "attributes")
			case fault.KindOf(err) != fault.NotFound:
				return err
			}
			switch {
			case len(sets) > 0:
				if err := setAttributes(values, attributes, sets); err != nil {
					return err
				}
			case file != "":
			case attributes.Len() == 0:
				return fault.Newf(fault.Invalid, "the pack %s says nothing of what can be configured; --file and --set configure it nevertheless", ref)
			default:
				answers, err := (&form{app: a, in: bufio.NewReader(a.In)}).object("", asked(attributes, values))
				if err != nil {
					return fmt.Errorf("configure the pack %s: %w", ref, err)
				}
				values.Update(answers)
			}
			if d, err = s.do(cmd.Context(), http.MethodPut, "configs/"+seg(ref), values); err != nil {
				return named(err, r, ref)
			}
			if s.machine() {
				return s.encode(d)
			}
			return s.print("The pack " + ref + " is configured.")
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file with the whole configuration")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "name=value of one attribute; may be given several times")
	return cmd
}

// asked is what a form asks for: attributes whose defaults are what is configured. A
// secret has none: pressing Enter leaves it as it is.
func asked(attributes, values *value.Dict) *value.Dict {
	properties := value.NewDict()
	for name, v := range attributes.Texts() {
		of, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		of = of.Clone()
		if now, ok := values.Get(name); ok {
			secret, _ := lookUp(of, "secret")
			if of.Delete("required"); secret == true {
				of.Delete("default")
			} else if kind(of) != "object" {
				of.Set("default", now)
			}
		}
		properties.Set(name, of)
	}
	spec := value.NewDict()
	spec.Set("properties", properties)
	return spec
}

// setAttributes sets attributes from the command line, each as its schema says, or
// as JSON, or as a text.
func setAttributes(values, attributes *value.Dict, sets []string) error {
	for _, text := range sets {
		name, word, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return fault.Newf(fault.Invalid, "%q is not of the form name=value", text)
		}
		of := object(attributes, name)
		if strings.Contains(word, "{{") || kind(of) == "string" {
			values.Set(name, word)
			continue
		}
		v, err := value.FromJSON([]byte(word))
		switch {
		case err == nil:
			values.Set(name, v)
		case kind(of) == "" || kind(of) == "array":
			values.Set(name, word)
		default:
			return fault.Newf(fault.Invalid, "%s is to be of type %s, and %q is none", name, kind(of), word)
		}
	}
	return nil
}
