"""completion as a shell uses it: what it offers, and what is on the command line afterwards."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import subprocess
import sys
import termios

import pytest

from commands import list as listing
from commands import show, tail, watch, whatif
from commands.completion import command as completion
from commands.completion import shells, tree
from commands.pricing import command as pricing
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.command_line import ROOT, SCRIPTS, command_line, status_of
from tests.support.needs import need_tool
from tests.support.waiting import until

IDS = [
    "agent:main:discord:channel:1465367993012981988",
    "agent:ops:telegram:group:-1003013002483",
    "调研/新能源车市场 🚗",
    "mail@example.com=1",
    'it\'s "quoted" `touch pwned` $(touch pwned) \\ & ; !',
    "evil\x1b[31m",
]
PROGRAM = f"""\
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(SCRIPTS)!r}]
from commands.completion import command
from tests.support.command_line import command_line, status_of
sys.exit(status_of(command_line(command).parse_args()))
"""


def every_shape():
    """A command line with commands of every shape."""
    top = command_line(listing, show, whatif, pricing, watch, tail, completion)
    top.add_argument("--version", action="version", version="0")
    return top


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A person's home: sessions with ids that are hard to type, a program that tells them, and the scripts."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "sessions"
    folder.mkdir()
    lines = (calls.line(each, start_time=f"2026-02-01T09:30:{n:02}Z") for n, each in enumerate(reversed(IDS)))
    (home / "access.log").write_bytes(b"".join(each + b"\n" for each in lines))
    state = Checkpoint(str(folder / ".state.json"), str(folder))
    Ingest([str(home / "access.log")], Store(str(folder)), state).poll()
    (home / "ask.py").write_text(PROGRAM, encoding="utf-8")
    for shell in ("bash", "zsh", "fish"):
        made = shells.script(shell, "cli.py", every_shape(), [sys.executable, str(home / "ask.py")])
        (home / f"completion.{shell}").write_text(made, encoding="utf-8")
    return home


def environment(home):
    """A person's settings, and nobody else's."""
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LD_LIBRARY_PATH")}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "xterm", "HISTFILE": ""}


def asked(home, *arguments):
    """What the hidden command prints."""
    done = subprocess.run(
        [sys.executable, home / "ask.py", "__complete", *arguments],
        cwd=home,
        env=environment(home),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


# -- the hidden command ------------------------------------------------------------------------------------------------


def test_ids_that_begin_so(home):
    """Ids with the prefix are printed, the latest first; those that a terminal cannot show are not among them."""
    assert asked(home, "ids") == IDS[:5]
    assert asked(home, "ids", "") == IDS[:5]
    assert asked(home, "ids", "agent:") == IDS[:2]
    assert asked(home, "ids", "agent:o", "--data-dir", str(home / "sessions")) == [IDS[1]]
    assert asked(home, "ids", "gent") == []
    assert asked(home, "ids", "a*") == asked(home, "ids", "[a]") == asked(home, "ids", "?gent") == []


def test_ids_where_something_is_wrong(home, tmp_path):
    """Where there are no sessions, or their prices are wrong, nothing is printed."""
    assert asked(home, "ids", "--data-dir", str(tmp_path / "none")) == []
    (tmp_path / ".prices.json").write_text("{", encoding="utf-8")
    assert asked(home, "ids", "--data-dir", str(tmp_path)) == []


def test_ids_are_not_too_many(tmp_path, home):
    """No more than fifty ids are printed, the latest."""
    (tmp_path / "sessions").mkdir()
    lines = (calls.line(f"s{n:03}", start_time=f"2026-02-01T09:{n // 60:02}:{n % 60:02}Z") for n in range(120))
    (tmp_path / "access.log").write_bytes(b"".join(each + b"\n" for each in lines))
    state = Checkpoint(str(tmp_path / "sessions/.state.json"), str(tmp_path / "sessions"))
    Ingest([str(tmp_path / "access.log")], Store(str(tmp_path / "sessions")), state).poll()

    assert asked(home, "ids", "--data-dir", str(tmp_path / "sessions")) == [f"s{n:03}" for n in range(119, 69, -1)]


def test_the_hidden_command_is_hidden():
    """Neither the help nor what shells offer names it."""
    assert "__complete" not in every_shape().format_help()
    for shell in ("bash", "zsh", "fish"):
        assert "__complete" not in shells.script(shell, "cli.py", every_shape(), []).replace("__complete ids", "")


def test_the_command_prints_the_script(capsys):
    """Given the whole command line from above, it prints what the shell has to read, under the name that is asked for."""
    top = every_shape()
    top.set_defaults(command_line=every_shape)
    for shell in ("bash", "zsh", "fish"):
        options = top.parse_args(["completion", shell, "--name", "my-sessions"])
        status_of(options)

        printed = capsys.readouterr().out
        program = [sys.executable, str(SCRIPTS / "cli.py")]
        assert printed == shells.script(shell, "my-sessions", every_shape(), program)
        assert "_my_sessions" in printed
        assert re.findall("@[A-Z]+@", printed) == []


@pytest.mark.parametrize("name", ["", "a b", "a;b", "$(a)", "../a", "-a", "a'"])
def test_a_name_that_is_none(capsys, name):
    """What would not be a command's name in every shell is refused."""
    with pytest.raises(SystemExit) as end:
        every_shape().parse_args(["completion", "bash", f"--name={name}"])
    assert end.value.code == 2
    assert "is no name of a command" in capsys.readouterr().err


# -- bash --------------------------------------------------------------------------------------------------------------


def offered(home, line):
    """What bash offers for a line whose end is typed just now."""
    # As bash breaks a line into words (COMP_WORDBREAKS): at : and = as well.
    words = re.findall(r'(?:"[^"]*"?|\\.|[^\s:=])+|[:=]+', line)
    words += [""] if line.endswith(" ") else []
    last = "" if words[-1][:1] in (":", "=") else words[-1].lstrip("\"'")
    harness = "source completion.bash; COMP_LINE=$1 COMP_POINT=${#1} COMP_CWORD=$(($# - 3)); shift; last=$1; shift;"
    harness += (
        'COMP_WORDS=("$@"); _cli_py cli.py "$last" ""; ((${#COMPREPLY[@]} == 0)) || printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [need_tool("bash"), "--norc", "-c", harness, "bash", line, last, *words],
        cwd=home,
        env=environment(home),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cli.py ", ["list", "show", "whatif", "pricing", "watch", "tail", "completion"]),
        ("cli.py wh", ["whatif"]),
        ("cli.py pricing ", ["list", "show", "set", "rate", "alias", "seller", "discount", "assume", "reset"]),
        ("cli.py pricing se", ["set", "seller"]),
        ("cli.py pricing seller my-route bed", ["bedrock"]),
        ("cli.py pricing set --cu", ["--currency"]),
        ("cli.py --v", ["--version"]),
        ("cli.py list --sort-by ", ["cost", "created", "rounds", "tokens", "updated"]),
        ("cli.py list --sort-by=to", ["tokens"]),
        ("cli.py list --limit ", []),
        ("cli.py list --limit 3 --rev", ["--reverse"]),
        ("cli.py completion ", ["bash", "zsh", "fish"]),
        ("cli.py completion bash ", []),
        ("cli.py list --data-dir ses", ["sessions"]),
        ("cli.py list --data-dir=ses", ["sessions"]),
        ("cli.py show agent:", ["main:discord:channel:1465367993012981988", "ops:telegram:group:-1003013002483"]),
        ("cli.py show agent:ops:tele", ["telegram:group:-1003013002483"]),
        ("cli.py show --full agent:ops:tele", ["telegram:group:-1003013002483"]),
        ("cli.py show --messages none agent:m", ["main:discord:channel:1465367993012981988"]),
        ("cli.py show agent:main agent:", []),
        ("cli.py list --session agent:ops:tele", ["telegram:group:-1003013002483"]),
        ("cli.py list --session=agent:ops:tele", ["telegram:group:-1003013002483"]),
        ("cli.py show --data-dir ~/sessions agent:m", ["main:discord:channel:1465367993012981988"]),
        ("cli.py show --data-dir=./sessions agent:m", ["main:discord:channel:1465367993012981988"]),
        ("cli.py show --data-dir none ", []),
        ("cli.py nonsense ", []),
    ],
)
def test_what_bash_offers(home, line, expected):
    """Commands, options, choices, folders and ids, each where it may stand, and of a word only what is not typed yet."""
    assert offered(home, line) == expected


def test_bash_offers_every_command_and_option(home):
    """Whatever the command line knows is offered."""

    def walk(node):
        path = " ".join(["cli.py", *node.path])
        assert [each.path[-1] for each in node.below] == (offered(home, f"{path} ") if node.below else [])
        assert offered(home, f"{path} -") == [name for option in node.options for name in option.names]
        for each in node.below:
            walk(each)

    walk(tree.tree(every_shape()))


def test_the_middle_of_a_line(home):
    """What stands behind the cursor does not matter."""
    harness = (
        'source completion.bash; COMP_LINE="cli.py sh last" COMP_POINT=9 COMP_CWORD=1; COMP_WORDS=(cli.py sh last)'
    )
    harness += '; _cli_py cli.py sh cli.py; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run([need_tool("bash"), "-c", harness], cwd=home, capture_output=True, text=True, check=True)

    assert done.stdout == "show\n"


# -- the shells themselves ---------------------------------------------------------------------------------------------

START = {
    "bash": (["--norc", "--noprofile", "-i"], "bind 'set bell-style none'"),
    "zsh": (["-f", "-i"], "autoload -Uz compinit; compinit -D"),
    "fish": (["--no-config", "-i"], "true"),
}
FUNCTION = {
    "bash": "cli.py() { printf '%s\\0' \"$@\" > said.tmp; mv said.tmp said; }",
    "zsh": "cli.py() { printf '%s\\0' \"$@\" > said.tmp; mv said.tmp said; }",
    "fish": "function cli.py; printf '%s\\0' $argv > said.tmp; mv said.tmp said; end",
}


class Shell:
    """One Shell is a real one at a terminal, with the completion loaded; what it would run is told, not run."""

    def __init__(self, name, home):
        arguments, first = START[name]
        self._said = home / "said"
        self._said.unlink(missing_ok=True)
        self._terminal, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [need_tool(name), *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=home,
            env=environment(home),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 -- no threads here
        )
        os.close(theirs)
        os.set_blocking(self._terminal, False)
        self._type(f"{first}; source completion.{name}; {FUNCTION[name]}\n")
        self.args("cli.py ready\n")

    def _type(self, text):
        os.write(self._terminal, text.encode())

    def _is_told(self):
        with contextlib.suppress(BlockingIOError):  # a terminal that nobody reads stops the shell
            os.read(self._terminal, 65536)
        return self._said.exists()

    def args(self, typed):
        """The arguments that the command gets when this is typed."""
        self._type(typed)
        until(self._is_told, f"the shell runs {typed!r}")
        arguments = self._said.read_bytes().decode().split("\0")[:-1]
        self._said.unlink()
        return arguments

    def close(self):
        """End it."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


@pytest.fixture
def at_a_terminal(home):
    """Makes such shells, and takes them away at the end."""
    made = []

    def make(name):
        made.append(Shell(name, home))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_tab_in_a_shell(at_a_terminal, home, name):
    """After Tab the command gets what was meant, one word each, also ids with colons, spaces, quotes and dollars."""
    shell = at_a_terminal(name)

    assert shell.args("cli.py wh\t\n") == ["whatif"]
    assert shell.args("cli.py pricing al\t\n") == ["pricing", "alias"]
    assert shell.args("cli.py list --sort-by tok\t\n") == ["list", "--sort-by", "tokens"]
    folder = shell.args("cli.py list --data-dir ses\t\n")
    assert [word.rstrip("/") for word in folder] == ["list", "--data-dir", "sessions"]
    assert shell.args("cli.py show agent:m\t\n") == ["show", IDS[0]]
    assert shell.args("cli.py show agent:ops:tele\t--full\n") == ["show", IDS[1], "--full"]
    assert shell.args("cli.py show 调\t\n") == ["show", IDS[2]]
    assert shell.args("cli.py show mail@ex\t\n") == ["show", IDS[3]]
    assert shell.args("cli.py show it\t\n") == ["show", IDS[4]]
    assert shell.args('cli.py show "agent:m\t\n') == ["show", IDS[0]]
    assert shell.args('cli.py show "调\t\n') == ["show", IDS[2]]
    assert not (home / "pwned").exists()
