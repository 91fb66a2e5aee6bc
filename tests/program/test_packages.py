"""Installed by pip, and as one zip file each, the programs answer as they do in their folder."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from session_monitor import __version__
from tests.support.webserving import PATIENCE, asked, program

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "tests" / "data" / "sample" / "access.log"
SESSION = "agent:main:discord:channel:1465367993012981988"
BUILD = "import sys; from setuptools import build_meta as b; print(getattr(b, 'build_' + sys.argv[1])(sys.argv[2]))"
ENVIRONMENT = {**os.environ, "PYTHONIOENCODING": "utf-8", "SESSION_MONITOR_CONFIG": ""}
ENVIRONMENT.pop("PYTHONPATH", None)


def run(*command, **options):
    """What a command that succeeds prints."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False, env=ENVIRONMENT, **options)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The project as somebody has it who has cloned it, to build in."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("main.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def sdist(copied):
    """The source distribution, as a file."""
    run(sys.executable, "-c", BUILD, "sdist", "dist", cwd=copied)
    (made,) = (copied / "dist").iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """The wheel that is built from the source distribution, as a file."""
    folder = tmp_path_factory.mktemp("unpacked")
    shutil.unpack_archive(sdist, folder, **({"filter": "data"} if sys.version_info >= (3, 12) else {}))
    (source,) = folder.iterdir()
    run(sys.executable, "-c", BUILD, "wheel", "dist", cwd=source)
    (made,) = (source / "dist").iterdir()
    return made


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """A fresh virtual environment in which that is installed, and nothing else."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin" / "python"]
    if sys.version_info < (3, 10):  # its pip knows no --python
        venv.create(folder, with_pip=True)
        pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-index", wheel)
    return folder / "bin", packages


@pytest.fixture(scope="module")
def zips(copied):
    """The folder with the programs as zip files."""
    own = {**ENVIRONMENT, "PYTHON": sys.executable}
    subprocess.run(["bash", "scripts/deploy/zipapps.sh", "zips"], cwd=copied, env=own, check=True)
    return copied / "zips"


@pytest.fixture(params=["pip", "zip"])
def commands(request):
    """How one calls each of the programs."""
    if request.param == "pip":
        bin_folder, _ = request.getfixturevalue("site")
        return lambda name: [bin_folder / name]
    folder = request.getfixturevalue("zips")
    return lambda name: [sys.executable, folder / name]


@pytest.fixture
def sessions(commands, tmp_path):
    """The sample's sessions, read by the monitor so called."""
    run(*commands("session-monitor"), "--once", "--log-path", SAMPLE, "--output-dir", tmp_path / "s", cwd=tmp_path)
    return tmp_path / "s"


def test_nobody_else_sees_its_packages(site):
    """One package and the module for programs come to site-packages: there are no ``commands`` and no ``web`` for others to import by mistake."""
    _, packages = site
    ours = {path.name for path in packages.iterdir()} - {"pip", "setuptools", "__pycache__", "_distutils_hack"}
    assert {name for name in ours if not re.match(r"(pip|setuptools|pkg_resources|distutils)", name)} == {
        "agent_session.py",
        "agent_session_monitor",
        f"agent_session_monitor-{__version__}.dist-info",
    }


def test_programs_may_import_its_module(site, tmp_path):
    """It finds what it needs in the package, and brings nothing else into anybody's path."""
    bin_folder, _ = site
    program = (
        "import sys; before = list(sys.path); from agent_session import session\n"
        "with session('Installed', data_dir='s') as work: print(work.log('openai', 'gpt-4o', prompt_tokens=1000, completion_tokens=100).cost)\n"
        "assert sys.path == before and 'commands' not in sys.modules"
    )
    assert run(bin_folder / "python", "-c", program, cwd=tmp_path) == "0.0035\n"
    assert "Installed" in run(bin_folder / "session-monitor-cli", "list", "--data-dir", "s", cwd=tmp_path)


def test_nothing_else_is_installed_with_it(wheel):
    """It depends on no other package."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    assert f"\nVersion: {__version__}\n" in metadata
    assert "Requires-Dist" not in metadata


def test_the_wheel_holds_every_file_that_runs(wheel):
    """What lies in the folders of the programs is in it, byte for byte; what maintainers need is not."""
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if not re.search(r"\.dist-info/", name)}

    folders = [ROOT / "scripts" / name for name in ("commands", "mcp_server", "session_monitor", "web")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [
        ROOT / "main.py",
        *(ROOT / "scripts" / f"{name}.py" for name in ("cli", "installed", "mcpserver", "webserver")),
    ]
    wanted = {f"agent_session_monitor/{path.relative_to(ROOT)}": path for path in files if path.suffix != ".pyc"}
    wanted["agent_session.py"] = ROOT / "scripts" / "agent_session.py"
    assert sorted(held) == sorted(wanted)
    assert [name for name, content in held.items() if content != wanted[name].read_bytes()] == []


QUESTIONS = [
    ["show", SESSION, "--json"],
    ["show", "last", "--format", "html"],
    ["whatif", SESSION, "--to", "gpt-4o", "--json"],
    ["stats-seller", "--json"],
    ["pricing", "show", "qwen3-max", "--json"],
    ["search", "天气", "--json"],
]


def answers(sessions, *command):
    """What is answered to each question."""
    return {question[0]: run(*command, *question, "--data-dir", sessions, cwd=sessions) for question in QUESTIONS}


def test_answers_are_those_of_the_folder(commands, sessions):
    """Every table that lies beside the code is found there: the same data gives the same answers."""
    in_folder = answers(sessions, sys.executable, ROOT / "scripts" / "cli.py")
    assert answers(sessions, *commands("session-monitor-cli")) == in_folder


def test_help_names_what_one_can_type(commands):
    """Examples and advice name the installed commands, and no file of a folder that is not there."""
    for name, words in (
        ("session-monitor", []),
        ("session-monitor-web", []),
        ("session-monitor-cli", []),
        ("session-monitor-mcp", []),
        ("session-monitor-cli", ["doctor"]),
        ("session-monitor-cli", ["completion"]),
    ):
        told = run(*commands(name), *words, "--help")
        assert f"\n  {name} " in told or f"'{name} " in told
        assert re.findall(r"\w+\.py\b", told) == []


def test_advice_names_what_one_can_type(commands, sessions, tmp_path):
    """So do failures, and what doctor says is to be done: the command that it prints is one that runs."""
    (tmp_path / "logs").mkdir()
    shutil.copy(SAMPLE, tmp_path / "logs" / "access.log")
    words = [str(word) for word in commands("session-monitor-cli")]
    asked = [*words, "doctor", "--log-path", "/no/such.log", "--data-dir", str(sessions), "--json"]
    done = subprocess.run(asked, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    (todo,) = (check["todo"] for check in json.loads(done.stdout)["data"] if check["name"] == "log")
    assert re.search(r"session-monitor --log-path \./logs/access\.log --output-dir ", todo)
    assert ".py" not in todo

    done = subprocess.run([*words, "show", "nobody"], cwd=sessions, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("session-monitor-cli: ")


def test_completion_calls_the_installed_command(commands, sessions):
    """The shell's script is for the command's own name, and asks the same program for ids."""
    script = run(*commands("session-monitor-cli"), "completion", "bash")
    assert "complete -F _session_monitor_cli" in script
    ask_ids = re.search(r"(\S*python\S* \S*session-monitor-cli __complete)", script)[1]
    assert SESSION in run(*ask_ids.split(), "ids", "--data-dir", sessions).splitlines()


def test_the_page_is_served(commands, sessions):
    """The web server finds its pages, texts and description, and answers with the sessions."""
    with program(sessions, "--trust-local-users", called=commands("session-monitor-web")) as (_, port, _greeting):

        def ask(path):
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
                return asked(connection, path)

        assert ask("/").status == 200
        page = ask("/").body.decode()
        for path in re.findall(r'(?:href|src)="(static/[^"]+)"', page):
            assert ask(f"/{path}").status == 200
        texts = ask("/static/texts/texts.zh-CN.json").body.decode()
        assert "session-monitor-cli doctor" in texts
        assert "cli.py" not in texts
        assert "session-monitor-cli list" in page
        assert json.loads(ask("/api/openapi.json").body)["openapi"]
        assert len(ask("/api/sessions").data["sessions"]) == 7


def test_agents_are_answered(commands, sessions):
    """The MCP server finds what its tools and prompts are, and answers as from the folder; it names what one can type."""
    lines = [
        {"method": "tools/list"},
        {"method": "prompts/list"},
        {"method": "tools/call", "params": {"name": "get_cost", "arguments": {"session": SESSION}}},
        {"method": "tools/call", "params": {"name": "check_budget"}},
    ]
    text = "".join(json.dumps({"jsonrpc": "2.0", "id": at, **each}) + "\n" for at, each in enumerate(lines))
    told = run(*commands("session-monitor-mcp"), "--data-dir", sessions, cwd=sessions, input=text)
    found = {each["id"]: each["result"] for each in map(json.loads, told.splitlines())}
    assert (len(found[0]["tools"]), len(found[1]["prompts"])) == (10, 2)
    assert found[2]["structuredContent"]["session_id"] == SESSION
    assert "'session-monitor-cli budget set'" in found[3]["structuredContent"]["hint"]


def test_what_the_readme_shows_of_installing_works(site, tmp_path):
    """Its commands after ``pipx install .`` do what they should in a checkout, by the names that are installed."""
    (block,) = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    install, *shown = block.splitlines()
    (tmp_path / "tests" / "data" / "sample").mkdir(parents=True)
    shutil.copy(SAMPLE, tmp_path / "tests" / "data" / "sample")

    printed = [run(site[0] / line.split()[0], *line.split()[1:], cwd=tmp_path) for line in shown]

    assert install == "pipx install ."
    assert SESSION in printed[1]
    assert printed[2] == f"agent-session-monitor {__version__}\n"


def test_the_zip_that_is_made_by_hand_works(copied):
    """What INSTALL.md shows of ``zipapp`` makes a file that runs."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs" / "INSTALL.md").read_text(), re.MULTILINE | re.DOTALL)
    (recipe,) = (block for block in blocks if "zipapp app" in block)

    run("bash", "-ec", recipe.replace("python3", f'"{sys.executable}"', 1), cwd=copied)

    assert run(sys.executable, copied / "session-monitor-cli", "--version") == f"agent-session-monitor {__version__}\n"
