"""Reads commands by the formats of aliases.

A format is a regular expression with places for parameters: ``{{ name }}`` takes a word, a text in quotes or
something in braces, ``{{ name = default }}`` may be left out. ``key=value`` at the end of a command is taken
by any format.
"""

import re
from typing import Any, Dict, List, Match, Tuple

from st2common.exceptions.content import ParseException

__all__ = ["extract_parameters", "extract_parameters_for_action_alias_db"]

# A value: in double or single quotes, in braces, or one word. What it is without its quotes is one of the groups.
QUOTED = r"\"\"|''|\"(.+?)\"|'(.+?)'|({.+?})"
WORD = QUOTED + r"|(\S+)"
PAIR = re.compile(r"(?:^|\s+)\s*(\S+?)\s*=(?:%s)" % WORD, re.DOTALL)
PAIRS_AT_END = re.compile(r".*?((?:(?:^|\s+)\s*\S+?\s*=(?:%s)\s*)*)$" % re.sub(r"\((?!\?)", "(?:", WORD), re.DOTALL)
OPTIONAL = re.compile(r"(\s*){{\s*(\S+?)\s*\s*=\s*(?:%s|(.+?))\s*}}" % QUOTED, re.DOTALL)
REQUIRED = re.compile(r"(\s*){{\s*(\S+?)\s*}}")
ANCHORS = {"begin": (r"\A", "^"), "end": (r"\Z", "$")}


def place(match: Match[str]) -> str:
    """Returns the expression of a parameter in a command, with the space before it."""
    inside = r"(?:(?<=').+?(?=')|(?<=\").+?(?=\")|{.+?}|.+?)"
    return "%s[\"']?(?P<%s>%s)[\"']?" % (match.group(1), match.group(2), inside)


def compiled(format_str: str) -> "re.Pattern[str]":
    """Returns the expression that a format is. It means the whole command unless it has anchors itself."""
    text = OPTIONAL.sub(lambda match: "(?:%s)?" % place(match), format_str)
    text = REQUIRED.sub(place, text)
    begins, ends = anchored(text)
    return re.compile(("" if begins else r"^\s*") + text + ("" if ends else r"\s*$"), re.DOTALL)


def anchored(text: str) -> Tuple[bool, bool]:
    """Whether an expression says where the beginning and the end are: not within a set, nor escaped."""
    bare = re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "", text)
    bare = re.sub(r"\(\?(?:P?[<=!:][^>)]*>?|[aiLmsux-]+[:)])", "(", bare)
    marks = re.findall(r"\\[\s\S]|[\s\S]", bare)
    return any(mark in ANCHORS["begin"] for mark in marks), any(mark in ANCHORS["end"] for mark in marks)


def extract_parameters(format_str: str, param_stream: str, match_multiple: bool = False) -> Any:
    """Returns the parameters that a format finds in a command, or a list of them with match_multiple."""
    command = param_stream or ""
    expression = compiled(format_str or "")
    extra: Dict[str, str] = {}
    tail = PAIRS_AT_END.match(command)
    rest = command
    if tail and tail.group(1):
        extra = {found[0]: "".join(found[1:]) for found in PAIR.findall(tail.group(1))}
        rest = command.replace(tail.group(1), "")
    defaults = {found[1]: "".join(found[2:]) for found in OPTIONAL.findall(format_str or "")}

    def parameters(match: Any) -> Dict[str, Any]:
        if not match:
            raise ParseException('Command "%s" doesn\'t match format string "%s"' % (command, format_str))
        found = dict(match.groupdict())
        for name, default in defaults.items():
            found[name] = found.get(name) or default
        found.update(extra)
        if format_str and not rest.strip() and not any(found.values()):
            raise ParseException("No value supplied and no default value found.")
        return found

    padded = " %s " % rest
    if match_multiple:
        return [parameters(match) for match in expression.finditer(padded)]
    return parameters(expression.search(padded))


def extract_parameters_for_action_alias_db(
    action_alias_db: Any, format_str: str, param_stream: str, match_multiple: bool = False
) -> Any:
    """Returns the parameters that a format of an alias finds in a command."""
    formats: List[str] = action_alias_db.get_format_strings()
    if format_str not in formats:
        raise ValueError(
            'Format string "%s" is not available on the alias "%s"' % (format_str, action_alias_db.name)
        )
    return extract_parameters(format_str, param_stream, match_multiple)
