"""What is printed where: nothing steers a terminal, nothing is too wide for it, and JSON stays JSON."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata

import pytest

import cli
from commands.shared.output import Output
from tests.support.command_line import (
    CLI,
    COLOUR,
    ENVIRONMENT,
    PATIENCE,
    data,
    line,
    rows_of,
    run,
    sessions,
    shown_on_a_terminal,
)

# -- what strangers wrote ----------------------------------------------------------------------------------------------


EVIL = "\x1b[2J\x9b31m\x07\x08\r\x00\x7f\x85\u061c\u202e\u2066\u2028\ud83d"


STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Sessions in which every text that a client, a model or a gateway gives holds what steers a terminal."""
    message = {"role": f"role{EVIL}", "content": f"content{EVIL}\n"}
    parts = [f"part{EVIL}", {"type": f"type{EVIL}"}, {"type": "tool_use", "name": EVIL, "input": {EVIL: EVIL}}]
    call = {"id": EVIL, "type": EVIL, "function": {"name": f"name{EVIL}", "arguments": f"arguments{EVIL}"}}
    texts = dict.fromkeys(("model", "question", "answer", "reasoning", "system", "chat_id", "api"), f"text{EVIL}")
    messages = [message, {**message, "content": parts, "tool_calls": [call]}, EVIL, None, [EVIL]]
    broken = {"response_code": "500", "response_code_details": EVIL, "response_flags": EVIL, "route_name": EVIL}
    cut = f"{EVIL * 3} [truncated] {EVIL * 3}"
    lines = [
        line(f"evil{EVIL}\nid", 1, **texts, messages=messages, tool_calls=[call, EVIL, {EVIL: EVIL}]),
        line(f"evil{EVIL}\nid", 2, **{**texts, "answer": cut}, messages=cut, tool_calls=cut),
        line(f"evil{EVIL}\nid", 3, model=None, input_token_details={EVIL: EVIL}, outer=broken),
        line(None, 4, consumer=f"team{EVIL}", model=EVIL),
    ]
    return sessions(tmp_path_factory.mktemp("hostile") / "sessions", *lines)


def test_nothing_in_a_log_steers_the_terminal(hostile):
    """No control or bidi character of a log comes out, in a table, a transcript, an error or JSON."""
    ids = [row["session_id"] for row in data("list", "--data-dir", hostile)]
    assert sorted(ids) == [f"evil{EVIL}\nid", f"no-session:team{EVIL}:2026-02-01"]
    # An id with a NUL or half a character cannot be given on a command line, so the file gets one that can.
    typed = "evil\x1b[2J\u202e"
    sessions(hostile, line(typed, 5, answer=EVIL))

    asked = [
        ["list"],
        ["show", typed],
        ["show", "--full", typed],
        ["show", "--messages", "full", typed],
        ["show", "ewil"],
        *(["stats-model"], ["stats-consumer"], ["stats-tool"], ["stats-date", "--days", "30000"], ["summary"]),
        *(["list", "--model", f"x{typed}"], ["summary", "--consumer", f"x{typed}"], ["show", "id"]),
    ]
    for command in [each + more for each in asked for more in ([], ["--json"])]:
        done = run(*command, "--data-dir", hostile)

        assert done.returncode == (3 if command[1:2] == ["ewil"] else 0)
        assert STEERS.findall(done.stdout + done.stderr) == []
        if "--json" in command:
            assert len(done.stdout) > 60
            json.loads(done.stdout)


def test_a_hostile_session_in_full(hostile, capsys):
    """Whatever the fields of a round hold, showing it neither fails nor lets anything through."""
    for row in (row.fields for row in rows_of(hostile)):
        for more in ([], ["--full"], ["--messages", "full"], ["--json"]):
            options = cli.parser().parse_args(["show", row["session_id"], "--data-dir", str(hostile), *more])
            written = io.BytesIO()
            with contextlib.redirect_stdout(io.TextIOWrapper(written, "utf-8", "backslashreplace")) as stream:
                assert cli._run(options) == 0
                stream.flush()

            shown = written.getvalue().decode()
            assert STEERS.findall(shown) == []
            if "--json" in more:
                assert json.loads(shown)["data"]["session_id"] == row["session_id"]
    assert capsys.readouterr().err == ""


# -- where the output goes ---------------------------------------------------------------------------------------------


def test_a_reader_that_has_seen_enough(tmp_path):
    """`cli.py … | head -1` is quiet and fine, however much more there was to say."""
    folder = sessions(tmp_path / "sessions", *(line("s", number, answer="x" * 3000) for number in range(1, 100)))
    for command in (["show", "s", "--full"], ["show", "s", "--json"]):
        shell = 'out=$("$@" | { read -r line; printf %s "$line"; }; printf " %s" "${PIPESTATUS[*]}"); printf %s "$out"'
        arguments = [sys.executable, str(CLI), *command, "--data-dir", str(folder)]
        done = subprocess.run(
            [shutil.which("bash"), "-c", shell, "bash", *arguments],
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            timeout=PATIENCE,
            check=True,
        )

        assert done.stderr == ""
        assert done.stdout.endswith(" 0 0")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("command", [["list"], ["show", "s", "--json"], ["show", "nobody"]])
def test_closed_streams(tmp_path, command, closed):
    """Without standard output, or without standard error, a command does what it does otherwise."""
    folder = sessions(tmp_path / "sessions", line("s"))
    done = through_a_shell(f'"$@" {closed}', *command, "--data-dir", folder)
    assert "Traceback" not in done.stderr
    assert done.returncode == (3 if "nobody" in command else 0)


@pytest.mark.parametrize("command", [["list"], ["show", "s"], ["show", "s", "--json"]])
def test_a_full_disk_behind_the_output(tmp_path, command):
    """What could not be written is no answer: that is said, and no folder is blamed for it."""
    if not os.path.exists("/dev/full"):
        pytest.skip("needs Linux' /dev/full")
    folder = sessions(tmp_path / "sessions", line("s", answer="x" * 100_000))
    done = through_a_shell('"$@" >/dev/full', *command, "--data-dir", folder)
    assert (done.returncode, done.stderr) == (1, "cli.py: No space left on device\n")


def through_a_shell(script, *arguments):
    """Run cli.py to its end as a shell does."""
    shell = [shutil.which("bash"), "-c", script, "bash", sys.executable, CLI, *arguments]
    return subprocess.run(shell, capture_output=True, text=True, env=ENVIRONMENT, timeout=PATIENCE, check=False)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk"])
def test_a_locale_without_utf8(tmp_path, encoding):
    """Where the output cannot hold a character, text shows an escape, and JSON is still JSON that says the same."""
    texts = {"question": "查询北京天气 🙂", "answer": "Zürich"}
    folder = sessions(tmp_path / "sessions", line("agent:café-会话-🙂", **texts))
    environment = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": encoding}

    for command in (["list"], ["show", "agent:café-会话-🙂"], ["show", "agnet:café"]):
        done = subprocess.run(
            [sys.executable, "-X", "utf8=1", CLI, *command, "--data-dir", folder, "--json"],
            capture_output=True,
            env={**ENVIRONMENT, **environment},
            timeout=PATIENCE,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        envelope = json.loads(done.stdout.decode("ascii"))
        if command == ["list"]:
            assert envelope["data"][0]["session_id"] == "agent:café-会话-🙂"
        elif command[1] != "agnet:café":
            assert envelope["data"]["rounds"][0]["answer"] == "Zürich"

        done = subprocess.run(
            [sys.executable, "-X", "utf8=1", CLI, *command, "--data-dir", folder],
            capture_output=True,
            env={**ENVIRONMENT, **environment},
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == (3 if command[1:] == ["agnet:café"] else 0)
        assert b"Traceback" not in done.stderr


def width(text):
    """How many columns the text takes, by Unicode's own tables."""
    visible = (char for char in text if not unicodedata.category(char).startswith("M") and char != "\ufe0f")
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in visible)


@pytest.mark.parametrize("columns", [80, 200])
def test_widths_on_a_terminal(tmp_path, columns):
    """No line is wider than the terminal, also in Chinese and with emoji, and numbers stand under each other."""
    chinese = "查询北京天气，并给出未来三天的预报。" * 8
    texts = {"question": chinese, "answer": f"{chinese}\n\n| 表 | 🙂 |\n{chinese}", "reasoning": "no-spaces" * 60}
    messages = [{"role": "user", "content": chinese}]
    folder = sessions(
        tmp_path / "sessions",
        line("agent:main:discord:channel:1465367993012981988", 1),
        line("会话-2-🙂-" + "很长的名字" * 20, 2, model="通义千问-max-2026-01-25", **texts, messages=messages),
        line("é" * 30, 3, input_token=1234567),
    )

    table, complaints = shown_on_a_terminal(columns, "list", "--data-dir", folder)
    (long_id,) = (row["session_id"] for row in data("list", "--data-dir", folder) if row["session_id"] > "会")
    details, _ = shown_on_a_terminal(columns, "show", long_id, "--data-dir", folder)

    assert max(map(width, table)) <= columns
    assert len(table) == 5
    ends = {width(row.partition(".")[0]) for row in table[2:] if "$" in row}  # before the decimals of what it cost
    assert len(ends) == 1
    assert ("no room for" in complaints) == (columns < 200)
    assert max(map(width, details)) <= columns
    assert chinese.replace(" ", "") in "".join(text.strip() for text in details)


def test_wide_cuts_nothing(sample):
    """With --wide a narrow terminal is shown what a pipe is."""
    shown, complaints = shown_on_a_terminal(40, "list", "--data-dir", sample, "--wide")
    narrow, missed = shown_on_a_terminal(40, "list", "--data-dir", sample)

    piped = run("list", "--data-dir", sample)
    assert (shown, complaints.splitlines()) == (piped.stdout.splitlines(), piped.stderr.splitlines())
    assert narrow != shown
    assert "--wide" in missed


@pytest.mark.parametrize(
    ("options", "environment", "is_coloured"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, True),
        ([], {"TERM": "dumb"}, False),
        (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1", "TERM": "dumb"}, True),
    ],
)
def test_colours_on_a_terminal(weather, options, environment, is_coloured):
    """A terminal is shown colours unless NO_COLOR or the terminal says no; --color has the last word."""
    for command in (["list"], ["show", "last"], ["stats-model"]):
        asked = [*command, "--data-dir", weather, *options]
        shown, _ = shown_on_a_terminal(200, *asked, colours=True, **environment)
        plain, _ = shown_on_a_terminal(200, *command, "--data-dir", weather, "--color", "never", colours=True)

        assert any(COLOUR.search(text) for text in shown) == is_coloured
        assert [COLOUR.sub("", text) for text in shown] == plain
        assert not any("\x1b" in text for text in plain)


def test_colours_elsewhere(weather):
    """A pipe is shown colours only with --color always, and JSON never has any."""
    assert "\x1b" not in run("list", "--data-dir", weather).stdout
    assert COLOUR.search(run("list", "--data-dir", weather, "--color", "always").stdout)
    assert "\x1b" not in run("show", "last", "--data-dir", weather, "--color", "always", "--json").stdout


@pytest.mark.parametrize(
    ("is_terminal", "done", "total", "told"),
    [
        (True, 1, 3, "\rmaking: 33 %\x1b[K"),
        (True, 3, 3, "\rmaking: 100 %\x1b[K\r\x1b[K"),
        (True, 0, 0, ""),
        (False, 1, 3, ""),
    ],
)
def test_progress(monkeypatch, capsys, is_terminal, done, total, told):
    """How far something is stands in one line of the terminal, which is empty again at its end; elsewhere it is not told."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)

    Output.progress("making", done, total)

    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize(
    ("columns", "headings"),
    [
        (40, ["Session ID", "Cost"]),
        (60, ["Session ID", "Cost", "About"]),
        (80, ["Session ID", "Updated", "Msgs", "Cost", "About"]),
        (100, ["Session ID", "Updated", "Msgs", "Cost", "Status", "About"]),
        (120, ["Session ID", "Updated", "Msgs", "Input", "Output", "Cost", "Status", "Model", "About"]),
        (
            160,
            [
                "Session ID",
                "Updated",
                "Msgs",
                "Input",
                "Cached",
                "Output",
                "Reasoning",
                "Cost",
                "Status",
                "Model",
                "About",
            ],
        ),
    ],
)
def test_which_columns_a_list_keeps(sample, columns, headings):
    """What says least about a session gives way first; an id is told apart at every width."""
    (heading, _, *rows), complaints = shown_on_a_terminal(columns, "list", "--data-dir", sample)

    assert re.split(r" {2,}", heading) == headings
    ids = [re.split(r" {2,}", row)[0] for row in rows]
    assert len(set(ids)) == len(ids)
    dropped = [name for name in ("Updated", "Status", "Reasoning") if name not in headings]
    assert all(name in "".join(complaints) for name in dropped)
