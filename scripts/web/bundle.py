"""How do a page's modules become one file, so that a browser asks once and not some thirty times?

Each module that is imported becomes a function that is called once, in the order in which a browser would run them, and
gives what the module exports; the page's own stands at the end as it is.  Lines stay lines, so that a map can say of each
which one of which module it was.  Only the forms of import and export that the pages use are known; whatever else begins
like one is refused, when the server starts and not in a browser.
"""

from __future__ import annotations

import functools
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_IMPORT = re.compile(r'import \{ (\w+(?:, \w+)*) \} from "(\.{1,2}/[\w./]+\.js)";')
_EXPORT = re.compile(r"export ((?:async function|function|const|class) (\w+)\b.*)")
_EITHER = re.compile(r"\s*(?:import|export)\b")
_HIDDEN = re.compile(r"(?<![\w.$])import\s*[(.]")
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
"""Those of a map: https://tc39.es/ecma426/."""


class UnknownFormError(ValueError):
    """A module has an import or an export of a form that is not known here."""


class Module(NamedTuple):
    """What a module imports (from which module which names), what it exports, and its lines with neither of both."""

    imports: tuple[tuple[str, str], ...]
    exports: tuple[str, ...]
    lines: tuple[str, ...]


class Bundle(NamedTuple):
    """The one file, without the comment that names its map, and the map."""

    code: str
    map: str


def bundled(entry: str, sources: Mapping[str, str]) -> Bundle:
    """The module ``entry`` with all that it needs; ``sources`` are modules by their paths.

    Raises ``UnknownFormError``.
    """
    modules = {name: parsed(name, sources[name]) for name in _in_order(entry, sources)}
    lines: list[str] = []
    places: list[str] = []
    line_before = 0
    for number, (name, module) in enumerate(modules.items()):
        is_entry = name == entry
        lines.append(
            f"// {name}" if is_entry else f"const {_variable(name)} = (function {_variable(name)}() {{ // {name}"
        )
        lines += module.lines
        lines += [] if is_entry else [f"return {{ {', '.join(module.exports)} }};", "})();"]
        # Each place counts from the one before it: the file, the line in it; and a module's first from the last one's.
        first = f"A{_vlq(min(number, 1))}{_vlq(-line_before)}A"
        places += ["", first, *["AACA"] * (len(module.lines) - 1), *([] if is_entry else ["", ""])]
        line_before = len(module.lines) - 1
    found = {"version": 3, "sources": list(modules), "names": [], "mappings": ";".join(places)}
    return Bundle("\n".join(lines) + "\n", json.dumps(found))


@functools.lru_cache(maxsize=256)
def parsed(name: str, source: str) -> Module:
    """A module by its path and its text, for all pages that it is part of.  Raises ``UnknownFormError``."""
    imports, exports, lines = [], [], []
    for number, line in enumerate(source.rstrip("\n").split("\n"), 1):
        if "port" not in line:  # what most lines are: neither import nor export
            lines.append(line)
            continue
        imported, exported = _IMPORT.fullmatch(line), _EXPORT.fullmatch(line)
        if imported:
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), imported[2]))
            imports.append((other, imported[1]))
            lines.append(f"const {{ {imported[1]} }} = {_variable(other)};")
        elif exported:
            exports.append(exported[2])
            lines.append(exported[1])
        elif _EITHER.match(line) or _HIDDEN.search(line):
            raise UnknownFormError(f"{name}:{number}: {line.strip()}")
        else:
            lines.append(line)
    return Module(tuple(imports), tuple(exports), tuple(lines))


def _in_order(entry: str, sources: Mapping[str, str]) -> list[str]:
    """The modules as a browser runs them: each behind those that it imports.  Raises ``UnknownFormError``."""
    found: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise UnknownFormError(f"{name} imports itself, by way of {', '.join(above)}")
        if name in found:
            return
        if name not in sources:
            raise UnknownFormError(f"{above[-1] if above else 'a page'}: there is no {name}")
        for other, _ in parsed(name, sources[name]).imports:
            visit(other, (*above, name))
        found[name] = None

    visit(entry, ())
    return list(found)


def _variable(name: str) -> str:
    """What a module is called in the file, which no module calls anything of its own."""
    return "module$" + re.sub(r"\W", "_", name[: -len(".js")])


def _vlq(number: int) -> str:
    """A number as maps write it."""
    return "".join(_digits(-number * 2 + 1 if number < 0 else number * 2))


def _digits(rest: int) -> Iterator[str]:
    while True:
        digit, rest = rest % 32, rest // 32
        yield _DIGITS[digit + (32 if rest else 0)]
        if not rest:
            return
