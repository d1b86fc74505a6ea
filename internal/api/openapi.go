package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// A Parameter is one of a query.
type Parameter struct {
	Name        string
	Type        string // of JSON Schema: string, boolean, integer, or array for a list with commas
	Description string
	Enum        []string
	Default     any // nil: none
}

// object is JSON whose keys are written in alphabetical order.
type object = map[string]any

// OpenAPI returns the description of the API in the form of OpenAPI 3.1, made from the
// table of routes: paths with parameters, bodies and answers. It needs no API to be running.
func (a *API) OpenAPI() ([]byte, error) {
	types := schemas{}
	paths := map[string]object{}
	for _, r := range a.Routes() {
		path := r.Published()
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path][strings.ToLower(r.Method)] = r.operation(types)
	}
	types.add("Fault", object{
		"type": "object", "required": []string{"faultstring"}, "additionalProperties": false,
		"properties": object{
			"faultstring": object{"type": "string", "minLength": 1, "description": "What is wrong, one sentence a line."},
			"conflict-id": object{"type": "string", "description": "Id of what is in the way; of a 409."},
		},
	})
	return json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Nightshift", "version": a.Version,
			"description": "StackStorm's API, and what is ours. Each path below /api/v1 is also served below /v1 and without a prefix.",
			"license":     object{"name": "Apache 2.0", "identifier": "Apache-2.0"},
		},
		"servers":  []object{{"url": "/"}},
		"security": []object{{"token": []string{}}, {"key": []string{}}, {"bearer": []string{}}},
		"paths":    paths,
		"components": object{
			"schemas": types,
			"responses": object{"Fault": object{
				"description": "It was refused: 400, what was asked is wrong; 401, nobody known asks; 403, they may not; 404, there is no such thing; " +
					"409, something is in the way; 413, it is too large; 429 and 503, later.",
				"content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Fault"}}},
			}},
			"securitySchemes": object{
				"token":  object{"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
				"key":    object{"type": "apiKey", "in": "header", "name": "St2-Api-Key"},
				"bearer": object{"type": "http", "scheme": "bearer"},
			},
		},
	}, "", "  ")
}

// Published is the path as clients are told of it.
func (r Route) Published() string {
	prefix := map[string]string{
		apiService: "/api/v1", authService: "/auth/v1", streamService: "/stream/v1", ourService: "/api/ns/v1", noService: "",
	}[r.Service]
	return prefix + strings.NewReplacer("{$}", "", "...}", "}").Replace(r.Path)
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// operation is the entry of a route.
func (r Route) operation(types schemas) object {
	path := r.Published()
	op := object{
		"summary": r.Summary, "operationId": r.operationID(), "tags": []string{r.tag()}, "responses": r.responses(types),
	}
	var params []object
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		params = append(params, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range r.Query {
		params = append(params, p.entry())
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.Body != "" {
		op["requestBody"] = object{"content": object{"application/json": object{"schema": modern(r.Body)}}}
	}
	if r.Permission != "" {
		op["x-permission"] = r.Permission
	}
	if r.Public {
		op["security"] = []object{}
	}
	return op
}

func (p Parameter) entry() object {
	schema := object{"type": p.Type}
	if p.Type == "array" {
		schema["items"] = object{"type": "string"}
	}
	if p.Enum != nil {
		schema["enum"] = p.Enum
	}
	if p.Default != nil {
		schema["default"] = p.Default
	}
	entry := object{"name": p.Name, "in": "query", "description": p.Description, "schema": schema}
	if p.Type == "array" {
		entry["explode"] = false
	}
	return entry
}

// operationID names the operation by its method and path.
func (r Route) operationID() string {
	words := []string{strings.ToLower(r.Method)}
	for part := range strings.FieldsFuncSeq(r.Published(), func(c rune) bool { return strings.ContainsRune("/{}._-", c) }) {
		if part != "v1" {
			words = append(words, part)
		}
	}
	return strings.Join(words, "_")
}

// tag is what operations are sorted under: the first word of the path.
func (r Route) tag() string {
	first, _, _ := strings.Cut(strings.Trim(r.Path, "/{$}"), "/")
	if r.Service == noService || first == "" {
		return "server"
	}
	return first
}

func (r Route) responses(types schemas) object {
	status := r.Status
	if status == 0 {
		status = http.StatusOK
	}
	good := object{"description": http.StatusText(status)}
	switch {
	case status == http.StatusNoContent:
	case r.Media != "":
		good["content"] = object{r.Media: object{"schema": object{"type": "string"}}}
	case r.Answer != nil:
		good["content"] = object{"application/json": object{"schema": describer{types, r.selectable()}.of(r.Answer)}}
	default:
		good["content"] = object{"application/json": object{"schema": object{}}}
	}
	if r.Paged {
		good["headers"] = object{
			"X-Total-Count": object{"description": "How many there are in all.", "schema": object{"type": "integer"}},
			"X-Limit":       object{"description": "How many there are on a page at most, if that is bounded.", "schema": object{"type": "integer"}},
		}
	}
	out := object{strconv.Itoa(status): good, "default": object{"$ref": "#/components/responses/Fault"}}
	return out
}

// modern returns a schema of ours, in which properties say that they are required, as
// JSON Schema has it today. The schemas are constants, so they can be read.
func modern(text string) any {
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		panic(err)
	}
	return modernized(v)
}

func modernized(v value.Value) any {
	switch v := v.(type) {
	case *value.Dict:
		out := object{}
		for name, item := range v.Texts() {
			if name == "required" && item == true {
				continue // the object around it says so
			}
			out[name] = modernized(item)
		}
		if props, _ := v.Get("properties"); props != nil {
			if needed := neededOf(props); needed != nil {
				out["required"] = needed
			}
		}
		return out
	case *value.List:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = modernized(item)
		}
		return out
	default:
		return v
	}
}

func neededOf(props value.Value) []string {
	d, ok := props.(*value.Dict)
	if !ok {
		return nil
	}
	var needed []string
	for name, item := range d.Texts() {
		if prop, ok := item.(*value.Dict); ok {
			if need, _ := prop.Get("required"); need == true {
				needed = append(needed, name)
			}
		}
	}
	return needed
}

// description is the document as it is served, made when it is first asked for.
type description struct {
	once sync.Once
	text []byte
	err  error
}

func (c *call) openAPI() error {
	d := &c.described
	d.once.Do(func() { d.text, d.err = c.OpenAPI() })
	if d.err != nil {
		return d.err
	}
	return c.bytes(http.StatusOK, "application/json", d.text)
}
