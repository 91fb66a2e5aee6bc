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
from session_monitor import report
from session_monitor.checkpoint import Checkpoint
from session_monitor.ingest import Ingest
from session_monitor.store import Store
from tests.calls import BOOK

ROOT = Path(__file__).resolve().parent.parent
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
    done = run(*arguments, "--json", **options)
    assert (done.returncode, done.stderr) == (0, "")
    envelope = json.loads(done.stdout)
    assert list(envelope) == ["schema_version", "data"]
    assert envelope["schema_version"] == 1
    return envelope["data"]


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
    assert heading.split()[2:] == ["Updated", "Msgs", "Input", "Cached", "Output", "Reasoning", "Cost", "Model"]
    assert set(rule) == {"─"}
    expected = [row.fields for row in report.Report(str(sample), BOOK).sessions().rows]
    assert len(rows) == len(expected) > 1
    for row, session in zip(rows, expected):
        assert row.startswith(session["session_id"])
        assert f"{session['total_input_tokens']:,}" in row
    times = [row["updated_at"] for row in expected]
    assert times == sorted(times, reverse=True)


def test_list_as_json(sample):
    """The same rows as JSON, with the names of the session files' own keys."""
    rows = data("list", "--data-dir", sample)

    assert rows == [row.to_json() for row in report.Report(str(sample), BOOK).sessions().rows]
    assert {"session_id", "updated_at", "messages_count", "total_input_tokens", "model"} <= set(rows[0])


def test_list_in_another_order_and_shortened(sample):
    """--sort-by tokens puts the largest first, --limit cuts, and what was cut is counted."""
    rows = data("list", "--data-dir", sample, "--sort-by", "tokens", "--limit", "2")
    text = run("list", "--data-dir", sample, "--sort-by", "tokens", "--limit", "2").stdout

    everything = [row.fields for row in report.Report(str(sample), BOOK).sessions().rows]
    assert [row["total_tokens"] for row in rows] == sorted((row["total_tokens"] for row in everything), reverse=True)[
        :2
    ]
    assert text.splitlines()[-1] == f"(2 of {len(everything)} sessions)"
    assert len(text.splitlines()) == 5


def test_list_of_nothing(tmp_path):
    """An empty folder has no sessions, which is no failure."""
    done = run("list", "--data-dir", tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"No sessions in {tmp_path} yet")
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

    assert [len(entry["messages"]) for entry in whole] == [2, 4, 1]
    assert [len(entry["messages"]) for entry in new] == [2, 2, 1]
    assert [entry.get("messages_from_history", 0) for entry in new] == [0, 2, 0]
    assert whole[1]["messages"] == new[0]["messages"] + new[1]["messages"]
    assert not any("messages_from_history" in entry for entry in whole)
    assert not any(key.startswith("messages") for entry in none for key in entry)
    assert none[0]["question"] == "Check Beijing weather"

    text = run("show", "agent:main", "--data-dir", weather, "--messages", "full").stdout
    assert "    Messages (4):\n      [system] You help." in text
    assert "[tool] 15 degrees" in text
    text = run("show", "agent:main", "--data-dir", weather, "--no-messages").stdout
    assert "Messages (" not in text
    assert "[system]" not in text


def test_show_an_unknown_session(weather):
    """An id that is not there is exit code 3, and ids that may have been meant are named on stderr."""
    for wrong in ("main", "agent:mian", "AGENT:MAIN"):
        done = run("show", wrong, "--data-dir", weather)

        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith(f"cli.py: no session {wrong} in {weather}; did you mean\n  agent:main\n")

    assert "'list' shows" in run("show", "zzz", "--data-dir", weather).stderr


def test_failures_as_json(weather, tmp_path):
    """With --json a failure has a code for scripts on stdout, and its words on stderr as well."""
    for arguments, status, code in (
        (["show", "main", "--data-dir", weather], 3, "session_not_found"),
        (["list", "--data-dir", tmp_path / "none"], 1, "no_data"),
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
        ["show", "x", "--messages", "some"],
        ["list", "--data", "x"],
    ],
)
def test_wrong_arguments(arguments):
    """Arguments that make no sense end it with exit code 2 and the usage."""
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert "usage:" in done.stderr
    assert "_positive" not in done.stderr


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
        ["show", "evil"],
    ]
    for command in [each + more for each in asked for more in ([], ["--json"])]:
        done = run(*command, "--data-dir", hostile)

        assert done.returncode == (3 if command[1:2] == ["evil"] else 0)
        assert STEERS.findall(done.stdout + done.stderr) == []
        if "--json" in command:
            assert len(done.stdout) > 60
            json.loads(done.stdout)


def test_a_hostile_session_in_full(hostile, capsys):
    """Whatever the fields of a round hold, showing it neither fails nor lets anything through."""
    for row in (row.fields for row in report.Report(str(hostile), BOOK).sessions().rows):
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

    for command in (["list"], ["show", "agent:café-会话-🙂"], ["show", "agent"]):
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
        elif command[1] != "agent":
            assert envelope["data"]["rounds"][0]["answer"] == "Zürich"

        done = subprocess.run(
            [sys.executable, "-X", "utf8=1", CLI, *command, "--data-dir", folder],
            capture_output=True,
            env={**ENVIRONMENT, **environment},
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == (3 if command[1:] == ["agent"] else 0)
        assert b"Traceback" not in done.stderr


def shown_on_a_terminal(columns, *arguments):
    """What cli.py prints on a terminal of that many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {key: value for key, value in ENVIRONMENT.items() if key not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, CLI, *map(str, arguments)], stdout=theirs, stderr=subprocess.PIPE, env=environment
    )
    os.close(theirs)
    shown = b""
    with open(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        while block := terminal.read(4096):
            shown += block
    _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return shown.decode().splitlines(), complaints.decode()


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


# -- stats-model and summary -------------------------------------------------------------------------------------------


def test_stats_of_the_sample_by_model(sample):
    """A row a model, the dearest first, with a total in which a session of two models counts once."""
    found = data("stats-model", "--data-dir", sample)
    text = run("stats-model", "--data-dir", sample).stdout.splitlines()

    models = found["models"]
    costs = [float(row["cost_usd"]) for row in models]
    assert costs == sorted(costs, reverse=True)
    rows = [row.fields for row in report.Report(str(sample), BOOK).sessions().rows]
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
    found = data("summary", "--data-dir", folder)

    tokens, cost = (next(line for line in said.splitlines() if line.startswith(name)) for name in ("Tokens", "Cost"))
    assert tokens in text
    assert cost in text
    assert said.splitlines()[-1].replace("Coverage: ", "") in text
    assert found["sessions"] == 7
    assert found["coverage"]["lines"] == 41
    (folder / ".state.json").unlink()
    assert "Coverage: not known" in run("summary", "--data-dir", folder).stdout
    assert data("summary", "--data-dir", folder)["coverage"] is None


@pytest.mark.parametrize("command", ["stats-model", "stats-date", "summary"])
def test_statistics_of_nothing(tmp_path, command):
    """A folder without sessions has an empty answer; one that is not there ends with exit code 1."""
    assert run(command, "--data-dir", tmp_path).returncode == 0
    assert data(command, "--data-dir", tmp_path)
    assert run(command, "--data-dir", tmp_path / "none").returncode == 1


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
