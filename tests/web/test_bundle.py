"""A page's modules as one file: what it runs, in which order, what it refuses, and where its map leads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.needs import need_tool
from web import bundle, static

PAGES = Path(static.FOLDER)
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def sources():
    """All modules of the pages, by their paths."""
    modules = (each for each in PAGES.rglob("*.js") if each.name != "early.js")
    return {path.relative_to(PAGES).as_posix(): path.read_text(encoding="utf-8") for path in modules}


def numbers(segment):
    """The numbers of a place in a map."""
    found, value, shift = [], 0, 0
    for each in segment:
        digit = DIGITS.index(each)
        value |= (digit & 31) << shift
        shift += 5
        if not digit & 32:
            found.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return found


def origins(made):
    """For each line of a bundle, of which module which line it was; None for those that are of none."""
    found = json.loads(made.map)
    file = line = 0
    for each in found["mappings"].split(";"):
        if not each:
            yield None
            continue
        column, files, lines, of_column = numbers(each)
        file, line = file + files, line + lines
        assert (column, of_column) == (0, 0)
        yield found["sources"][file], line


def ran(folder, made):
    """What a bundle prints where it runs."""
    (folder / "bundle.mjs").write_text(made.code, encoding="utf-8")
    command = [need_tool("node"), folder / "bundle.mjs"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_every_module_of_the_pages_uses_only_forms_that_are_known():
    """Whoever writes another form of import or export hears of it here, and not from a browser."""
    for name, text in sources().items():
        module = bundle.parsed(name, text)
        assert len(module.lines) == len(text.splitlines()), name
        assert {other for other, _ in module.imports} <= set(sources()), name


@pytest.mark.parametrize(
    "line",
    [
        'import * as a from "./a.js";',
        'import a from "./a.js";',
        'import "./a.js";',
        'import { a as b } from "./a.js";',
        'import { a } from "a";',
        'import { a } from "/static/a.js";',
        'import { a } from "./a.js"; a();',
        "import {",
        "export default 1;",
        "export { a };",
        "export let a = 1;",
        'export * from "./a.js";',
        "  export const a = 1;",
        'const a = await import("./a.js");',
        "const here = import.meta.url;",
    ],
)
def test_other_forms_are_refused(line):
    """What would mean something else in one file is named with its place, and not served."""
    with pytest.raises(bundle.UnknownFormError, match=r"^x/y\.js:2: "):
        bundle.parsed("x/y.js", f"// why\n{line}\n")


def test_what_is_no_import_is_left_alone():
    """Words in comments and properties of that name are nobody's import."""
    text = "// import what export\nconst a = b.import(1);\nexported();\nconst importer = 1;\n"
    assert bundle.parsed("a.js", text).lines == tuple(text.splitlines())


def test_modules_run_once_and_in_the_order_of_a_browser(tmp_path):
    """Each behind what it imports, with names that are its own, and exports that are functions, classes and values."""
    made = bundle.bundled(
        "page/page.js",
        {
            "page/page.js": 'import { b, C } from "./b.js";\nimport { a } from "../shared/a.js";\n'
            'const own = "page";\nawait null;\nconsole.log(own, await b(), a, new C().d);\n',
            "page/b.js": 'import { a } from "../shared/a.js";\nconst own = "b";\nconsole.log(own);\n'
            "export async function b() {\n  return own + a;\n}\nexport class C {\n  d = 4;\n}\n",
            "shared/a.js": 'const own = "a";\nconsole.log(own);\nexport const a = [own,\n  1].join("");\n',
            "page/other.js": "throw new Error();\n",
        },
    )
    assert ran(tmp_path, made) == ["a", "b", "page", "ba1", "a1", "4"]


def test_what_cannot_be_one_file_is_refused():
    """Modules that import each other in a ring, and one that is not there."""
    ring = {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}
    with pytest.raises(bundle.UnknownFormError, match="imports itself"):
        bundle.bundled("a.js", ring)
    with pytest.raises(bundle.UnknownFormError, match=r"there is no b\.js"):
        bundle.bundled("a.js", {"a.js": ring["a.js"]})


@pytest.mark.parametrize("entry", ["overview/overview.js", "session/session.js"])
def test_the_map_leads_to_the_line(entry):
    """Of each line that a module has, the map says which one it was: there an error is found."""
    made, texts = bundle.bundled(entry, sources()), {name: text.splitlines() for name, text in sources().items()}
    lines, places = made.code.splitlines(), list(origins(made))
    led = dict(zip(lines, places))

    assert len(lines) == len(places)
    for line, place in zip(lines, places):
        if place and not line.startswith("const {"):
            was = texts[place[0]][place[1]]
            assert line in (was, was.replace("export ", "", 1))
    assert len({place for place in places if place}) == sum(
        len(texts[name]) for name in json.loads(made.map)["sources"]
    )
    assert led["async function loadTexts() {"][0] == "shared/text/texts.js"
