"""Which files the pages are made of, and at which address each of them stands."""

from __future__ import annotations

from pathlib import Path

from web import static

PAGES = Path(static.FOLDER)


def test_each_file_stands_at_its_name_within_the_folder():
    """Whatever lies in a folder of the pages is served at /static/ and its folder, with its own bytes."""
    table = static.files()
    named = {path.relative_to(PAGES).as_posix(): path for path in PAGES.rglob("*") if path.is_file()}
    pages = {"/": PAGES / "index.html", "/session": PAGES / "session.html"}
    others = {f"/static/{name}": path for name, path in named.items() if not name.endswith(".html")}
    expected = {**pages, **others, "/api/openapi.json": Path(static.API)}

    assert {path: content.body for path, content in table.items()} == {
        path: file.read_bytes() for path, file in expected.items()
    }
    assert "/static/shared/dom.js" in table


def test_the_kind_is_told_by_the_name():
    """A browser runs no script and applies no style that is not said to be one."""
    kinds = {path.rpartition(".")[2]: content.kind for path, content in static.files().items() if "." in path}

    assert kinds == {
        "js": "text/javascript; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml",
        "json": "application/json",
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
