"""Which files the pages are made of, and at which address each of them stands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.page_markup import PAGES, begun
from web import static

NAMES = ("index", "session", "prices", "coverage", "compare", "alerts", "insights")
PATHS = ("/", *(f"/{name}" for name in NAMES[1:]))
BUNDLED = re.compile(
    r"/static/(index|session|refusal|prices|coverage|compare|alerts|insights)\.[0-9a-f]{16}\.(js|js\.map|css)$"
)


def test_each_file_stands_at_its_name_within_the_folder():
    """Whatever lies in a folder of the pages is served at /static/ and its folder, with its own bytes."""
    named = {path.relative_to(PAGES).as_posix(): path for path in PAGES.rglob("*") if path.is_file()}
    others = {f"/static/{name}": path for name, path in named.items() if not name.endswith(".html")}
    expected = {**others, "/api/openapi.json": Path(static.API)}

    assert {path: content.body for path, content in made().items()} == {
        path: file.read_bytes() for path, file in expected.items()
    }
    assert "/static/shared/dom.js" in expected


def made():
    """What is served as it lies in the folder."""
    return {
        path: each
        for path, each in static.files().items()
        if not (static.is_page(path) or BUNDLED.match(path) or path == static.REFUSAL)
    }


@pytest.mark.parametrize(("path", "name"), list(zip(PATHS, NAMES)))
def test_a_page_is_one_script_and_one_style_sheet(path, name):
    """Both stand under names that change with what is in them; the markup beside them is the page's own and that of all."""
    table = static.files()
    page, source = table[path].body.decode(), source_of(name)
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
    (script,) = re.findall(r'<script type="module" src="([^"]+)">', page)
    sheets = re.findall(r'<link rel="stylesheet" href="static/([^"]+)">', source)

    assert (static.is_lasting(f"/{style}"), static.is_lasting(f"/{script}")) == (True, True)
    assert table[f"/{style}"].body == b"".join((PAGES / each).read_bytes() for each in sheets)
    assert len(sheets) > 1
    code = table[f"/{script}"].body.decode()
    assert code.rstrip().endswith(f"//# sourceMappingURL={script.partition('/')[2]}.map")
    sources = json.loads(table[f"/{script}.map"].body)["sources"]
    assert {f"/static/{each}" for each in sources} <= set(table)
    assert len(sources) > 5
    assert page.partition("</head>")[2].replace(' aria-current="page"', "") == source.partition("</head>")[2]


def source_of(name):
    """The markup of a page, with that of all pages in its places."""
    text = begun((PAGES / f"{name}.html").read_text(encoding="utf-8"))
    for part in ("head", "top"):
        line = f"<!-- shared/{part}.html -->\n"
        assert text.count(line) == 1
        text = text.replace(line, (PAGES / "shared" / f"{part}.html").read_text(encoding="utf-8"))
    return text


def test_a_page_stands_out_among_the_links_to_pages():
    """Each page has the same links at its top, and that to itself is marked; that of a session is none of them."""
    table = static.files()
    marked = {path: re.findall(r'<a href="([^"]+)" aria-current="page"', table[path].body.decode()) for path in PATHS}
    links = {re.search(r"<nav.*?</nav>", table[path].body.decode(), re.DOTALL)[0].count("<a ") for path in PATHS}

    assert marked == {"/": ["./"], "/session": [], **{f"/{name}": [name] for name in NAMES[2:]}}
    assert len(links) == 1


def test_only_what_cannot_change_lasts():
    """A browser never asks again for what stands under a name with a mark, so nothing else may look like one."""
    assert [path for path in static.files() if static.is_lasting(path) and not BUNDLED.match(path)] == []
    assert not static.is_lasting("/static/shared/dom.js")


def test_the_kind_is_told_by_the_name():
    """A browser runs no script and applies no style that is not said to be one."""
    kinds = {path.rpartition(".")[2]: content.kind for path, content in static.files().items() if "." in path}

    assert kinds == {
        "js": "text/javascript; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "html": "text/html; charset=utf-8",
        "svg": "image/svg+xml",
        "json": "application/json",
        "map": "application/json",
    }


def test_what_no_page_is_made_of_is_not_served(tmp_path):
    """Neither other kinds of files, nor folders that lie elsewhere and are only linked, nor the pages once more."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.js").write_bytes(b"")
    folder = tmp_path / "pages"
    (folder / "shared").mkdir(parents=True)
    for name in ("index.html", "shared/a.js", "shared/a.js~", "shared/.key", "shared/page.html", "notes.txt"):
        (folder / name).write_bytes(b"")
    (folder / "linked").symlink_to(elsewhere)

    assert set(static.files(str(folder))) == {"/", "/static/shared/a.js", "/api/openapi.json"}
