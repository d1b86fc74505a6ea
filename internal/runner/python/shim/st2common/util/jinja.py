"""Templates, rendered in Python by the pack itself."""

import json
from typing import Any, Dict, Optional

__all__ = ["get_jinja_environment", "render_values", "is_jinja_expression"]


def get_jinja_environment(allow_undefined: bool = False, trim_blocks: bool = True, lstrip_blocks: bool = True) -> Any:
    """Returns an environment of Jinja that is strict about what is not defined."""
    import jinja2
    import jinja2.sandbox

    env = jinja2.sandbox.SandboxedEnvironment(
        undefined=jinja2.Undefined if allow_undefined else jinja2.StrictUndefined,
        trim_blocks=trim_blocks,
        lstrip_blocks=lstrip_blocks,
    )
    env.filters.update(_filters())
    env.tests["in"] = lambda item, of: item in of
    return env


def _filters() -> Dict[str, Any]:
    import os.path

    def to_yaml_string(value: Any, indent: int = 4) -> str:
        import yaml

        text: str = yaml.safe_dump(value, indent=indent, default_flow_style=False)
        return text

    def from_yaml_string(value: str) -> Any:
        import yaml

        return yaml.safe_load(value)

    def to_json_string(value: Any, indent: int = 4, sort_keys: bool = False) -> str:
        return json.dumps(value, indent=indent or None, sort_keys=sort_keys)

    return {
        "to_json_string": to_json_string,
        "from_json_string": json.loads,
        "to_yaml_string": to_yaml_string,
        "from_yaml_string": from_yaml_string,
        "to_complex": json.dumps,
        "json_escape": lambda value: json.dumps(value)[1:-1],
        "basename": os.path.basename,
        "dirname": os.path.dirname,
    }


def render_values(
    mapping: Optional[Dict[str, Any]] = None, context: Optional[Dict[str, Any]] = None, allow_undefined: bool = False
) -> Optional[Dict[str, Any]]:
    """Renders the templates in the values of a mapping. What has none keeps its type."""
    if not context or not mapping:
        return mapping
    env = get_jinja_environment(allow_undefined=allow_undefined)
    names = {"__context": context, **context}
    rendered = {}
    for key, value in mapping.items():
        nested = isinstance(value, (dict, list))
        text = json.dumps(value) if nested else str(value)
        done = env.from_string(text).render(names)
        rendered[key] = value if done == text else json.loads(done) if nested else done
    return rendered


def is_jinja_expression(value: Any) -> bool:
    """Whether a value looks like a template."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)
