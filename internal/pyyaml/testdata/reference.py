"""Asks PyYAML what each text is, and writes reference.jsonl.

Run it with a Python that has PyYAML 6 built with libyaml: what StackStorm loads
packs with. Where the two loaders of PyYAML differ, the one with libyaml counts.
"""
import json
import yaml

READ = [
    # Plain scalars.
    "", "~", "null", "Null", "NULL", "nUll", "yes", "Yes", "YES", "yEs", "y", "n", "no", "on", "On", "off", "OFF", "true", "True", "tRue", "FALSE",
    "0", "-0", "+1", "1_000", "_1", "1_", "010", "-010", "+017", "08", "09", "0o17", "0x1F", "-0x1f", "0xg", "0b101", "-0b1_1", "0b2", "0_",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890",
    "1:30", "-1:30", "1:60", "1:59:59", "01:30", "190:20:30", "1:30.5", "0:0.1", "20:30:40.25",
    "1.", "1.0", "-1.5", "+1.5", ".5", "+.5", "-.5", "1e3", "1e+3", "1.e3", "1.5e3", "1.5e+3", "1.5E-3", "6.02e+23", "1_0.5_0", ".5e+2", "1.0.0", ".",
    ".inf", "-.inf", "+.INF", ".Inf", "inf", ".nan", ".NaN", ".NAN", "nan", "1e400", "1.0e+400",
    "2024-01-02", "2024-1-2", "2024-02-30", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.1234567 +5", "2001-12-15 2:59:43.10",
    "2001-12-14T21:59:43Z", "2001-12-14T21:59:43", "2001-12-14T25:59:43", "2001-12-14 21:59:43 +5:30", "0000-01-01", "2024-01-02 ",
    "=", "<<", "a: =", "=: a", "'=': a", "? =\n: 1", "-", "--", "---", "--- a", "...", "-1-", "- ", "?", "? ", ":", ": ", "a:", "a :b", "a : b", "a:b", "a: b: c", "a::b", "a: :b",
    # Comments and spaces.
    "# only", "a # comment", "a#b", "a: b#c", "a: b #c", "a: # c\n  b", "a: 'x' # c", "a: 'x'#c", "a: |  # c\n  x", "a: |#c\n  x", "\n\n a: 1", "  a: 1\n  b: 2", "a: 1\n b: 2", " a: 1\nb: 2",
    "a:\tb", "a: b\tc", "a: b \t# c", "\ta: b", "a:\n\tb: 1", "a:\n  b: 1\n\tc: 2", "- \ta", "-\ta", "-\t- a", "[\ta,\tb\t]", "a: [\n\tb]", "a: 'b\n\tc'", "a: b\n\tc", "a: b\n  \tc", "a: \"b\\\tc\"",
    # Strings.
    "''", "'it''s'", "'a\n b'", "'a\n\n b'", "'a \n  b  '", "\"a\\nb\"", "\"\\x41\\u00e9\\U0001F600\"", "\"a \\\n  b\"", "\"a\\\n  \\ b\"", "\"\\0\\a\\b\\t\\v\\f\\r\\e\\ \\/\\\\\\N\\_\\L\\P\"", "\"\\q\"", "\"\\x4\"", "\"\\xzz\"", "'a", "\"a", "'a\n---\nb'", "\"a\\",
    "'a\\b'", "\"a'b\"", "'a\"b'", "a'b", "a\"b\"", "'a' b", "\"a\": 'b'", "'a':b", "\"a\":b", "{'a':b}", "{\"a\":1}", "[a:1]", "{a:1}", "{a: 1,b: 2}", "[a, b,]", "[,]", "[a,,b]", "{,}", "{a}", "{a, b: 1}", "{a: }", "{? a : b}", "{? a}", "[? a : b]", "[a: b, c]", "[: b]", "{: b}", "[a\nb]", "[a, [b, {c: d}], e]", "[]", "{}", "[", "{", "]", "}", "[a", "{a: 1", "[a}", "{a]", "[a] b", "[a]: b", "{a: 1}: b", "a: [b", "a: {b: c", "a: b]", "a: b}", "[a?b]", "[a?]", "[a? b]", "[a ?b]", "[?a]", "{a?: b}", "{?a: b}", "[a#b]", "[a #b\n]", "[-]", "[- a]", "[-a]", "{a: -}", "[a, ?]", "http://x:80/", "[http://x:80/]", "{u: http://x/}", "a: %b", "%b", "a: @b", "a: `b", "a: !b", "a: &b", "a: *b", "a: |b", "a: >b", "a: ,b", "a: ]b", "a: {b", "a: #b", "a: 'b", "a: *", "a: &", "a: & b", "*a", "a: &x 1\nb: *x", "a: &x\nb: *x", "a: *x", "&a b: c", "&a a: &b b\nc: *a\nd: *b", "a: &x [*x]", "a: &x {b: *x}", "a: &x 1\nb: &x 2\nc: *x", "*a : b", "- &a x\n- *a", "- &a x\n- *a : y", "[&a x, *a]", "{&a a: *a}", "{*a : b}", "&a\n- b", "&a - b", "a: &x\n  b: 1\nc: *x",
    # Multi-line plain scalars.
    "a\nb", "a\n b\n\n c", "a:\n  b\n  c", "a: b\n  c\n\n\n  d", "a: b\nc", "- a\n b", "- a\nb", "- a\n- b\n  c", "a: b\n  c: d", "a\nb: c", "a\n b: c", "a: b\n- c",
    # Block scalars.
    "|", "|\n", "| \n a", "|\n a\n", "|\n a\n b\n", "|\n a\n\n b\n\n", "|-\n a\n", "|+\n a\n\n\n", "|2\n  a", "|1\n  a", "|2\n a", "|-1\n  a", "|1-\n  a", "|0\n a", "|10\n a", "|--\n a", "|x\n a", "|\n  a\n b", "|\n a\n  b\n", "|\n   \n  a", "|\n     \n  a", "|\n\ta", "|\n a\n\tb", "a: |\nb: 1", "a: |\n  x\nb: 1", "a: |\n   x\n  y\n", "- |\n a\n- b", "- |\n  a\n b", "a:\n  - |\n   x\n  - y", ">\n a\n b\n", ">\n a\n\n b\n", ">\n a\n  b\n c\n", ">\n a\n\n  b\n\n c\n", ">-\n a\n b\n\n", ">+\n a\n\n", ">\n\n a\n b", ">\n a\n\tb\n c", ">\n a \n b", "[|\n a]", "a: >-\n  x\n\n  y\n", "a: |\n  x\n # c\nb: 1", "a: |\n  x\n  # c\n", "|\n a\n...\n", "|\na", "--- |\na\nb", "--- >\na\nb\n", "--- |\n---\n",
    # Blocks.
    "- a\n- b", "-a", "- - a\n  - b", "-   - a\n    - b", "- a\n - b", " - a\n- b", "- a: 1\n  b: 2", "- a: 1\n b: 2", "- a:\n  - b\n  c: d", "a:\n- b\n- c\nd: e", "a:\n  - b\n- c", "a: - b", "a:\n-\n-", "-\n-", "- \n- a", "-\n  a", "-\n a: b", "a:\n b:\n  c:\n d: 1", "a:\n  b: 1\n c: 2", "? a\n: b", "? a\n? b", "? - a\n: - b", "? |\n  a\n: b", "? a: b\n: c", "? [a]\n: b", "a: ? b", "? a\nb: c", "a\n: b", "a: 1\n  b", "a:b\nc: d", "a: 1\nb", "a: 1\nb\nc: 2", "a: 1\n- b", "- a\nb: 1", "a: b: 1", "- - - a", "- ? a", "- : a", "a:\n: b", "\"a\nb\": c", "'a\n b': c", "x" * 1025 + ": a", "x" * 1024 + ": a", "x" * 1023 + ": a", "? " + "x" * 2000 + "\n: a", "\"" + "x" * 1200 + "\": a", "[" + "x" * 1200 + ": a]", "a: {\n b: 1\n}", "a: {\nb: 1\n}", "a: [\n]", "a: [\n1\n]", "a: [1,\n2]\nb: 3", "a: [1\nb: 2]", "a: [1\nb: 2",
    # Merge keys and duplicates.
    "a: 1\na: 2", "a: 1\nb: 2\na: 3", "1: a\n1.0: b\ntrue: c", "0x1: a\n1: b", "b: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3", "b: &b {x: 1}\nc: {y: 0, <<: *b, x: 2}", "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc:\n  <<: [*a, *b]\n  w: 0", "c: {<<: {x: 1}, <<: {y: 2}}", "c: {<<: 1}", "c: {<<: [1]}", "c: {<<: [{x: 1}]}", "c: {<<: []}", "c: {'<<': {x: 1}}", "c: {<<: }", "c: {<<: [[{x: 1}]]}", "c: {? <<\n : {a: 1}}", "a: &a {<<: {x: 1}, y: 2}\nb: {<<: *a}", "{!!merge x: {a: 1}}", "- <<: {a: 1}",
    # Keys that are not text.
    "1: a", "1.5: a", "~: a", "true: a", "on: a", "yes: no", "2024-01-01: a", "[a]: b", "{a: b}: c", "? {a: b}\n: c", "!!binary YQ==: c",
    # Tags.
    "!!str 12", "!!str", "!!str true", "!!int \"12\"", "!!int 0x10", "!!int x", "!!int", "!!float 1", "!!float 1e3", "!!float x", "!!bool \"yes\"", "!!bool x", "!!null x", "!!null", "!!timestamp 2024-01-02", "!!timestamp x", "!!binary aGVsbG8=", "!!binary |\n aGVs\n bG8=", "!!binary é", "!!seq [a]", "!!seq a", "!!map {a: 1}", "!!map [a]", "!!str [a]", "!!str {a: b}", "!!str {=: b}", "!!set {a, b}", "!!set [a]", "!!omap [a: 1, b: 2]", "!!omap [a]", "!!omap {a: 1}", "!!pairs [a: 1, a: 2]", "!foo a", "!foo [a]", "! 12", "! \"12\"", "! a", "! [a]", "!<tag:yaml.org,2002:str> 12", "!<tag:yaml.org,2002:str 12", "!<> a", "!!python/object:os.system a", "!!python/name:os.system", "!!python/tuple [a]", "!!python/str a", "!e!str a", "%TAG !e! tag:yaml.org,2002:\n---\n!e!str 12", "%TAG ! tag:yaml.org,2002:\n--- !str 12", "%YAML 1.1\n--- a", "%YAML 1.2\n--- a", "%YAML 2.0\n--- a", "%YAML x\n--- a", "%FOO bar\n--- a", "%YAML 1.1\na", "!!value a", "a: !!str\nb: 1", "- !!str\n- !!int 1", "&a !!str 1", "!!str &a 1", "!!str !!int 1", "&a &b c", "[!!str 1, !!str , 2]", "!!str, 1", "{a: !!str, b: 1}",
    # Documents.
    "--- a\n--- b", "a\n---\nb", "a\n...\nb", "a\n...\n", "a\n...\n...\n", "...\na", "---\n---\n", "--- \n...\n", "a: 1\n---", "---a", "--- a: b", "---\na: b", "--- - a", "--- [a]", "--- 'a'", "a: 1\n...\n# c\n", "a: 1\n... b", "a: 1\n...b", "---\n# c\n", "# c\n---\na: 1\n", "\ufeffa: 1", "\ufeff", "a: \ufeff1", "a: 1\r\nb: 2\r\n", "a: 1\rb: 2", "a: |\r\n  x\r\n  y\r\n", "'a\r\n b'", "a: 1\x85b: 2", "a: x\u2028  y", "'a\u2028b'", "|\n a\u2028 b", "a: \x07", "a: \x7f", "a: \x00", "a: \x9f", "a: \x85", "é: ü", "😀: x", "a: \ufffe", "a: \ud7ff\ue000", "'\u00a0'",
    # What packs are like.
    "---\nname: x\nenabled: yes\nparameters:\n  hosts:\n    type: string\n    required: true\n    position: 0\n",
    "format: \"{{ a }}\"", "format: {{ a }}", "format: {{a}} b", "cmd: \"{{ _.x }}\"", "cmd: <% ctx().x %>", "cmd: <% ctx(x) %> : y", "on-success:\n  - a: <% $.b = 1 %>", "when: <% succeeded() %>", "do:\n  - a\n  - b", "do: a, b", "next:\n  - when: <% failed() %>\n    do: fail", "- name: a\n  on: b", "pattern: ^(?!master|x)", "x: [a, \"b\", 'c', 1.5, ~]", "version: 1.0", "version: 0.4.0", "time: 12:30:45", "mode: 0644", "port: 8080", "mac: 01:02:03:04:05:06", "ip: 10.0.0.1", "answer: y", "commit: 1234567e8", "sha: 12e03", "x: 1__0", "x: 0x", "x: 0b", "x: 1:2:3:4", "x: -", "x: - a", "x: -1", "x: --1", "x: ''", "x: \"\"", "x: !", "x: ! a", "[!, a]", "- !\n- a",
    "x: " + "[" * 30 + "]" * 30,
]


def read(text):
    try:
        return {"yaml": text, "repr": repr(yaml.load(text, Loader=yaml.CSafeLoader))}
    except Exception as first:
        try:
            return {"yaml": text, "repr": repr(yaml.load(text, Loader=yaml.SafeLoader)), "only": "SafeLoader"}
        except Exception as e:
            out = {"yaml": text, "error": type(e).__name__}
            mark = getattr(e, "problem_mark", None)
            if mark is not None:
                out["line"], out["column"] = mark.line + 1, mark.column + 1
            return out




WRITE = [
    None, True, False, 0, -1, 10**30, 1.0, 1.5, 1e17, 1e-7, float("inf"), float("-inf"), "", "a", "a b", " a", "a ", "a\n", "a\nb", "\na", "a\n\nb", "a \nb", "a\n b", "true", "yes", "null", "~", "12", "012", "0o7", "1.5", "1e3", "1e+3", "2024-01-01", "=", "<<", "-", "- a", "-a", "?", "? a", "?a", ":", ":a", "a:", "a: b", "a:b", "#", "a #b", "a#b", "[a]", "{a", "a]", "a,b", ",a", "&a", "*a", "!a", "|a", ">a", "'a'", "\"a\"", "it's", "say \"x\"", "%a", "@a", "`a", "a\tb", "\t", "a\\b", "---", "--- a", "...", "a---", "é", "ü: x", "日本語", "😀", "\x07", "\x85", "\xa0", "\u2028", "\ufeff", "a\x00b", "word " * 30, "word " * 30 + "end", "x" * 200, "x" * 100 + " " + "y" * 100, "it's " * 30, "é " * 60, ("word " * 20 + "\n") * 3, "a  b " * 30, "tab\t" * 40,
    [], {}, [[]], [{}], {"a": []}, {"a": {}}, [1, 2], [[1, 2], [3]], {"a": [1, 2]}, {"a": [[1]]}, {"a": {"b": {"c": 1}}}, [{"a": 1, "b": 2}, {"c": 3}], {"b": 1, "a": 2}, {"b": {"d": 1, "c": [1, {"z": 1, "y": 2}]}}, {1: "a", 2: "b"}, {"a": 1, 1: 2}, {None: 1}, {True: 1, False: 2}, {"": 1}, {"a\nb": 1}, {"x" * 130: 1}, {"x" * 127: 1}, {"true": 1}, {"a b": "c: d"}, {"k": "word " * 30}, {"k": ["it's " * 30]}, {"k": "multi\nline\ntext"}, {"k": "x\n"}, {"word " * 24: 1},
    {"stdout": "total 4\ndrwxr-xr-x 2 root root 4096 Jan  1 00:00 x", "return_code": 0, "failed": False, "succeeded": True, "stderr": ""},
]


def write():
    shared = [1, 2]
    empty = []
    both = {"a": 1}
    more = WRITE + [{"a": shared, "b": shared}, [shared, shared, both, both], [empty, empty]]
    for v in more:
        for opts in ({}, {"allow_unicode": True, "sort_keys": False}, {"indent": 4, "width": 40}):
            out = {"opts": opts, "text": yaml.safe_dump(v, default_flow_style=False, **opts)}
            if v is more[-3]:
                out["shared"] = 1
            elif v is more[-2]:
                out["shared"] = 2
            elif v is more[-1]:
                out["shared"] = 3
            else:
                out["value"] = pack(v)
            out["back"] = yaml.safe_load(out["text"]) == v
            yield out


def pack(v):
    if isinstance(v, dict):
        return {"$dict": [[pack(k), pack(x)] for k, x in v.items()]}
    if isinstance(v, list):
        return [pack(x) for x in v]
    if isinstance(v, float) and v in (float("inf"), float("-inf")):
        return {"$float": repr(v)}
    return v


with open("reference.jsonl", "w", encoding="ascii") as f:
    for text in READ:
        f.write(json.dumps(read(text)) + "\n")
with open("reference_write.jsonl", "w", encoding="ascii") as f:
    for rec in write():
        f.write(json.dumps(rec) + "\n")
