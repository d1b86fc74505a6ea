"""The side of Python in tools/compare-expr: prints a name and nanoseconds a line.

The expressions and the data are those of BenchmarkExpressions in internal/expr.
"""

import time

import jinja2
import jinja2.sandbox
import yaql
import yaql.language.specs
import yaql.language.yaqltypes

PARAMETER = "{{ trigger.body.alerts[0].labels.instance | default('x') }}"
FILTER = "{{ items | selectattr('status', 'eq', 'down') | map(attribute='name') | list }}"
YAQL = "ctx().items.where($.status = 'down').select($.name)"
PLAIN = "just some text without an expression"

DATA = {
    "trigger": {"body": {"status": "firing", "alerts": [{"labels": {"instance": "web-01", "severity": "page"}}]}},
    "items": [{"name": "web%d" % i, "region": "eu", "status": ("up", "down", "up")[i % 3]} for i in range(1000)],
}


def measure(name, once):
    """Prints the best of three rounds, each of about 0.2 s."""
    once()
    rounds, start = 1, time.perf_counter()
    once()
    rounds = max(1, int(0.2 / max(time.perf_counter() - start, 1e-7)))
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for _ in range(rounds):
            once()
        best = min(best, (time.perf_counter() - start) / rounds)
    print(name, best * 1e9)


# As StackStorm sets Jinja up, and as Jinja's documentation does.
sandbox = jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
plain = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)

cached = sandbox.from_string(PARAMETER)
assert cached.render(DATA) == "web-01"
measure("parameter-cached", lambda: cached.render(DATA))
cached_plain = plain.from_string(PARAMETER)
measure("parameter-cached-plain", lambda: cached_plain.render(DATA))
measure("parameter-anew", lambda: sandbox.from_string(PARAMETER).render(DATA))
cached_filter = sandbox.from_string(FILTER)
measure("filter-cached", lambda: cached_filter.render(DATA))
cached_text = sandbox.from_string(PLAIN)
measure("plain-cached", lambda: cached_text.render(DATA))

# As Orquesta sets YAQL up: the default options, and ctx() for the variables.
engine = yaql.YaqlFactory().create()
root = yaql.create_context()


@yaql.language.specs.inject("context", yaql.language.yaqltypes.Context())
def ctx(context, key=None):
    variables = context["__vars"]
    return variables[key] if key else variables


root.register_function(ctx, name="ctx")


def evaluate(expression):
    context = root.create_child_context()
    context["__vars"] = DATA
    return expression.evaluate(context=context)


parsed = engine(YAQL)
assert len(list(evaluate(parsed))) == 333
measure("yaql-parsed", lambda: evaluate(parsed))
measure("yaql-anew", lambda: evaluate(engine(YAQL)))
