"""Which files are the pages made of?"""

from __future__ import annotations

import os

from .server.exchange import HTML, JSON, Content

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
_PAGES = {"/": "index.html", "/session": "session.html"}


def files(folder: str = FOLDER) -> dict[str, Content]:
    """All there are, by the path at which they are asked for; no other path leads to a file.

    A page stands at its own address, each other file at ``/static/`` and its name within the folder.
    """
    found = {name: _content(os.path.join(folder, name)) for name in _names(folder)}
    table = {f"/static/{name}": content for name, content in found.items() if not name.endswith(".html")}
    table.update({path: found[name] for path, name in _PAGES.items() if name in found})
    return {**table, **api()}


def api() -> dict[str, Content]:
    """What describes the API, by the path at which it is asked for."""
    return {"/api/openapi.json": _content(API)}


def is_page(path: str) -> bool:
    """Whether a person opens this path, and not a script."""
    return path in _PAGES


def _names(folder: str) -> list[str]:
    """The files of the pages, as ``shared/dom.js``: by their folders below this one."""
    paths = (os.path.join(within, name) for within, _, names in os.walk(folder) for name in names if _kind(name))
    return sorted(os.path.relpath(path, folder).replace(os.sep, "/") for path in paths)


def _kind(name: str) -> str | None:
    return _KINDS.get(os.path.splitext(name)[1])


def _content(path: str) -> Content:
    with open(path, "rb") as file:
        return Content(file.read(), _kind(path) or JSON)
