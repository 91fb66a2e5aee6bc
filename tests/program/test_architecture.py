"""The house is built as it was drawn: what may import what, read off the import statements.

Ranks are drawn in data/architecture.json, from the lowest to the highest, with the sides that meet in files only. What
rooms a package has, and which of them are doors (others may import them), its own docstring says: it is the map.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import json
import re
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


def is_package(module):
    """Whether a full dotted name is a package's own file."""
    return module.endswith("__init__")


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


OF_OTHER_VERSIONS = {"_sha2", "_sha256", "compression"}
"""Python's own, before 3.12 or from then on, or from 3.14 on."""


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


def package_of(module):
    """The package that a module lies in; "" for a program at the top."""
    return module.rpartition(".")[0]


def rooms_on_the_map(docstring):
    """What a package's docstring says of its rooms: {name: whether it is a door}, in reading order.

    A room is an indented line that begins with a name, or with several and their marks: ``name ●  what it answers``.
    """
    rooms = {}
    for line in docstring.splitlines()[1:]:
        beginning = re.match(r"    ((?:\w+(?: ●)?(?:, )?)+)  ", line)
        for room in beginning.group(1).split(", ") if beginning else ():
            rooms[room.replace(" ●", "")] = room.endswith(" ●")
    return rooms


def wrong_maps(maps, modules):
    """Where a package's map ({package: {room: is a door}}) and its folder differ, each as a sentence."""
    rooms = {f"{package}.{room}" for package, rooms in maps.items() for room in rooms}
    inside = {module for module in modules if package_of(module)}
    return sorted(
        [f"{room} is on the map and does not exist" for room in rooms - inside]
        + [f"{module} exists and is on no map" for module in inside - rooms]
    )


def wrong_ranks(ranks, packages):
    """Where the drawing's ranks and the packages that there are differ, each as a sentence."""
    drawn = [name for rank in ranks for name in rank]
    return sorted(
        [f"{name} is drawn {drawn.count(name)} times" for name in set(drawn) if drawn.count(name) > 1]
        + [f"{name} is drawn and does not exist" for name in set(drawn) - set(packages)]
        + [f"{name} exists and has no rank" for name in set(packages) - set(drawn)]
    )


def upward_imports(ranks, graph):
    """Every import of another package's module that does not go to a lower rank, as a sentence."""
    rank = {name: height for height, packages in enumerate(ranks) for name in packages}
    return sorted(
        f"{module} imports {target}, which is in no lower rank"
        for module, targets in graph.items()
        for target in targets
        if package_of(module) != package_of(target) and rank[package_of(target)] >= rank[package_of(module)]
    )


def through_the_wall(maps, graph):
    """Every import of an inner room from outside its package, as a sentence."""
    return sorted(
        f"{module} imports {target}, which is no door"
        for module, targets in graph.items()
        for target in targets
        if package_of(module) != package_of(target) and not maps[package_of(target)].get(target.rpartition(".")[2])
    )


def unused_doors(maps, graph):
    """Every door that no other package uses."""
    used = {
        target for module, targets in graph.items() for target in targets if package_of(module) != package_of(target)
    }
    doors = {f"{package}.{room}" for package, rooms in maps.items() for room, is_door in rooms.items() if is_door}
    return sorted(doors - used)


def circles(graph):
    """The modules that import each other, directly or through others."""
    return sorted(module for module in graph if module in reach(graph, module))


def reach(graph, start):
    """Every module that ``start`` imports, directly or through others."""
    seen, todo = set(), [start]
    while todo:
        new = graph.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen


def repeated_classes(sources):
    """The public classes that several modules have, each with these."""
    homes = {}
    for module, source in sources.items():
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(short(module))
    return {name: modules for name, modules in homes.items() if len(modules) > 1}


def crossings(sides, graph):
    """Every module of one side (packages, or single modules) that needs one of another side's, as a sentence."""
    named = {name: side for side, names in sides.items() for name in names}
    side_of = {module: named.get(module, named.get(package_of(module))) for module in graph}
    return sorted(
        f"{module} ({side}) needs {target} ({side_of[target]})"
        for module, side in side_of.items()
        if side
        for target in reach(graph, module)
        if side_of[target] not in (side, None)
    )


# --- The house as it stands ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sources():
    """The text of every file that runs on a user's machine, by its full dotted name."""
    texts = {name: path.read_text(encoding="utf-8") for name, path in run_time_files().items()}
    return {**texts, "cli": written_out(texts["cli"], sorted(set(cli.COMMANDS.values())))}


@pytest.fixture(scope="module")
def graph(sources):
    """Which module of the project imports which; what a package itself says (its version) counts as nobody's."""
    return {
        short(module): {short(target) for target in targets if not is_package(target)}
        for module, targets in own_imports(sources).items()
        if not is_package(module)
    }


@pytest.fixture(scope="module")
def maps(sources):
    """The rooms of each package, as its docstring has them."""
    return {
        short(name.rpartition(".")[0]): rooms_on_the_map(ast.get_docstring(ast.parse(source), clean=False) or "")
        for name, source in sources.items()
        if is_package(name) and name != f"{PACKAGE}.__init__"
    }


def test_run_time_code_needs_the_standard_library_alone(sources):
    """Nothing has to be installed: all imports, also those in functions, are Python's own or the project's."""
    own = {name.partition(".")[0] for name in sources}
    foreign = {name: foreign_imports(source, name, own) for name, source in sources.items()}
    assert {name: names for name, names in foreign.items() if names} == {}


def test_run_time_code_is_written_in_the_oldest_supported_python(sources):
    """Every run-time file parses by the grammar of Python 3.9."""
    for name, source in sources.items():
        ast.parse(source, filename=name, feature_version=OLDEST_PYTHON)


def test_every_package_has_its_rank(maps):
    """The drawing lists exactly the packages that there are, each once, and the programs above them."""
    assert wrong_ranks(DRAWING["ranks"], {*maps, ""}) == []


def test_every_room_is_on_its_map(maps, graph):
    """A package's docstring names the modules that it has, and no others."""
    assert wrong_maps(maps, graph) == []


def test_imports_go_down(graph):
    """A module imports modules of packages of lower ranks, and of its own: no face is anybody's library."""
    assert upward_imports(DRAWING["ranks"], graph) == []


def test_imports_go_through_doors(maps, graph):
    """What is no door is nobody's business outside its package, and what is one is used."""
    assert through_the_wall(maps, graph) == []
    assert unused_doors(maps, graph) == []


def test_nothing_goes_round_in_circles(graph):
    """No module needs itself through others, also within a package."""
    assert circles(graph) == []


def test_a_name_of_a_class_has_one_meaning(sources):
    """Whoever reads the name of a public class need not ask which one is meant."""
    assert repeated_classes(sources) == {}


@pytest.mark.parametrize("sides", DRAWING["apart"], ids=" and ".join)
def test_sides_that_are_apart_meet_in_files_only(sides, graph):
    """What writes the session files and what answers questions from them never import each other."""
    assert crossings(sides, graph) == []


def test_sides_name_what_there_is_once(graph):
    """A side can't be watched through a name that is misspelt, or that is on two sides."""
    for sides in DRAWING["apart"]:
        named = [name for names in sides.values() for name in names]
        assert sorted(set(named)) == sorted(named)
        assert set(named) <= {name for rank in DRAWING["ranks"] for name in rank} | set(graph)


def test_a_package_is_a_docstring_alone(sources):
    """Importing one module does not bring in others behind the drawing's back: a package only says what is in it."""
    for name, source in sources.items():
        if is_package(name):
            _docstring, *rest = ast.parse(source).body
            assert [ast.unparse(each).partition(" = ")[0] for each in rest] == ["__version__"] * (
                name == f"{PACKAGE}.__init__"
            )


def test_the_map_of_the_house_names_every_wing(sources):
    """The main package's docstring leads through all wings, with their ranks in the drawing's order; not into them."""
    lines = (ast.get_docstring(ast.parse(sources[f"{PACKAGE}.__init__"])) or "").splitlines()
    named = [match.group(1) for line in lines if (match := re.match(r"    (\w+)/  ", line))]

    drawn = [name for rank in DRAWING["ranks"] for name in rank if "." not in name]
    assert named == [name for name in drawn if f"{PACKAGE}.{name}.__init__" in sources]


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


@pytest.mark.parametrize("word", [*cli.COMMANDS, "os", "commands.stats.names", "../x", "", "--help", "-"])
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


def test_a_map_is_read():
    """Rooms are the indented lines of a docstring; a mark makes one a door, and what else is told is passed over."""
    docstring = """What is asked?

    tail ●       which bytes are new
    inner        how that is found out
    one ●, two   two of a kind

Told in words:  not a room.
"""
    assert rooms_on_the_map(docstring) == {"tail": True, "inner": False, "one": True, "two": False}


def test_a_difference_between_map_and_folder_is_found():
    """Missing and made-up rooms are each named; programs above are no rooms."""
    assert wrong_maps({"log": {"tail": True, "made_up": False}}, {"log.tail", "log.new", "main"}) == [
        "log.made_up is on the map and does not exist",
        "log.new exists and is on no map",
    ]
    assert wrong_maps({"log": {"tail": True}}, {"log.tail", "main"}) == []


def test_a_difference_between_drawing_and_packages_is_found():
    """Missing, made-up and repeated packages are each named."""
    assert wrong_ranks([["a", "b"], ["b", "c"]], {"a", "b", "d"}) == [
        "b is drawn 2 times",
        "c is drawn and does not exist",
        "d exists and has no rank",
    ]
    assert wrong_ranks([["a"], ["b"]], {"a", "b"}) == []


def test_an_import_upward_or_sideways_is_found():
    """An import within a rank is as wrong as one that goes up; one that goes down, or stays in the package, is right."""
    graph = {"low.a": {"high.a"}, "left.a": {"right.a", "low.a", "left.b"}, "high.a": {"left.a"}, "main": {"high.a"}}
    assert upward_imports([["low"], ["left", "right"], ["high"], [""]], graph) == [
        "left.a imports right.a, which is in no lower rank",
        "low.a imports high.a, which is in no lower rank",
    ]


def test_an_import_of_an_inner_room_is_found():
    """An inner room may be imported within its package alone; a door that leads nowhere is found, too."""
    maps = {"log": {"tail": True, "inner": False, "old": True}}
    graph = {"main": {"log.inner", "log.tail"}, "log.tail": {"log.inner", "log.old"}}
    assert through_the_wall(maps, graph) == ["main imports log.inner, which is no door"]
    assert unused_doors(maps, graph) == ["log.old"]


def test_a_circle_is_found():
    """However long it is, and wherever it is entered."""
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == ["b", "c"]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_a_class_of_a_name_that_is_taken_is_found():
    """Public ones at the top of modules count, each once."""
    taken, inner = "class Place:\n    class Inner: ...", "class _Place: ...\nclass Inner: ..."
    assert repeated_classes({"a.x": taken, "b.x": taken, "c.x": inner}) == {"Place": ["a.x", "b.x"]}


def test_a_crossing_is_found_also_round_a_corner():
    """A side that needs the other one through a third package needs it all the same."""
    graph = {"log.tail": {"base.helper"}, "base.helper": {"reports.report"}, "reports.report": set()}
    sides = {"writer": ["log"], "reader": ["reports"]}
    assert crossings(sides, graph) == ["log.tail (writer) needs reports.report (reader)"]
    assert crossings(sides, {**graph, "base.helper": set()}) == []
