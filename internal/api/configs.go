package api

import (
	"net/http"

	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/schema"
)

func (a *API) configRoutes() []*route {
	packs, configs, schemas := packShelf(), configShelf(), configSchemaShelf()
	return []*route{
		configs.lists("/configs", "pack_list", "List the configurations of packs."),
		to("GET", apiService, "/configs/{ref}", "pack_view", (*call).getConfig, "Show the configuration of a pack.").
			gives(http.StatusOK, configured{}).masks().on(packs.about),
		to("PUT", apiService, "/configs/{ref}", "pack_config", (*call).putConfig, "Set the configuration of a pack.").
			gives(http.StatusOK, configured{}).masks().overall(),
		schemas.lists("/config_schemas", "pack_list", "List the schemas of the configurations of packs."),
		to("GET", apiService, "/config_schemas/{ref}", "pack_view", (*call).getConfigSchema, "Show the schema of the configuration of a pack.").
			gives(http.StatusOK, configurable{}).on(packs.about),
	}
}

// configured is the configuration of a pack.
type configured struct {
	ID     string      `json:"id"`
	Pack   string      `json:"pack"`
	Values *value.Dict `json:"values"`
}

// configurable is the schema of a configuration.
type configurable struct {
	ID         string      `json:"id"`
	Pack       string      `json:"pack"`
	Attributes *value.Dict `json:"attributes"`
}

func packsWith(has func(c *catalog.Catalog, ref string) *value.Dict) func(*catalog.Catalog) []*pack.Pack {
	return func(c *catalog.Catalog) []*pack.Pack {
		var out []*pack.Pack
		for _, p := range c.Packs() {
			if has(c, p.Ref) != nil {
				out = append(out, p)
			}
		}
		return out
	}
}

func packTexts(p *pack.Pack, name string) (string, bool) {
	return pick(name, map[string]string{"id": p.ID, "name": p.Ref, "pack": p.Ref})
}

func configShelf() shelf[*pack.Pack, configured] {
	return shelf[*pack.Pack, configured]{
		all:  packsWith((*catalog.Catalog).Config),
		wire: func(c *call, p *pack.Pack, _ selection) configured { return c.configOf(p, c.showsSecrets()) },
		text: packTexts, filters: []string{"name"}, view: "pack_view", limit: 100,
		attrs: attributesOf[configured]([]string{"pack"}, nil),
	}
}

func configSchemaShelf() shelf[*pack.Pack, configurable] {
	return shelf[*pack.Pack, configurable]{
		all: packsWith((*catalog.Catalog).ConfigSchema),
		wire: func(c *call, p *pack.Pack, _ selection) configurable {
			return configurable{p.ID, p.Ref, c.catalog().ConfigSchema(p.Ref)}
		},
		text: packTexts, filters: []string{"name"}, view: "pack_view", limit: 100,
		attrs: attributesOf[configurable]([]string{"pack"}, nil),
	}
}

// showsSecrets reports whether the client may see secrets and wants to.
func (c *call) showsSecrets() bool {
	show, err := c.secrets()
	return err == nil && show
}

// configOf returns the configuration of a pack, less its secrets unless they are to
// be shown. There may be none.
func (c *call) configOf(p *pack.Pack, show bool) configured {
	values := c.catalog().Config(p.Ref)
	if attributes := c.catalog().ConfigSchema(p.Ref); values != nil && attributes != nil && !show {
		values = pack.MaskConfig(values, attributes)
	}
	return configured{p.ID, p.Ref, values}
}

func (c *call) getConfig() error {
	show, err := c.secrets()
	if err != nil {
		return err
	}
	p, err := packShelf().get(c)
	if err != nil {
		return err
	}
	out := c.configOf(p, show)
	if out.Values == nil {
		return noConfig(p.Ref)
	}
	return c.json(http.StatusOK, out)
}

func noConfig(ref string) error {
	return fault.Newf(fault.NotFound, "Unable to identify resource with pack_ref \"%s\".", ref)
}

func (c *call) putConfig() error {
	show, err := c.secrets()
	if err != nil {
		return err
	}
	p, err := packShelf().get(c)
	if err != nil {
		return err
	}
	values, err := c.object()
	if err != nil {
		return err
	}
	if attributes := c.catalog().ConfigSchema(p.Ref); attributes != nil {
		if old := c.catalog().Config(p.Ref); old != nil {
			keepMasked(values, old)
		}
	}
	if err := c.Registrar.Configure(c.ctx(), p.Ref, values); err != nil {
		return err
	}
	return c.json(http.StatusOK, c.configOf(p, show))
}

// keepMasked puts back what a client sent as it had got it: masked.
func keepMasked(values, old *value.Dict) {
	for name, v := range values.Texts() {
		was, ok := old.Get(name)
		if !ok {
			continue
		}
		if v == schema.Mask {
			values.Set(name, was)
		}
		below, isDict := v.(*value.Dict)
		if wasDict, ok := was.(*value.Dict); ok && isDict {
			keepMasked(below, wasDict)
		}
	}
}

func (c *call) getConfigSchema() error {
	p, err := packShelf().get(c)
	if err != nil {
		return err
	}
	attributes := c.catalog().ConfigSchema(p.Ref)
	if attributes == nil {
		return noConfig(p.Ref)
	}
	return c.json(http.StatusOK, configurable{p.ID, p.Ref, attributes})
}
