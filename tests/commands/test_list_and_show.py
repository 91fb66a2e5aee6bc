"""cli.py as a user runs it: list and show, for people and for scripts."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import unicodedata
from pathlib import Path

import pytest

import cli
from session_monitor.base import timestamps
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.monitor.ingest import Ingest
from session_monitor.reports.report import Report
from session_monitor.sessions.store import Store
from tests.support.calls import BOOK

ROOT = Path(__file__).resolve().parent.parent.parent
CLI = ROOT / "scripts" / "cli.py"
SAMPLE = ROOT / "tests" / "data" / "sample" / "access.log"
PATIENCE = 30
ENVIRONMENT = {**os.environ, "TZ": "Asia/Shanghai", "PYTHONIOENCODING": "utf-8"}


def run(*arguments, environment=(), **options):
    """Run cli.py to its end."""
    return subprocess.run(
        [sys.executable, CLI, *map(str, arguments)],
        env={**ENVIRONMENT, **dict(environment)},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
        **options,
    )


def data(*arguments, **options):
    """What cli.py prints as JSON."""
    return envelope(*arguments, **options)["data"]


def envelope(*arguments, **options):
    """The same with what stands around it."""
    done = run(*arguments, "--json", **options)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert list(found) == ["schema_version", "data", "coverage"]
    assert found["schema_version"] == 1
    return found


def rows_of(folder):
    """The rows that the report has, as of now."""
    return Report(str(folder), BOOK, now=timestamps.now()).sessions().rows


def line(session_id, number=1, outer=(), **attributes):
    """One line of a gateway's log."""
    ai_log = {"session_id": session_id, "model": "qwen-max", "input_token": 10, "output_token": 5}
    ai_log["messages"] = [{"role": "user", "content": f"question {number}"}]
    text = json.dumps({**ai_log, "question": f"question {number}", "answer": f"answer {number}", **attributes})
    time = f"2026-02-01T{number // 60:02}:{number % 60:02}:15Z"
    return json.dumps({"ai_log": text, "response_code": "200", "start_time": time, **dict(outer)}) + "\n"


def sessions(folder, *lines):
    """A folder of sessions from these lines of a log."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.parent / "access.log"
    log.write_text("".join(lines), encoding="utf-8")
    assert (
        Ingest([str(log)], Store(str(folder)), Checkpoint(str(folder / ".state.json"), str(folder))).poll().new_rounds
    )
    return folder


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sessions of the sample log."""
    return sessions(tmp_path_factory.mktemp("sample") / "sessions", SAMPLE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def weather(tmp_path_factory):
    """One session of three rounds, the first of which calls a tool."""
    first = [{"role": "system", "content": "You help."}, {"role": "user", "content": "Check Beijing weather"}]
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"location":"北京"}'}}
    second = [*first, {"role": "assistant", "content": "", "tool_calls": [call]}]
    second += [{"role": "tool", "content": "15 degrees", "tool_call_id": "call_1"}]
    lines = [
        line("agent:main", 1, messages=first, question="Check Beijing weather", answer="", tool_calls=[call]),
        line("agent:main", 2, messages=second, reasoning="Sunny.", answer="15 degrees", input_token=1240),
        line("agent:main", 3, model=None, outer={"response_code": "503", "response_code_details": "overflow"}),
    ]
    return sessions(tmp_path_factory.mktemp("weather") / "sessions", *lines)


# -- list --------------------------------------------------------------------------------------------------------------


def test_list_of_the_sample(sample):
    """One line a session, with counts, tokens of each kind and the model, the latest first."""
    done = run("list", "--data-dir", sample)

    heading, rule, *rows = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert heading.split("  ")[0] == "Session ID"
    assert heading.split()[2:] == [
        "Updated",
        "Msgs",
        "Input",
        "Cached",
        "Output",
        "Reasoning",
        "Cost",
        "Status",
        "Model",
    ]
    assert set(rule) == {"─"}
    expected = [row.fields for row in rows_of(sample)]
    assert len(rows) == len(expected) > 1
    for row, session in zip(rows, expected):
        assert row.startswith(session["session_id"])
        assert f"{session['total_input_tokens']:,}" in row
        assert f" {session['status']} " in row
    times = [row["updated_at"] for row in expected]
    assert times == sorted(times, reverse=True)


def test_list_as_json(sample):
    """The same rows as JSON, with the names of the session files' own keys."""
    rows = data("list", "--data-dir", sample)

    assert rows == [row.to_json() for row in rows_of(sample)]
    assert {"session_id", "updated_at", "status", "messages_count", "total_input_tokens", "model"} <= set(rows[0])


def test_list_in_another_order_and_shortened(sample):
    """--sort-by tokens puts the largest first, --reverse the smallest, --limit cuts, and what was cut is counted."""
    asked = ["list", "--data-dir", sample, "--sort-by", "tokens", "--limit", "2"]
    text = run(*asked).stdout.splitlines()

    tokens = sorted(row.fields["total_tokens"] for row in rows_of(sample))
    assert [row["total_tokens"] for row in data(*asked)] == tokens[::-1][:2]
    assert [row["total_tokens"] for row in data(*asked, "--reverse")] == tokens[:2]
    assert text[-1] == f"(2 of {len(tokens)} sessions; --limit all shows the others)"
    assert len(text) == 5


def test_fifty_sessions_are_shown(tmp_path):
    """The latest fifty come unless more are asked for, and it is said, beside the data where that is JSON."""
    folder = sessions(tmp_path / "sessions", *(line(f"s{number:02}", number) for number in range(60)))

    shown = run("list", "--data-dir", folder).stdout.splitlines()
    scripts = run("list", "--data-dir", folder, "--json")

    assert [row.split()[0] for row in shown[2:-1]] == [f"s{number:02}" for number in range(59, 9, -1)]
    assert shown[-1] == "(50 of 60 sessions; --limit all shows the others)"
    assert len(json.loads(scripts.stdout)["data"]) == 50
    assert "50 of 60 sessions" in scripts.stderr
    assert len(data("list", "--data-dir", folder, "--limit", "55")) == 55
    assert len(data("list", "--data-dir", folder, "--limit", "all")) == 60


def test_list_of_nothing(tmp_path):
    """An empty folder has no sessions, which is no failure."""
    done = run("list", "--data-dir", tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"No sessions in {tmp_path} yet")
    assert run("list", "--data-dir", tmp_path, "--model", "x", "--since", "7d").stdout == done.stdout
    assert data("list", "--data-dir", tmp_path) == []


def test_list_names_what_is_no_session_file(tmp_path):
    """A file that is no session file is named on stderr and left out."""
    folder = sessions(tmp_path / "sessions", line("good"))
    for name in ("other.json", "evil\x1b[2J.json"):
        (folder / name).write_text("{}\n", encoding="utf-8")

    done = run("list", "--data-dir", folder, "--json")

    assert done.returncode == 0
    assert [row["session_id"] for row in json.loads(done.stdout)["data"]] == ["good"]
    assert "other.json cannot be read as a session" in done.stderr
    assert "\x1b" not in done.stderr


# -- show --------------------------------------------------------------------------------------------------------------


def test_show_is_the_documented_picture(weather):
    """The documented headings in their order, the rounds with what was sent, said and called."""
    done = run("show", "agent:main", "--data-dir", weather)

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == lines[2] == lines[-1] == "=" * 100
    assert [text for text in lines[1:-1] if text and set(text) != {"="}] == [
        "📊 Session Detail: agent:main",
        "🕐 Created:  2026-02-01T08:01:15+08:00",
        "🕑 Updated:  2026-02-01T08:03:15+08:00",
        "🤖 Model:    qwen-max",
        "💬 Messages: 3 (1 failed)",
        "📈 Token Statistics:",
        "   Input:                         1,260 tokens",
        "     of which cached:                 0 tokens",
        "   Output:                           15 tokens",
        "     of which reasoning:              0 tokens",
        "   Total:                         1,275 tokens",
        "💰 Estimated Cost: $0.00206 USD",
        "   not in it: 1 round unpriced, 15 tokens (no model)",
        "📝 Conversation Rounds (3):",
        "─" * 100,
        "  Round 1 @ 2026-02-01T08:01:15+08:00 · qwen-max",
        "    Tokens: 10 in → 5 out",
        "    Cost: $0.0000480 (input $0.0000160, output $0.0000320)",
        "    🔧 Tool calls: Yes",
        "    Messages (2):",
        "      [system] You help.",
        "      [user] Check Beijing weather",
        "    ❓ Question: Check Beijing weather",
        "    🛠️  Tool Calls:",
        '       - get_weather({"location":"北京"})',
        "  Round 2 @ 2026-02-01T08:02:15+08:00 · qwen-max",
        "    Tokens: 1,240 in → 5 out",
        "    Cost: $0.00202 (input $0.00198, output $0.0000320)",
        "    🔧 Tool calls: No",
        "    Messages (2 new, after 2 sent before):",
        '      [assistant] → get_weather({"location":"北京"})',
        "      [tool] 15 degrees",
        "    ✅ Answer: 15 degrees",
        "    🧠 Reasoning: Sunny.",
        "  Round 3 @ 2026-02-01T08:03:15+08:00",
        "    Tokens: 10 in → 5 out",
        "    Cost: not known (the log names no model)",
        "    ❌ Failed: 503 overflow",
        "    🔧 Tool calls: No",
        "    Messages (1):",
        "      [user] question 3",
        "    ❓ Question: question 3",
        "    ✅ Answer: answer 3",
    ]


def test_show_sessions_of_the_sample(sample):
    """A session of the sample can be shown, as text and as JSON, under the id that list gives."""
    for row in data("list", "--data-dir", sample, "--limit", "5"):
        done = run("show", row["session_id"], "--data-dir", sample)

        assert (done.returncode, done.stderr) == (0, "")
        assert f"📝 Conversation Rounds ({row['messages_count']}):" in done.stdout
        shown = data("show", row["session_id"], "--data-dir", sample)
        assert {key: shown[key] for key in row} == row
        assert [entry["round"] for entry in shown["rounds"]] == list(range(1, row["messages_count"] + 1))


def test_show_messages(weather):
    """JSON has every round's full list, text what is new; --messages says otherwise, --no-messages leaves them out."""
    whole = data("show", "agent:main", "--data-dir", weather)["rounds"]
    new = data("show", "agent:main", "--data-dir", weather, "--messages", "new")["rounds"]
    none = data("show", "agent:main", "--data-dir", weather, "--no-messages")["rounds"]
    assert none == data("show", "agent:main", "--data-dir", weather, "--messages", "none")["rounds"]

    assert [len(entry["messages"]) for entry in whole] == [2, 4, 1]
    assert [len(entry["messages"]) for entry in new] == [2, 2, 1]
    assert [entry.get("messages_from_history", 0) for entry in new] == [0, 2, 0]
    assert whole[1]["messages"] == new[0]["messages"] + new[1]["messages"]
    assert not any("messages_from_history" in entry for entry in whole)
    assert not any(key in entry for entry in none for key in ("messages", "messages_from_history"))
    assert none[0]["question"] == "Check Beijing weather"

    text = run("show", "agent:main", "--data-dir", weather, "--messages", "full").stdout
    assert "    Messages (4):\n      [system] You help." in text
    assert "[tool] 15 degrees" in text
    text = run("show", "agent:main", "--data-dir", weather, "--no-messages").stdout
    assert "Messages (" not in text
    assert "[system]" not in text


def test_show_an_unknown_session(weather):
    """An id that is no part of any is exit code 3, and ids that may have been meant are named on stderr."""
    for wrong in ("agent:mian", "aget:main"):
        done = run("show", wrong, "--data-dir", weather)

        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith(f"cli.py: no session {wrong} in {weather}; did you mean\n  agent:main\n")

    assert "'list' shows" in run("show", "zzz", "--data-dir", weather).stderr


@pytest.mark.parametrize(
    "text",
    [
        "agent:main",
        "main",
        "AGENT",
        "last",
        "http://localhost:8888/session?id=agent%3Amain",
        "https://monitor.example.org/logs/session/?id=agent:main&round=2#round-2",
    ],
)
def test_ways_to_name_a_session(weather, text):
    """A session is meant by its id, by a part of that in any case, by `last`, or by a link to its page."""
    assert data("show", text, "--data-dir", weather, "--messages", "none")["session_id"] == "agent:main"
    assert data("whatif", text, "--model", "gpt-4o", "--data-dir", weather)["session_id"] == "agent:main"


def test_a_part_of_several_ids(tmp_path):
    """A part of several ids is exit code 2 and names them, the latest first; an id that is there as a whole is meant."""
    names = ["agent:1", "agent:1:a", "Agent:2", *(f"many:{number:02}" for number in range(12))]
    folder = sessions(tmp_path / "sessions", *(line(name, number) for number, name in enumerate(names, 1)))

    done = run("show", "agent", "--data-dir", folder, "--json")
    many = run("show", "many", "--data-dir", folder)

    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "ambiguous_session")
    assert done.stderr.splitlines()[1:] == ["  Agent:2", "  agent:1:a", "  agent:1"]
    assert (many.returncode, many.stdout) == (2, "")
    assert many.stderr.splitlines()[1:] == [*(f"  many:{number:02}" for number in range(11, 1, -1)), "  …"]
    assert data("show", "agent:1", "--data-dir", folder)["session_id"] == "agent:1"
    assert data("show", "AGENT:1:", "--data-dir", folder)["session_id"] == "agent:1:a"
    assert data("show", "last", "--data-dir", folder)["session_id"] == "many:11"


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ("2", [2]),
        ("2-3", [2, 3]),
        ("2-", [2, 3]),
        ("-2", [1, 2]),
        ("last", [3]),
        ("last:2", [2, 3]),
        ("last:99", [1, 2, 3]),
        ("4-", []),
    ],
)
def test_show_some_rounds(weather, wanted, numbers):
    """--rounds picks rounds by number or the newest ones, each as it is among all of them."""
    whole = data("show", "last", "--data-dir", weather)
    some = data("show", "last", "--data-dir", weather, f"--rounds={wanted}")
    text = run("show", "last", "--data-dir", weather, f"--rounds={wanted}").stdout

    assert some["rounds"] == [entry for entry in whole["rounds"] if entry["round"] in numbers]
    assert {**some, "rounds": whole["rounds"]} == whole
    assert [int(number) for number in re.findall(r"^  Round (\d+) @", text, re.MULTILINE)] == numbers


def test_formats(weather):
    """--format json is --json, --format text the default; two that exclude each other are exit code 2."""
    asked = ["show", "last", "--data-dir", weather]

    assert run(*asked, "--format", "json").stdout == run(*asked, "--json").stdout
    assert run(*asked, "--format", "text").stdout == run(*asked).stdout
    assert run(*asked, "--json", "--format", "json").returncode == 0
    wrong = run(*asked, "--json", "--format", "text")
    assert (wrong.returncode, json.loads(wrong.stdout or "{}").get("error", {}).get("code")) == (2, "bad_format")


def test_failures_as_json(weather, tmp_path):
    """With --json a failure has a code for scripts on stdout, and its words on stderr as well."""
    for arguments, status, code in (
        (["show", "mian", "--data-dir", weather], 3, "session_not_found"),
        (["list", "--data-dir", tmp_path / "none"], 1, "no_data"),
        (["list", "--data-dir", weather, "--since", "soon"], 2, "bad_time"),
        (["list", "--data-dir", weather, "--since", "2026-02-02", "--until", "2026-02-01"], 2, "bad_time"),
        (["summary", "--data-dir", weather, "--timezone", "Nowhere"], 2, "bad_timezone"),
        (["whatif", "last", "--model", "nothing-1", "--data-dir", weather], 3, "model_not_found"),
    ):
        done = run(*arguments, "--json")

        assert done.returncode == status
        assert json.loads(done.stdout)["error"]["code"] == code
        assert json.loads(done.stdout)["error"]["message"] in done.stderr


@pytest.mark.parametrize("command", [["list"], ["show", "x"]])
@pytest.mark.parametrize("place", ["none", "file", "circle"])
def test_a_data_folder_that_is_none(tmp_path, command, place):
    """Where there is no folder of sessions the exit code is 1, and it is said in one line which one was looked for."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "circle").symlink_to("circle")

    done = run(*command, "--data-dir", tmp_path / place)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert str(tmp_path / place) in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["tell"],
        ["show"],
        ["list", "--limit", "0"],
        ["list", "--limit", "-1"],
        ["list", "--limit", "few"],
        ["list", "--sort-by", "mood"],
        ["list", "--status", "happy"],
        ["list", "--min-cost", "much"],
        ["list", "--min-cost", "-1"],
        ["list", "--color", "green"],
        ["show", "x", "--messages", "some"],
        ["show", "x", "--rounds", "few"],
        ["show", "x", "--rounds", ""],
        ["show", "x", "--rounds", "last:0"],
        ["show", "x", "--format", "yaml"],
        ["stats-date", "--by", "year"],
        ["whatif", "x"],
        ["list", "--data", "x"],
    ],
)
def test_wrong_arguments(arguments):
    """Arguments that make no sense end it with exit code 2 and the usage."""
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert "usage:" in done.stderr
    assert not re.search(r"invalid _?(positive|rounds|dollars) value", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["lits"], "list"),
        (["stat-model"], "stats-model"),
        (["list", "--sort-by", "token"], "tokens"),
        (["list", "--sort", "cost"], "--sort-by"),
        (["list", "--consummer", "x"], "--consumer"),
        (["show", "x", "--round=3"], "--rounds"),
        (["pricing", "lst"], "list"),
        (["tell"], None),
        (["list", "--xyzzy"], None),
    ],
)
def test_did_you_mean(arguments, hint):
    """A command, option or choice that is spelled wrongly is told with the one that may have been meant, if any is."""
    done = run(*arguments)

    assert done.returncode == 2
    assert re.findall(r"did you mean (\S+)\?", done.stderr) == ([hint] if hint else [])


def test_long_texts_are_shortened(tmp_path):
    """A long text is cut with a hint that says how much is missing; --full shows all of it."""
    lines, text = "\n".join(f"line {number}" for number in range(40)), "x" * 2000
    folder = sessions(tmp_path / "sessions", line("s", answer=text, reasoning=lines))

    short, full = (run("show", "s", "--data-dir", folder, *more).stdout for more in ([], ["--full"]))

    assert "… 1,400 more characters (--full shows them)" in short
    assert "line 11\n" in short
    assert "line 12\n" not in short
    assert text in full
    assert "line 39\n" in full
    assert "--full" not in full


@pytest.mark.parametrize("cut", [1, 40, 400, 900])
def test_a_torn_session_file_is_shown(tmp_path, cut):
    """A file whose tail was torn off, by a crash or while it is written, is shown as far as its rounds are whole."""
    folder = sessions(tmp_path / "sessions", *(line("s", number) for number in range(1, 6)))
    torn = (folder / "s.json").read_bytes()[:-cut]
    (folder / "s.json").write_bytes(torn)
    whole = len(re.findall(rb'"log":\[[^]]*\],"crc32":"[0-9a-f]{8}"\}\n', torn))

    shown = data("show", "s", "--data-dir", folder)

    assert [entry["answer"] for entry in shown["rounds"]] == [f"answer {number}" for number in range(1, whole + 1)]
    assert shown["messages_count"] == whole > 0
    assert f"Conversation Rounds ({whole}):" in run("show", "s", "--data-dir", folder).stdout
    assert data("list", "--data-dir", folder)[0]["messages_count"] == whole


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


COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def shown_on_a_terminal(columns, *arguments, colours=False, **more):
    """What cli.py prints on a terminal of that many columns, with ``more`` in its environment."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {
        key: value for key, value in ENVIRONMENT.items() if key not in ("COLUMNS", "LINES", "NO_COLOR", "TERM")
    }
    environment = {"TERM": "xterm", **environment, **more}
    command = [sys.executable, CLI, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    shown = b""
    with open(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        while block := terminal.read(4096):
            shown += block
    _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    text = shown.decode()
    return (text if colours else COLOUR.sub("", text)).splitlines(), complaints.decode()


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
    ends = {
        width(row[: row.index(number) + len(number)])
        for row in table[2:]
        for number in ("10 ", "1,234,567 ")
        if number in row
    }
    assert len(ends) == 1
    assert ("no room for" in complaints) == (columns < 200)
    assert max(map(width, details)) <= columns
    assert chinese.replace(" ", "") in "".join(text.strip() for text in details)


def test_wide_cuts_nothing(sample):
    """With --wide a narrow terminal is shown what a pipe is."""
    shown, complaints = shown_on_a_terminal(40, "list", "--data-dir", sample, "--wide")
    narrow, missed = shown_on_a_terminal(40, "list", "--data-dir", sample)

    assert (shown, complaints) == (run("list", "--data-dir", sample).stdout.splitlines(), "")
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


# -- filters -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    """Sessions that differ in all that one can choose by."""
    later = {"start_time": "2026-02-02T16:30:00Z"}
    lines = [
        line("a:1", 1, consumer="team-1", input_token=1_000_000),
        line("a:1", 2, model="gpt-4o", consumer="team-1"),
        line("a:2", 3, model="GPT-4o-mini", consumer="team-2", input_token=2_000_000),
        line("b", 4, model="no-such-model", outer={"response_code": "500"}),
        line("c", 5, model="gpt-4o", outer=later, input_token=4_000_000),
    ]
    return sessions(tmp_path_factory.mktemp("varied") / "sessions", *lines)


@pytest.mark.parametrize(
    ("options", "ids", "calls"),
    [
        ([], ["a:1", "a:2", "b", "c"], 5),
        (["--model", "gpt-4o"], ["a:1", "c"], 2),
        (["--model", "gpt-4o*"], ["a:1", "a:2", "c"], 3),
        (["--model", "gpt-4o-mini", "--model", "qwen-max"], ["a:1", "a:2"], 2),
        (["--consumer", "team-1"], ["a:1"], 2),
        (["--consumer", "TEAM-?", "--model", "gpt*"], ["a:1", "a:2"], 2),
        (["--session", "a:1"], ["a:1"], 2),
        (["--session", "a:*", "--session", "b"], ["a:1", "a:2", "b"], 4),
        (["--status", "error"], ["b"], 1),
        (["--status", "idle"], ["a:1", "a:2", "c"], 4),
        (["--min-cost", "1"], ["a:1", "c"], 3),
        (["--min-cost", "$10"], ["c"], 1),
        (["--min-cost", "0"], ["a:1", "a:2", "b", "c"], 5),
        (["--since", "2026-02-02", "--timezone", "UTC"], ["c"], 1),
        (["--since", "2026-02-03", "--timezone", "Asia/Shanghai"], ["c"], 1),
        (["--until", "2026-02-02", "--timezone", "Asia/Shanghai"], ["a:1", "a:2", "b"], 4),
        (["--since", "2026-02-01T00:03:00Z", "--until", "2026-02-01T08:04:00+08:00"], ["a:2"], 1),
        (["--since", "20260201", "--until", "20260201", "--timezone", "UTC"], ["a:1", "a:2", "b"], 4),
    ],
)
def test_filters(varied, options, ids, calls):
    """Each filter leaves the sessions in the list that it means, and its calls in all statistics."""
    assert sorted(row["session_id"] for row in data("list", "--data-dir", varied, *options)) == ids
    assert data("summary", "--data-dir", varied, *options)["calls"] == calls


@pytest.mark.parametrize("command", ["stats-model", "stats-consumer", "stats-date"])
@pytest.mark.parametrize(
    "options", [["--model", "gpt*"], ["--session", "a:*", "--since", "2026-02-01"], ["--status", "error"]]
)
def test_statistics_have_the_same_filters(varied, command, options):
    """What a filter leaves is the same in total, however it is split into rows."""
    all_days = ["--days", "30000"] if command == "stats-date" else []
    found = data(command, "--data-dir", varied, *options, *all_days)["total"]
    overall = data("summary", "--data-dir", varied, *options)

    assert found == overall


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--model", "claude*"], "there are the models GPT-4o-mini, gpt-4o, no-such-model, qwen-max"),
        (["--consumer", "nobody"], "there are the consumers team-1, team-2"),
        (["--since", "2027-01-01", "--timezone", "UTC"], "so --since 2026-02-02 shows the newest day"),
        (["--session", "zzz"], "--session zzz"),
        (["--status", "active"], "--status active"),
        (["--min-cost", "99999"], "--min-cost"),
    ],
)
@pytest.mark.parametrize("command", ["list", "stats-model", "stats-consumer", "stats-tool", "summary"])
def test_an_empty_answer_says_why(varied, command, options, told):
    """Where a filter leaves nothing, it is named, with what there is; for a script the answer is just empty."""
    done = run(command, "--data-dir", varied, *options)

    assert done.returncode == 0
    assert told in done.stdout
    assert done.stdout.startswith("No ")
    assert data(command, "--data-dir", varied, *options) is not None


# -- stats-model, stats-consumer, stats-tool and summary -------------------------------------------------------------------------------------------


def test_stats_of_the_sample_by_model(sample):
    """A row a model, the dearest first, with a total in which a session of two models counts once."""
    found = data("stats-model", "--data-dir", sample)
    text = run("stats-model", "--data-dir", sample).stdout.splitlines()

    models = found["models"]
    costs = [float(row["cost_usd"]) for row in models]
    assert costs == sorted(costs, reverse=True)
    rows = [row.fields for row in rows_of(sample)]
    assert {row["model"] for row in models} - {None} == {model for row in rows for model in row["models"]}
    assert found["total"]["sessions"] == len(rows) < sum(row["sessions"] for row in models)
    for name, key in (("input_tokens", "total_input_tokens"), ("output_tokens", "total_output_tokens")):
        assert found["total"][name] == sum(row[name] for row in models) == sum(row[key] for row in rows)
    assert text[0] == "📊 Statistics by Model"
    assert text[1].split()[:3] == ["Model", "Sessions", "Calls"]
    assert [line.split()[0] for line in text[3:9]] == [row["model"] or "(not" for row in models][:6]
    assert text[-1].startswith("TOTAL")


def test_summary_of_the_sample(tmp_path):
    """Everything added up, with how much of the log that speaks for; without a state file that is not known."""
    log = tmp_path / "access.log"
    log.write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    folder = tmp_path / "sessions"
    read = [sys.executable, ROOT / "main.py", "--once", "--log-path", log, "--output-dir", folder]
    said = subprocess.run(read, capture_output=True, encoding="utf-8", env=ENVIRONMENT, check=True).stdout

    text = run("summary", "--data-dir", folder).stdout
    found = envelope("summary", "--data-dir", folder)

    tokens, cost = (next(line for line in said.splitlines() if line.startswith(name)) for name in ("Tokens", "Cost"))
    assert tokens in text
    assert cost in text
    assert said.splitlines()[-1].replace("Coverage: ", "") in text
    assert found["data"]["sessions"] == 7
    assert found["coverage"]["lines"] == 41
    assert envelope("list", "--data-dir", folder, "--limit", "1")["coverage"] == found["coverage"]
    (folder / ".state.json").unlink()
    assert "Coverage: not known" in run("summary", "--data-dir", folder).stdout
    assert envelope("summary", "--data-dir", folder)["coverage"] is None


@pytest.mark.parametrize("command", ["stats-model", "stats-consumer", "stats-tool", "stats-date", "summary"])
def test_statistics_of_nothing(tmp_path, command):
    """A folder without sessions has an empty answer; one that is not there ends with exit code 1."""
    assert run(command, "--data-dir", tmp_path).returncode == 0
    assert data(command, "--data-dir", tmp_path)
    assert run(command, "--data-dir", tmp_path / "none").returncode == 1


def test_stats_by_consumer(varied):
    """A row a consumer, the dearest first, with a total; calls that name none have a row of their own."""
    found = data("stats-consumer", "--data-dir", varied)
    text = run("stats-consumer", "--data-dir", varied).stdout.splitlines()

    assert [(row["consumer"], row["sessions"], row["calls"]) for row in found["consumers"]] == [
        (None, 2, 2),
        ("team-1", 1, 2),
        ("team-2", 1, 1),
    ]
    assert (found["total"]["sessions"], found["total"]["calls"]) == (4, 5)
    assert text[0] == "📊 Statistics by Consumer"
    assert [row.split("  ")[0] for row in text[3:6]] == ["(not named)", "team-1", "team-2"]
    assert text[-1].startswith("Not in the cost: 1 round unpriced, 15 tokens (no-such-model)")


def test_stats_by_tool(weather, varied):
    """A row a tool: how often it was asked for, what came back, and by how much that made the prompt longer."""
    (row,) = data("stats-tool", "--data-dir", weather)["tools"]
    text = run("stats-tool", "--data-dir", weather).stdout.splitlines()

    # The prompt grew from 10 tokens to 1,240, of which 5 are the answer that asked for the tool.
    assert row == {
        "tool": "get_weather",
        "sessions": 1,
        "calls": 1,
        "results": 1,
        "failed": 0,
        "tokens": 1225,
        "measured": 1,
    }
    assert text[0] == "📊 Statistics by Tool"
    assert text[3].split() == ["get_weather", "1", "1", "1", "0", "1,225", "1,225"]
    assert run("stats-tool", "--data-dir", varied).stdout.startswith("No tools in 5 calls")
    assert data("stats-tool", "--data-dir", varied) == {"tools": []}


@pytest.mark.parametrize(
    ("by", "zone", "names", "starts"),
    [
        (
            "hour",
            "UTC",
            ["2026-02-01 00:00", "2026-02-02 16:00"],
            ["2026-02-01T00:00:00+00:00", "2026-02-02T16:00:00+00:00"],
        ),
        (
            "day",
            "Asia/Shanghai",
            ["2026-02-01", "2026-02-03"],
            ["2026-02-01T00:00:00+08:00", "2026-02-03T00:00:00+08:00"],
        ),
        ("week", "UTC", ["2026-W05", "2026-W06"], ["2026-01-26T00:00:00+00:00", "2026-02-02T00:00:00+00:00"]),
        (
            "month",
            "America/New_York",
            ["2026-01", "2026-02"],
            ["2026-01-01T00:00:00-05:00", "2026-02-01T00:00:00-05:00"],
        ),
    ],
)
def test_stats_by_hours_weeks_and_months(varied, by, zone, names, starts):
    """--by says what a row is; each has its name and the time at which it begins in the zone that is asked for."""
    found = data("stats-date", "--data-dir", varied, "--by", by, "--timezone", zone, "--since", "2026-01-01")
    text = run("stats-date", "--data-dir", varied, "--by", by, "--timezone", zone, "--since", "2026-01-01").stdout

    assert (found["by"], found["timezone"]) == (by, zone)
    assert [row["date"] for row in found["dates"]] == names
    assert [row["start"] for row in found["dates"]] == starts
    assert [row["calls"] for row in found["dates"]] == [4, 1]
    assert text.splitlines()[0] == "📊 Statistics by Date (since 2026-01-01)"
    assert [row[: len(name)] for row, name in zip(text.splitlines()[3:], names)] == names


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        (["--days", "1", "--until", "2026-02-02"], [1]),
        (["--days", "2", "--until", "2026-02-02"], [4, 1]),
        (["--days", "1", "--until", "2026-02-01"], [4]),
        (["--until", "2026-02-02"], [4, 1]),
        (["--by", "hour", "--until", "2026-02-02"], [1]),
        (["--days", "30000", "--since", "2026-02-02"], [1]),
        (["--days", "1", "--since", "2026-02-01", "--until", "2026-02-02"], [1]),
    ],
)
def test_the_last_days(varied, options, calls):
    """--days counts back from --until or today, and never before --since; each kind of rows has its own default."""
    found = data("stats-date", "--data-dir", varied, "--timezone", "UTC", *options)

    assert [row["calls"] for row in found["dates"]] == calls
    assert found["total"]["calls"] == sum(calls)


def test_stats_by_date(sample):
    """A row a day with its models, the newest last; the days are those of the zone that is asked for."""
    asked = ["stats-date", "--days", "30000", "--data-dir", sample]
    found = data(*asked, "--timezone", "UTC")
    text = run(*asked, "--timezone", "UTC").stdout.splitlines()

    assert [row["date"] for row in found["dates"]] == ["2026-02-01", "2026-02-02"]
    assert found["newest"] == "2026-02-02"
    assert sum(row["calls"] for row in found["dates"]) == found["total"]["calls"] == 35
    assert all(row["models"] for row in found["dates"])
    assert text[0] == "📊 Statistics by Date (Last 30,000 days)"
    assert [line.split()[0] for line in text[3:5]] == ["2026-02-01", "2026-02-02"]
    assert text[-1].startswith("TOTAL")
    shanghai = data(*asked, "--timezone", "Asia/Shanghai")["dates"]
    assert [row["calls"] for row in shanghai] != [row["calls"] for row in found["dates"]]
    assert data(*asked) == {**data(*asked, "--timezone", "Asia/Shanghai"), "timezone": "local"}


def test_no_calls_on_these_days(sample):
    """An empty answer says why, and which days would not be empty."""
    text = run("stats-date", "--days", "1", "--data-dir", sample).stdout

    days = re.search(r"the newest is of 2026-02-02, so --days (\d+) shows it", text)
    assert "2026-02-02" in run("stats-date", "--days", days[1], "--data-dir", sample).stdout
    assert run("stats-date", "--timezone", "Nowhere", "--data-dir", sample).returncode == 2
    assert run("stats-date", "--days", "0", "--data-dir", sample).returncode == 2
