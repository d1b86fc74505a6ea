package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

func TestConformanceSchema(t *testing.T) {
	conformance.Run(t, "st2_schema", "testdata/known_st2_schema.txt", func(c conformance.Case) error {
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		got, err := ask(c, args)
		_, _, want := c.WantError()
		switch {
		case want && err == nil:
			return fmt.Errorf("got %s, want an error", value.Repr(got))
		case want:
			return nil
		case err != nil:
			return err
		}
		return c.CompareResult(got)
	})
}

func ask(c conformance.Case, args *value.Dict) (value.Value, error) {
	arg := func(name string) value.Value { v, _ := args.Get(name); return v }
	dict := func(name string) *value.Dict { d, _ := arg(name).(*value.Dict); return d }
	switch c.Kind {
	case "validate":
		useDefault := arg("use_default") != false
		return schema.Validate(arg("instance"), dict("schema"), schema.Options{Defaults: useDefault, NoneAllowed: value.Truth(arg("allow_default_none"))})
	case "is_property_type_single":
		return schema.IsTypeSingle(arg("property_schema")), nil
	case "is_property_type_list":
		return schema.IsTypeList(arg("property_schema")), nil
	case "is_property_type_anyof":
		return schema.IsTypeAnyOf(arg("property_schema")), nil
	case "is_property_type_oneof":
		return schema.IsTypeOneOf(arg("property_schema")), nil
	case "is_property_nullable":
		return schema.IsNullable(arg("property_type_schema")), nil
	case "is_attribute_type_array":
		return schema.IsAttributeArray(arg("attribute_type")), nil
	case "is_attribute_type_object":
		return schema.IsAttributeObject(arg("attribute_type")), nil
	case "validate_output":
		key, _ := arg("output_key").(string)
		out, ok := schema.ValidateOutput(dict("runner_schema"), dict("action_schema"), arg("result"), key)
		status := arg("status")
		if !ok {
			status = "failed"
		}
		return value.Tuple{out, status}, nil
	case "mask_secret_output":
		ex := dict("ac_ex")
		runner, _ := ex.Get("runner")
		action, _ := ex.Get("action")
		key, _ := runner.(*value.Dict).Get("output_key")
		outputSchema, _ := action.(*value.Dict).Get("output_schema")
		name, _ := key.(string)
		return schema.MaskOutput(arg("output_value"), name, outputSchema), nil
	case "get_secret_parameters":
		return schema.SecretParameters(dict("parameters")), nil
	case "mask_secret_parameters":
		return schema.MaskParameters(arg("parameters"), arg("secret_parameters")), nil
	}
	return nil, fmt.Errorf("the kind %s (%s) is not known", c.Kind, strings.Join(keys(args), ", "))
}

func keys(d *value.Dict) []string {
	var out []string
	for k := range d.Texts() {
		out = append(out, k)
	}
	return out
}
