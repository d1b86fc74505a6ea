package st2

import (
	"os"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// packsFolder is where StackStorm has its packs.
const packsFolder = "/opt/stackstorm/packs/"

func inspecting() *command {
	return &command{
		name: "workflow inspect", about: "Find mistakes in the definition of a workflow.",
		options: []option{
			opt("file with the definition", "--file").exclusive(), opt("action whose definition is in "+packsFolder+" here", "--action").exclusive(),
		},
		run: func(c *call) error {
			file := c.args.text("file")
			if file == "" {
				d, err := c.find(request{path: actions().path + path(c.args.text("action"))})
				if err != nil {
					return err
				}
				if d == nil {
					return sayf("Unable to identify action %q.", c.args.text("action"))
				}
				file = packsFolder + text(d, "pack") + "/actions/" + text(d, "entry_point")
			}
			b, err := os.ReadFile(file) //nolint:gosec // the user names it
			if err != nil {
				return sayf("File %q does not exist on local system.", file)
			}
			v, _, err := c.read(request{method: "POST", path: "/workflows/inspect", raw: string(b)})
			if err != nil {
				return err
			}
			if l, ok := v.(*value.List); ok && len(l.Items) == 0 {
				c.print("No errors found in workflow definition.")
				return nil
			}
			out, err := pyyaml.Marshal(v, pyyaml.Options{Unicode: true})
			if err != nil {
				return err
			}
			c.print(string(out))
			return nil
		},
	}
}

// groups and members are the services that run, and each of them.
func groups() *command {
	return serviceList("group", []string{"group_id"}, nil, func(c *call) ([]*value.Dict, error) {
		names, err := c.groups()
		var out []*value.Dict
		for _, name := range names {
			d := value.NewDict()
			d.Set("group_id", name)
			out = append(out, d)
		}
		return out, err
	})
}

func members() *command {
	own := []option{opt("only those of this group", "--group-id")}
	return serviceList("member", []string{"group_id", "member_id", "capabilities"}, own, func(c *call) ([]*value.Dict, error) {
		names := []string{c.args.text("group_id")}
		if names[0] == "" {
			var err error
			if names, err = c.groups(); err != nil {
				return nil, err
			}
		}
		var out []*value.Dict
		for _, name := range names {
			d, err := c.ask(request{path: "/service_registry/groups" + path(name, "members")})
			if err != nil {
				return nil, err
			}
			for _, v := range items(d, "members") {
				one := dict(v).Clone()
				one.Set("group_id", name)
				out = append(out, one)
			}
		}
		return out, nil
	})
}

func serviceList(word string, columns []string, own []option, list func(c *call) ([]*value.Dict, error)) *command {
	return &command{
		name: "service-registry " + word + " list", about: "List the " + word + "s of services.",
		options: slices.Concat(common(), shown(columns), own),
		run: func(c *call) error {
			found, err := list(c)
			if err != nil {
				return err
			}
			_, err = c.table(found, c.tableOf(resource{}))
			return err
		},
	}
}

// groups are the names of the groups of services.
func (c *call) groups() ([]string, error) {
	d, err := c.ask(request{path: "/service_registry/groups"})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, v := range items(d, "groups") {
		names = append(names, value.Str(v))
	}
	return names, nil
}
