"""Which files are the pages made of, and what is sent in place of many of them?

In the folder a page is markup that names its style sheets and one module, and has a line in the place of each part that
all pages have, with the values of what differs in it.  It is served with these parts, and with one style sheet and one
script that hold all that it names, under names that change with what is in them, so that a browser may keep them for good.
Each file stands at its own address, too: there a map leads whoever looks for the place of an error.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
from collections.abc import Iterator, Mapping

from session_monitor.base import data_tables
from session_monitor.text import own_names

from . import bundle
from .server.exchange import HTML, JSON, AnswerBody

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")
API = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openapi.json")
_KINDS = {
    ".html": HTML,
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": JSON,
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_FIRST = "index.html"
_STATIC = "/static/"
_PART = re.compile(r'<!-- (shared/\w+\.html)((?: \w+="[^"]*")*) -->\n')
_VALUE = re.compile(r'(\w+)="([^"]*)"')
_LINK = re.compile(r'(<a [^>]*href=")(?:\./)?')
_STYLE = re.compile(r'<link rel="stylesheet" href="static/([\w./]+)">\n')
_SCRIPT = re.compile(r'<script type="module" src="static/([\w./]+)"></script>\n')
REFUSAL = "refusal.html"
"""The page that says why there is no answer, among the others: no request asks for it, since it is no path."""
_OPEN = re.compile(r"/static/(refusal\.[0-9a-f]{16}\.(css|js)|shared/(early\.js|icon\.svg)|texts/texts\.[\w-]+\.json)")
_LASTING = re.compile(r"/static/\w+\.[0-9a-f]{16}\.\w+")


def files(folder: str = FOLDER) -> dict[str, AnswerBody]:
    """All there are, by the path at which they are asked for; no other path leads to a file.

    A page stands at its own address, each other file at ``/static/`` and its name within the folder.
    """
    found = {name: _content(os.path.join(folder, name)) for name in _names(folder)}
    table = {_STATIC + name: content for name, content in found.items() if not name.endswith(".html")}
    for name, content in found.items():
        if name.endswith(".html") and "/" not in name:
            table.update(_page(name, content, found))
    return {**table, **api()}


def api() -> dict[str, AnswerBody]:
    """What describes the API, by the path at which it is asked for."""
    return {"/api/openapi.json": _content(API)}


def is_page(path: str) -> bool:
    """Whether a person opens this path, and not a script."""
    return path in _PAGES


def is_open(path: str) -> bool:
    """Whether this belongs to the page that says why there is no answer: whoever has no key sees it, too."""
    return _OPEN.fullmatch(path) is not None


def is_lasting(path: str) -> bool:
    """Whether what stands at this path will never be anything else."""
    return _LASTING.fullmatch(path) is not None


def refusal_page(files: Mapping[str, AnswerBody], asked: str, code: str, texts: Mapping[str, str]) -> AnswerBody | None:
    """The page that says, in some languages, why what was ``asked`` is not answered; None where there is no such page.

    Its files are named as seen from there, however many folders deep that is and whatever a proxy puts before.
    """
    page = files.get(REFUSAL)
    if page is None:
        return None
    said = "".join(f'<p lang="{tag}">{html.escape(text)}</p>' for tag, text in texts.items())
    up = "../" * (asked.count("/") - 1)
    filled = {b"{base}": up or "./", b"{code}": code, b"{said}": said}
    body = page.body
    for gap, value in filled.items():
        body = body.replace(gap, value.encode())
    return AnswerBody(body, page.kind)


# -- pages -------------------------------------------------------------------------------------------------------------


def _page(name: str, content: AnswerBody, found: Mapping[str, AnswerBody]) -> Iterator[tuple[str, AnswerBody]]:
    """A page with one style sheet and one script, and these, each by its path."""
    own = name[: -len(".html")]
    text = _with_parts(name, found)
    styles, scripts = _STYLE.findall(text), _SCRIPT.findall(text)
    head = ""
    if styles:
        style = b"".join(found[each].body for each in styles)
        path = _lasting(own, style, "css")
        yield path, AnswerBody(style, _KINDS[".css"])
        head += f'<link rel="stylesheet" href="{path[1:]}">\n'
    for entry in scripts:
        sources = {each: found[each].body.decode() for each in found if each.endswith(".js")}
        made = bundle.bundled(entry, sources)
        path = _lasting(own, made.code.encode(), "js")
        map_name = path.rpartition("/")[2] + ".map"
        yield path, AnswerBody(f"{made.code}//# sourceMappingURL={map_name}\n".encode(), _KINDS[".js"])
        yield f"{path}.map", AnswerBody(made.map.encode())
        head += f'<script type="module" src="{path[1:]}"></script>\n'
    first = _STYLE.search(text) or _SCRIPT.search(text)
    if first:
        text = text[: first.start()] + head + _SCRIPT.sub("", _STYLE.sub("", text[first.start() :]))
    if name == REFUSAL:
        text = _LINK.sub(r"\1{base}", text.replace('="static/', '="{base}static/'))
    yield _path(name), AnswerBody(text.encode(), content.kind)


def _with_parts(name: str, found: Mapping[str, AnswerBody]) -> str:
    """A page's markup with the parts of all pages in it, and the values in them that it gives; of the links it stands out."""

    def filled(part: re.Match[str]) -> str:
        text = found[part[1]].body.decode()
        for gap, value in _VALUE.findall(part[2]):
            text = text.replace(f"{{{gap}}}", value)
        return _PART.sub(filled, text)

    text = _PART.sub(filled, found[name].body.decode())
    own = "./" if name == _FIRST else name[: -len(".html")]
    return text.replace(f'<a href="{own}"', f'<a href="{own}" aria-current="page"')


def _path(name: str) -> str:
    if name == REFUSAL:
        return name  # which no request can ask for
    return "/" if name == _FIRST else "/" + name[: -len(".html")]


def _lasting(name: str, body: bytes, kind: str) -> str:
    """A path that changes with what stands there."""
    return f"{_STATIC}{name}.{hashlib.blake2b(body, digest_size=8).hexdigest()}.{kind}"


# -- files -------------------------------------------------------------------------------------------------------------


def _names(folder: str) -> list[str]:
    """The files of the pages, as ``shared/dom.js``: by their folders below this one."""
    return [name for name in data_tables.names_below(folder) if _kind(name)]


def _kind(name: str) -> str | None:
    return _KINDS.get(os.path.splitext(name)[1])


def _content(path: str) -> AnswerBody:
    body, kind = data_tables.content(path), _kind(path) or JSON
    if own_names.is_installed() and kind != _KINDS[".png"]:
        body = own_names.as_typed(body.decode()).encode()
    return AnswerBody(body, kind)


_PAGES = frozenset(_path(name) for name in _names(FOLDER) if name.endswith(".html") and "/" not in name)
