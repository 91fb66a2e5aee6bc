"""The house is built as it was drawn: what may import what, read off the import statements.

The drawing is data/architecture.json: ``layers`` from the lowest to the highest, ``sides`` that meet in files only.
A new module is entered there, in the lowest layer that can hold it.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import json
import sys
import sysconfig
from pathlib import Path

import pytest

import cli
from commands.shared import parsers

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"
PACKAGE = "session_monitor"
DRAWING = json.loads((ROOT / "tests" / "data" / "architecture.json").read_text(encoding="utf-8"))
OLDEST_PYTHON = (3, 9)
LOADER = 'importlib.import_module(f"commands.{name}")'
"""How the command line loads the one module that it needs: the only import by function call."""


# --- Reading a house ---------------------------------------------------------------------------------------------------


def run_time_files():
    """Every Python file that runs on a user's machine, by its full dotted name."""
    files = {".".join(path.relative_to(SCRIPTS).with_suffix("").parts): path for path in SCRIPTS.rglob("*.py")}
    return {"main": ROOT / "main.py", **files}


def short(dotted):
    """The name of a module in the drawing: without the package's name."""
    return dotted[len(PACKAGE) + 1 :] if dotted.startswith(PACKAGE + ".") else dotted


def imported_names(source, module="", python=None):
    """Every dotted name that a source imports, wherever in it, and ``module`` completes its relative imports.

    ``from a import b`` may mean the module ``a.b`` or something in ``a``: both names are given. An import by function
    call hides what it imports, so it is given as the name of that function with "()", which no list allows.
    """
    names = set()
    for node in ast.walk(ast.parse(source, feature_version=python)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("__import__", "import_module"):
                names.add(f"{called}()")
    return names


def is_standard(name):
    """Whether a top-level name is a module of the standard library."""
    if sys.version_info >= (3, 10):
        return name in sys.stdlib_module_names
    return is_found_in_standard_library(name)


def is_found_in_standard_library(name):
    """The same, by looking where the module lies: for Python 3.9, which has no list of names."""
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None or spec.origin is None:
        return False
    if spec.origin in ("built-in", "frozen"):
        return True
    origin = Path(spec.origin).resolve()
    homes = [Path(sysconfig.get_path(key)).resolve() for key in ("stdlib", "platstdlib")]
    inside = any(home in origin.parents for home in homes)
    return inside and not {"site-packages", "dist-packages"} & set(origin.parts)


OF_OTHER_VERSIONS = {"_sha2", "_sha256"}
"""Python's own, before 3.12 or from then on."""


def foreign_imports(source, module, own):
    """What a source imports that is neither the standard library's nor the project's ``own`` (top-level names)."""
    tops = {name.partition(".")[0] for name in imported_names(source, module)}
    return sorted(top for top in tops - set(own) - OF_OTHER_VERSIONS if not is_standard(top))


def own_imports(sources):
    """Which of the given modules ({full dotted name: source}) each of them imports, by the same names."""
    graph = {}
    for module, source in sources.items():
        names = imported_names(source, module)
        # `from session_monitor import store` names the package as well: meant is the store alone.
        meant = {name for name in names if not any(other.startswith(f"{name}.") for other in names & set(sources))}
        graph[module] = {target for name in meant if (target := nearest(name, sources)) not in (None, module)}
    return graph


def nearest(name, modules):
    """The module that a dotted name lies in: itself or the closest of its parents; None where there is none."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


def written_out(source, modules):
    """The source of the command line with plain imports in place of its loader."""
    before, loader, after = source.partition(LOADER)
    assert loader
    return f"{before}(){after}\nimport {', '.join(f'commands.{name}' for name in modules)}\n"


# --- Judging it --------------------------------------------------------------------------------------------------------


def wrong_entries(layers, modules):
    """Where the drawing and the folder differ, each as a sentence."""
    drawn = [name for layer in layers for name in layer]
    return sorted(
        [f"{name} is drawn {drawn.count(name)} times" for name in set(drawn) if drawn.count(name) > 1]
        + [f"{name} is drawn and does not exist" for name in set(drawn) - set(modules)]
        + [f"{name} exists and is in no layer" for name in set(modules) - set(drawn)]
    )


def upward_imports(layers, graph):
    """Every import that does not go to a lower layer, as a sentence."""
    rank = {name: height for height, layer in enumerate(layers) for name in layer}
    return sorted(
        f"{module} imports {target}, which is in no lower layer"
        for module, targets in graph.items()
        for target in targets
        if module in rank and target in rank and rank[target] >= rank[module]
    )


def reach(graph, start):
    """Every module that ``start`` imports, directly or through others."""
    seen, todo = set(), [start]
    while todo:
        new = graph.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen


def crossings(sides, graph):
    """Every module of one side that needs one of another side, as a sentence."""
    return sorted(
        f"{module} ({side}) needs {target} ({other})"
        for side, modules in sides.items()
        for other, targets in sides.items()
        if other != side
        for module in modules
        for target in reach(graph, module) & set(targets)
    )


# --- The house as it stands ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sources():
    """The text of every file that runs on a user's machine, by its full dotted name."""
    texts = {name: path.read_text(encoding="utf-8") for name, path in run_time_files().items()}
    return {**texts, "cli": written_out(texts["cli"], sorted(set(cli.COMMANDS.values())))}


@pytest.fixture(scope="module")
def graph(sources):
    """Which module of the project imports which, by their names in the drawing."""
    return {short(module): {short(target) for target in targets} for module, targets in own_imports(sources).items()}


def test_run_time_code_needs_the_standard_library_alone(sources):
    """Nothing has to be installed: all imports, also those in functions, are Python's own or the project's."""
    own = {name.partition(".")[0] for name in sources}
    foreign = {name: foreign_imports(source, name, own) for name, source in sources.items()}
    assert {name: names for name, names in foreign.items() if names} == {}


def test_run_time_code_is_written_in_the_oldest_supported_python(sources):
    """Every run-time file parses by the grammar of Python 3.9."""
    for name, source in sources.items():
        ast.parse(source, filename=name, feature_version=OLDEST_PYTHON)


def test_every_module_has_its_place_in_the_drawing(sources):
    """The drawing lists exactly the modules that exist, each once."""
    modules = {short(name) for name in sources if not name.endswith("__init__")}
    assert wrong_entries(DRAWING["layers"], modules) == []


def test_imports_go_down(graph):
    """A module imports modules of lower layers only, so there are no cycles and no face is anybody's library."""
    assert upward_imports(DRAWING["layers"], graph) == []


def test_writer_and_reader_meet_in_files_only(graph):
    """What writes the session files and what answers questions from them never import each other."""
    assert crossings(DRAWING["sides"], graph) == []


def test_sides_name_modules_of_the_drawing_once():
    """A side can't be watched through a name that is misspelt, or that is on two sides."""
    named = [name for names in DRAWING["sides"].values() for name in names]
    assert sorted(set(named)) == sorted(named)
    assert set(named) <= {name for layer in DRAWING["layers"] for name in layer}


def test_the_package_itself_imports_none_of_its_modules(sources):
    """Importing one module does not bring in the others behind the drawing's back."""
    packages = {name: source for name, source in sources.items() if name.endswith("__init__")}
    for name, source in packages.items():
        assert not [found for found in imported_names(source, name) if found.startswith(PACKAGE)]


# --- The command line's table of modules -------------------------------------------------------------------------------


def test_the_table_names_every_module_with_commands(sources):
    """Each module that the table names exists, and a module that adds commands can be reached through it."""
    folder = {name.partition(".")[2]: source for name, source in sources.items() if name.startswith("commands.")}
    adding = {
        name
        for name, source in folder.items()
        if any(isinstance(node, ast.FunctionDef) and node.name == "add" for node in ast.parse(source).body)
    }

    assert adding == set(cli.COMMANDS.values())


@pytest.mark.parametrize("module", sorted(set(cli.COMMANDS.values())))
def test_the_table_names_every_command(module):
    """What a module adds to the command line is what the table says stands in it."""
    commands = argparse.ArgumentParser().add_subparsers()
    importlib.import_module(f"commands.{module}").add(commands, parsers.shared_options())

    assert set(commands.choices) == {command for command, home in cli.COMMANDS.items() if home == module}


@pytest.mark.parametrize("word", [*cli.COMMANDS, "os", "commands.stats", "../x", "", "--help", "-"])
def test_the_loader_loads_what_the_table_names(monkeypatch, word):
    """Whatever a user types, nothing but a module of the table is loaded; for a command it is the one it stands in."""
    loaded = []
    real = importlib.import_module
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: loaded.append(name) or real(name))

    cli.parser([word])

    wanted = [cli.COMMANDS[word]] if word in cli.COMMANDS else dict.fromkeys(cli.COMMANDS.values())
    assert loaded == [f"commands.{name}" for name in wanted]


# --- The judges can say no -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os, json.decoder as d", {"os", "json.decoder"}),
        ("def f():\n    from a.b import c", {"a.b", "a.b.c"}),
        ("from . import store", {"session_monitor", "session_monitor.store"}),
        ("from .store import Round", {"session_monitor.store", "session_monitor.store.Round"}),
        ("import importlib\nimportlib.import_module('x')", {"importlib", "import_module()"}),
        ("__import__('x')", {"__import__()"}),
    ],
)
def test_every_way_to_import_is_seen(source, expected):
    """No import escapes by where it stands or how it is written."""
    assert imported_names(source, "session_monitor.report") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os, sqlite3\nfrom collections.abc import Iterator\nfrom session_monitor.store import x", []),
        ("def f():\n    import pytest", ["pytest"]),
        ("from yaml.nodes import Node", ["yaml"]),
        ("__import__('os')", ["__import__()"]),
    ],
)
def test_a_foreign_import_is_found(source, expected):
    """Packages that would have to be installed are named, and the standard library's and our own are not."""
    assert foreign_imports(source, "main", {"session_monitor"}) == expected


def test_the_loader_becomes_imports():
    """The one import by function call counts as imports of all that it may load; any other is still found."""
    source = f"import importlib\n{LOADER}.add()\nimportlib.import_module('x')\n"

    names = imported_names(written_out(source, ["a", "b"]), "cli")
    assert names == {"importlib", "commands.a", "commands.b", "import_module()"}
    assert imported_names(written_out(f"{LOADER}\n", ["a"]), "cli") == {"commands.a"}


@pytest.mark.parametrize("name", ["sys", "os", "json", "sqlite3", "fcntl", "zlib", "http", "__future__"])
def test_the_standard_library_is_recognised_by_its_place(name):
    """Without a list of names, built-in, frozen, Python and C modules are all recognised."""
    assert is_found_in_standard_library(name)


@pytest.mark.parametrize("name", ["pytest", "tests", "no_such_module", "import_module()"])
def test_other_modules_are_recognised_by_their_place(name):
    """Without a list of names, installed and made-up modules are none of the standard library's."""
    assert not is_found_in_standard_library(name)


@pytest.mark.parametrize(
    "source",
    [
        "match x:\n    case 1: pass",
        "try: pass\nexcept* ValueError: pass",
        "type Name = int",
        "def first[T](items: list[T]) -> T: ...",
    ],
)
def test_newer_grammar_is_found(source):
    """Syntax that Python 3.9 lacks does not parse."""
    with pytest.raises(SyntaxError):
        ast.parse(source, feature_version=OLDEST_PYTHON)


def test_imports_become_arrows_between_modules():
    """Only what is imported counts: a module, something in it, a module of the package, by any way of writing it."""
    sources = {
        "main": "from session_monitor import ingest\nimport os",
        "session_monitor.__init__": "",
        "session_monitor.ingest": "from session_monitor.store import append\nfrom . import tail",
        "session_monitor.store": "def f():\n    import session_monitor.usage as u",
        "session_monitor.tail": "from session_monitor import VERSION",
        "session_monitor.usage": "",
    }
    assert {short(name): {short(target) for target in targets} for name, targets in own_imports(sources).items()} == {
        "main": {"ingest"},
        "__init__": set(),
        "ingest": {"store", "tail"},
        "store": {"usage"},
        "tail": set(),
        "usage": set(),
    }


def test_a_difference_between_drawing_and_folder_is_found():
    """Missing, made-up and repeated modules are each named."""
    assert wrong_entries([["a", "b"], ["b", "c"]], {"a", "b", "d"}) == [
        "b is drawn 2 times",
        "c is drawn and does not exist",
        "d exists and is in no layer",
    ]
    assert wrong_entries([["a"], ["b"]], {"a", "b"}) == []


def test_an_import_upward_or_sideways_is_found():
    """An import within a layer is as wrong as one that goes up; one that goes down is right."""
    graph = {"low": {"high"}, "left": {"right", "low"}, "right": {"low"}, "high": {"left"}}
    assert upward_imports([["low"], ["left", "right"], ["high"]], graph) == [
        "left imports right, which is in no lower layer",
        "low imports high, which is in no lower layer",
    ]


def test_a_crossing_is_found_also_round_a_corner():
    """A side that needs the other one through a third module needs it all the same."""
    graph = {"ingest": {"helper", "store"}, "helper": {"report"}, "report": {"store"}, "store": set()}
    sides = {"writer": ["ingest"], "reader": ["report"]}
    assert crossings(sides, graph) == ["ingest (writer) needs report (reader)"]
    assert crossings(sides, {**graph, "helper": set()}) == []
