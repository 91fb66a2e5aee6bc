"""main.py as a user runs it: from a log to session files, whatever comes between."""

from __future__ import annotations

import contextlib
import errno
import grp
import json
import os
import pty
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import main
from session_monitor.base import last_run
from session_monitor.calls.coverage import of_state
from session_monitor.ingest.ingest import Ingest
from session_monitor.log import rotation
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.monitor import run as monitor_run
from session_monitor.reports import report
from session_monitor.sessions.store import Store
from tests.support import prepared
from tests.support.calls import BOOK
from tests.support.waiting import until
from tests.tools import gen_access_log

ROOT = Path(__file__).resolve().parent.parent.parent
MAIN = ROOT / "main.py"
SAMPLE = ROOT / "tests" / "data" / "sample" / "access.log"
PATIENCE = 30
LONG = 5000
"""Lines of a log that is committed in more than one batch."""

# Root may read and write everything, so where the tests run as root the child becomes somebody else; only after its
# imports, because the interpreter may lie where nobody else may look.
AS_ORDINARY_USER = f"""\
import os, sys
sys.path.insert(0, {str(ROOT)!r})
import main
main.parser().parse_args()  # it imports too
import ctypes, fractions, hashlib, shlex, shutil
from session_monitor.index.tables import pool; from session_monitor.ingest import intake, rereading; from session_monitor.monitor import lacks, unknown_lines
from session_monitor.log import beginnings, compressed, verdicts; from session_monitor.sessions import round_counts
from session_monitor.prices import model_names
from session_monitor.own_prices import price_check
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(main.main())
"""

LOOK_ELSEWHERE = "('python3 scripts/cli.py doctor' looks for others)"

ENVIRONMENT = {key: value for key, value in os.environ.items() if key != rotation.ALLOW_VARIABLE}


def run(*arguments, program=(MAIN,), environment=(), input="", **options):  # noqa: A002 -- as subprocess has it
    """Run main.py to its end, which is no traceback: that would have the exit code of a failure, too."""
    own = {**ENVIRONMENT, **dict(environment)}
    if program == (MAIN,) and set(options) <= {"cwd"}:
        done = prepared.run(MAIN, *arguments, environment=own, input=input, timeout=PATIENCE, **options)
    else:
        words = [sys.executable, *program, *map(str, arguments)]
        options = {**options, "env": own, "input": input, "text": True, "timeout": PATIENCE}
        done = subprocess.run(words, capture_output=True, check=False, **options)
    assert "Traceback" not in done.stderr
    return done


@contextlib.contextmanager
def running(*arguments, **options):
    """main.py at work, and killed at the end if it still is."""
    process = subprocess.Popen(
        [sys.executable, MAIN, *map(str, arguments)], env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True, **options
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(session_id, question="Hi", outer=(), **attributes):
    """One line of a gateway's log."""
    ai_log = {"session_id": session_id, "model": "qwen-max", "input_token": 10, "output_token": 5, "question": question}
    ai_log["messages"] = [{"role": "user", "content": question}]
    outer = {"ai_log": json.dumps({**ai_log, **attributes}), "response_code": "200", **dict(outer)}
    return json.dumps({**outer, "start_time": "2026-02-01T09:30:15.000Z"}) + "\n"


def append(log, *lines):
    """Write lines at the end of a log."""
    with open(log, "a", encoding="utf-8") as file:
        file.write("".join(lines))


def session_files(output):
    """The session files of a folder."""
    return sorted(path for path in output.glob("*.json") if not path.name.startswith("."))


def contents(output):
    """What the session files hold, by name."""
    return {path.name: path.read_bytes() for path in session_files(output)}


def but_for_positions(output):
    """The session files byte for byte, without what their footers say of read positions."""
    found = {}
    for name, data in contents(output).items():
        *rounds, footer = data.splitlines()
        summary = json.loads(b"{" + footer[2:])
        del summary["positions"], summary["crc32"]
        found[name] = rounds, json.dumps(summary)
    return found


def rounds(output):
    """How many rounds each session has."""
    rows = [row.fields for row in report.Report(str(output), BOOK).sessions().rows]
    return {row["session_id"]: row["messages_count"] for row in rows}


def poll(log, output, **options):
    """One poll, in this process."""
    state = Checkpoint(str(output / ".state.json"), str(output))
    return Ingest([str(log)], Store(str(output)), state, **options).poll()


@pytest.fixture
def output(tmp_path):
    """An output folder that is still to be made."""
    return tmp_path / "sessions"


@pytest.fixture
def log(tmp_path):
    """A log of two sessions and one line that is no call."""
    path = tmp_path / "access.log"
    append(path, line("agent:main:a"), line("agent:ops:b"), '{"ai_log":"-","method":"GET"}\n', line("agent:main:a"))
    return path


@pytest.fixture
def public():
    """A folder that every user can reach, unlike ``tmp_path``."""
    folder = Path(tempfile.mkdtemp(prefix="session-monitor-"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o700)
    shutil.rmtree(folder)


# -- one pass ----------------------------------------------------------------------------------------------------------


def test_one_pass_over_the_sample(output):
    """The sample log becomes valid session files that hold every call of it, and the summary says so."""
    done = run("--log-path", SAMPLE, "--output-dir", output)

    lines = SAMPLE.read_bytes().count(b"\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Read {lines} lines (")
    covered = of_state(str(output / ".state.json"))
    assert sum(rounds(output).values()) == covered.calls > 0
    assert covered.calls + sum(covered.passed_over.values()) == covered.lines == lines
    for path in session_files(output):
        session = json.loads(path.read_bytes())
        assert len(session["rounds"]) == session["messages_count"]


def test_the_closing_summary(tmp_path, output):
    """It tells what was read, what was found, the tokens by kind, and what the totals leave out and why."""
    log = tmp_path / "access.log"
    cached = {"cached_tokens": 1000, "reasoning_tokens": 300, "input_token": 1500, "output_token": 400}
    append(log, line("a"), line("a", **cached), line("b", input_token=None, output_token=None), line(None))
    append(log, '{"ai_log":"-"}\n', '{"ai_log":"-"}\n', line("c")[:70] + "\n", "\n", '{"method":"GET"}\n')

    done = run("--log-path", log, "--output-dir", output)

    assert re.sub(r"[\d.]+ k?B|\d\.\d s|\$[\d.]+", "#", done.stdout).splitlines() == [
        "Read 9 lines (#) of 1 log file in #",
        "Sessions: 3 (3 new), rounds: 4 new",
        (
            "Tokens:   1,520 input, of which 1,000 cached and 0 cache written; 410 output, of which 300 reasoning "
            "(tokens of 1 call are not told)"
        ),
        "Cost:     # + 1 round unpriced (1 without tokens); caching saved #",
        (
            "Coverage: 4 calls; 1 without session id; 1 without token counts (refused ones too); "
            "5 lines passed over (2 no LLM call, 1 cut off, 1 empty, 1 without ai_log)"
        ),
    ]


def test_the_closing_summary_of_calls_that_are_not_whole(tmp_path, output):
    """What was left is no failure; a sum with a cut stream is a lower bound; a call that the plugin skipped is told."""
    log = tmp_path / "access.log"
    cut = {"outer": {"response_flags": "DC"}, "response_type": "stream", "model": "gpt-4o"}
    skipped = {"method": "POST", "path": "/v1/responses", "response_code": "200", "ai_log": "-"}
    append(log, line("a"), line("a", **cut), json.dumps(skipped) + "\n")

    done = run("--log-path", log, "--output-dir", output)

    said = done.stdout.splitlines()
    assert said[1] == "Sessions: 1 (1 new), rounds: 2 new (1 left)"
    assert said[2].endswith("(tokens of 1 call are a lower bound)")
    assert said[3].startswith("Cost:     at least $")
    assert "2 calls; 1 left by the client; 1 cut short (their tokens are a lower bound); " in said[4]
    assert "1 line passed over (1 skipped calls); 1 call skipped by the plugin, 1 of them answered: " in said[4]


@pytest.mark.parametrize("face", ["main.py", "scripts/cli.py", "scripts/webserver.py"])
def test_an_older_python_is_told_in_words(face):
    """It says which Python it is, and which is wanted, before anything that only a newer one knows is loaded."""
    pretend = "import sys, runpy; sys.version_info = (3, 8, 18, 'final', 0); sys.path.insert(0, 'scripts'); "
    done = run(program=("-c", f"{pretend}runpy.run_path({face!r}, run_name='__main__')"), cwd=ROOT)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"{os.path.basename(face)}: this is Python ")
    assert done.stderr.endswith("run it with Python 3.9 or newer\n")


def test_a_second_pass_changes_nothing(output):
    """What was read is not read again: every file keeps its bytes, its inode and its time."""
    arguments = ["--log-path", SAMPLE, "--output-dir", output]
    run(*arguments)
    before = contents(output), [(path.stat().st_ino, path.stat().st_mtime_ns) for path in session_files(output)]
    state = (output / ".state.json").read_bytes()

    again = run(*arguments)

    assert again.returncode == 0
    assert "Read 0 lines" in again.stdout
    assert "(0 new), rounds: 0 new" in again.stdout
    assert before == (
        contents(output),
        [(path.stat().st_ino, path.stat().st_mtime_ns) for path in session_files(output)],
    )
    assert (output / ".state.json").read_bytes() == state


def test_without_output_dir_sessions_lie_in_the_working_folder(tmp_path, log):
    """The output folder is ./sessions unless another is named."""
    assert run("--log-path", log, cwd=tmp_path).returncode == 0

    assert rounds(tmp_path / "sessions") == {"agent:main:a": 2, "agent:ops:b": 1}


def test_all_is_private(output, log):
    """Conversations are for this user alone: files are 0600, the folder 0700, whatever the umask."""
    run("--log-path", log, "--output-dir", output, preexec_fn=lambda: os.umask(0))

    assert output.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in output.iterdir()} == {0o600}


def test_an_unused_folder_becomes_private_and_that_is_said(output, log):
    """One as a checkout leaves it is for this user alone after the first run, which says so; doctor has no warning."""
    output.mkdir()
    output.chmod(0o755)
    (output / ".gitignore").write_text("*\n")
    arguments = ["--log-path", log, "--output-dir", output]
    first, second = (run(*arguments, preexec_fn=lambda: os.umask(0o022)) for _ in range(2))

    assert "only this user may look into it" in first.stderr
    assert "only this user may look" not in second.stderr
    assert output.stat().st_mode & 0o777 == 0o700
    doctor = [ROOT / "scripts" / "cli.py", "doctor", "--log-path", log, "--data-dir", output, "--json"]
    found = subprocess.run([sys.executable, *doctor], stdout=subprocess.PIPE, check=False).stdout
    assert [check["level"] for check in json.loads(found)["data"] if check["name"] == "data folder"] == ["ok"]


def test_a_folder_with_sessions_or_other_files_keeps_its_mode(tmp_path, output, log):
    """Who opened it to others afterwards, or keeps more than sessions there, is not overruled."""
    run("--log-path", log, "--output-dir", output)
    (output / ".state.json").unlink()
    other, home = tmp_path / "other", tmp_path / "home"
    for folder, name in ((other, "notes.txt"), (home, ".profile")):
        folder.mkdir()
        (folder / name).touch()
    for folder in (output, other, home):
        folder.chmod(0o755)
        done = run("--log-path", log, "--output-dir", folder, preexec_fn=lambda: os.umask(0o022))
        assert "only this user may look" not in done.stderr
        assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("mode", "quiet", "is_told"), [(0o777, True, True), (0o770, False, True), (0o770, True, False)]
)
def test_a_folder_that_others_may_write(output, log, mode, quiet, is_told):
    """Each run says so, to cron as well where everybody may; a group may be meant to."""
    run("--log-path", log, "--output-dir", output)
    output.chmod(mode)
    for _ in range(2):
        done = run("--log-path", log, "--output-dir", output, *(["--quiet"] if quiet else []))
        assert (done.returncode, f"may exchange what is in {output}" in done.stderr) == (0, is_told)


def test_a_folder_that_somebody_planted(public, log):
    """Nothing is written to it, nor read."""
    if os.geteuid() != 0:
        pytest.skip("only root can make another user's folder")
    public.chmod(0o1777)
    output = public / "sessions"
    output.mkdir()
    os.chown(output, 65534, 65534)

    done = run("--log-path", log, "--output-dir", output)

    assert (done.returncode, done.stdout) == (1, "")
    assert "belongs to the user 65534, and stands where everybody may make folders" in done.stderr
    assert list(output.iterdir()) == []


@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_session_file_that_this_user_may_not_change(public, log, mode):
    """As where root read the log once: it is set aside, its rounds are read again, and no other session waits for that."""
    shutil.copy(log, public / "access.log")
    (public / "access.log").chmod(0o644)
    output = public / "sessions"
    output.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(output, 65534, 65534)
    arguments = ["--log-path", public / "access.log", "--output-dir", output]
    assert run(*arguments, program=["-c", AS_ORDINARY_USER], cwd=public).returncode == 0
    before = rounds(output)
    first = session_files(output)[0]
    first.chmod(mode)
    append(public / "access.log", line("agent:main:a", "again"), line("agent:ops:b", "again"))

    done = run(*arguments, program=["-c", AS_ORDINARY_USER], cwd=public)

    assert done.returncode == 1
    assert f"{first} is not for this user to read and write and was set aside as {first}.corrupt-1" in done.stderr
    assert rounds(output) == {name: count + 1 for name, count in before.items()}


def test_a_log_that_is_not_there_yet(tmp_path, output):
    """No log is no failure: it is said once, and the exit code is 0."""
    done = run("--log-path", tmp_path / "access.log", "--output-dir", output)

    assert done.returncode == 0
    assert done.stderr == f"main.py: nothing yet: there is no {tmp_path}/access.log {LOOK_ELSEWHERE}\n"


def test_one_of_several_logs_is_not_there(tmp_path, output, log):
    """The others are read, and that one is named: it may be mistyped."""
    paths = [word for path in (log, tmp_path / "acces.log", tmp_path / "a*.lg") for word in ("--log-path", path)]
    done = run(*paths, "--output-dir", output)

    assert done.returncode == 0
    assert (
        done.stderr == f"main.py: nothing yet: there is no {tmp_path}/acces.log or {tmp_path}/a*.lg {LOOK_ELSEWHERE}\n"
    )
    assert rounds(output) == {"agent:main:a": 2, "agent:ops:b": 1}


def test_quiet_is_quiet(output, log):
    """With --quiet nothing is said where nothing went wrong."""
    done = run("--log-path", log, "--output-dir", output, "--quiet")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_quiet_and_no_log(tmp_path, output):
    """A cron line with a wrong path is told so once, not every minute; a path that was corrected is wrong anew where it is."""
    wrong = ["--log-path", tmp_path / "none.log", "--output-dir", output, "--quiet"]
    said = f"main.py: nothing yet: there is no {tmp_path}/none.log {LOOK_ELSEWHERE}\n"

    assert [run(*wrong).stderr for _ in range(3)] == [said, "", ""]
    left = last_run.read(str(output))
    assert (left.logs, left.lacks) == ([f"{tmp_path}/none.log"], [f"there is no {tmp_path}/none.log"])
    left.said -= last_run.AGAIN
    last_run.write(str(output), left)
    assert [run(*wrong).stderr for _ in range(2)] == [said, ""]
    append(tmp_path / "none.log", "x\n")
    assert run(*wrong).stderr == ""
    assert last_run.read(str(output)).lacks == []
    (tmp_path / "none.log").unlink()
    assert said in run(*wrong).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["access.log"],
        ["--follow", "--once"],
        ["--quiet", "--verbose"],
        ["--messages", "some"],
        ["--refresh-interval", "0"],
        ["--refresh-interval", "soon"],
        ["--refresh-interval", "nan"],
        ["--refresh-interval", "1e6"],
        ["--output", "sessions"],
        ["--log-path"],
        ["--log-path", "-", "--log-path", "access.log"],
        ["--log-path", "-", "--follow"],
    ],
)
def test_wrong_arguments(tmp_path, arguments):
    """Arguments that make no sense end it with exit code 2 before anything is made."""
    done = run(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert "error: " in done.stderr
    assert "_seconds" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_lines_that_are_none_of_a_gateway(tmp_path, output):
    """Where nearly all lines are in no known shape that is said, also from runs that read little each; with --quiet once a day."""
    log = tmp_path / "access.log"
    for number in range(4):
        append(log, *["hello\n"] * 7)
        done = run("--log-path", log, "--output-dir", output, "--quiet")

        assert (done.returncode, done.stdout) == (0, "")
        if number != 2:
            assert done.stderr == ""
        else:
            assert f"run: python3 scripts/cli.py doctor --log-path {log}\n" in done.stderr
            assert done.stderr.count("\n") == 1

    assert run("--log-path", log, "--output-dir", output, "--quiet").stderr == ""
    assert "doctor --log-path FILE\n" in piped("hello\n" * 50, output, "--quiet").stderr


def test_sessions_that_a_group_may_read(output, log):
    """--group shares the folder once; later runs and all who write keep it so; who is in the group gets links to sessions."""
    name = grp.getgrgid(os.getegid()).gr_name
    assert run("--log-path", log, "--output-dir", output, "--quiet", "--group", name).returncode == 0
    append(log, line("new"))
    assert run("--log-path", log, "--output-dir", output, "--quiet").returncode == 0
    for command in (
        ["search", "a"],
        ["repair"],
        ["delete", "agent:main:a", "--yes"],
        ["pricing", "set", "m", "1", "2"],
    ):
        assert prepared.run(ROOT / "scripts" / "cli.py", *command, "--data-dir", output).returncode == 0

    assert stat.S_IMODE(output.stat().st_mode) == 0o2750
    assert {stat.S_IMODE(path.stat().st_mode) for path in output.iterdir()} == {0o640}
    assert {".web-key", ".prices.json", "new.json"} <= {path.name for path in output.iterdir()}


def test_a_group_that_is_none(output, log):
    """It is a wrong argument, and nothing is made."""
    done = run("--log-path", log, "--output-dir", output, "--group", "no-such-group")
    assert done.returncode == 2
    assert "there is no group no-such-group on this machine" in done.stderr
    assert not output.exists()


# -- standard input ----------------------------------------------------------------------------------------------------


def piped(data, output, *arguments):
    """A run that gets this on its standard input."""
    return run("--log-path", "-", "--output-dir", output, *arguments, input=data)


def test_a_log_on_standard_input(output):
    """It is read to its end and kept no longer; the same once more, grown, gives what is new, without a word of the rest."""
    first, second = line("a") + line("b"), line("a", "more")

    for data, expected in [
        ("", {}),
        (first, {"a": 1, "b": 1}),
        (first, {"a": 1, "b": 1}),
        (first + second, {"a": 2, "b": 1}),
    ]:
        done = piped(data, output, "--quiet")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert (rounds(output) if expected else {}) == expected
        assert not (output / ".stdin.log").exists()

    assert of_state(str(output / ".state.json")).calls == 3
    assert "Sessions: 2 (0 new), rounds: 0 new" in piped(second, output).stdout


def test_streams_that_mix_on_standard_input(output):
    """Where the new cannot be told from the old nothing is read, it is said what to do, and the exit code is 1."""
    old, new = line("a", "old"), line("a", "new")
    piped(line("a") + old, output)

    done = piped(line("a") + new + old, output)

    assert done.returncode == 1
    assert "each in a run of its own" in done.stderr
    assert rounds(output) == {"a": 2}


def test_standard_input_is_read_as_it_comes(output):
    """What comes is in the sessions before the input ends, and a signal ends the run; nothing of it is left."""
    with subprocess.Popen(
        [sys.executable, MAIN, "--log-path", "-", "--output-dir", output, "--refresh-interval", "0.02", "--quiet"],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for number in (1, 2):
            process.stdin.write(line("a"))
            process.stdin.flush()
            until(lambda: (output / "a.json").exists() and rounds(output) == {"a": number}, number)  # noqa: B023
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
        assert process.stderr.read() == ""

    assert not (output / ".stdin.log").exists()


def test_what_a_killed_run_kept_of_standard_input(output, log):
    """The next run of any kind takes it away, and misses nothing of it."""
    with subprocess.Popen(
        [sys.executable, MAIN, "--log-path", "-", "--output-dir", output, "--refresh-interval", "0.02"],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as process:
        process.stdin.write(line("a").encode())
        process.stdin.flush()
        until((output / "a.json").exists, "the session")
        process.kill()
    assert (output / ".stdin.log").stat().st_mode & 0o777 == 0o600

    done = run("--log-path", log, "--output-dir", output, "--quiet")

    assert (done.returncode, done.stderr) == (0, "")
    assert not (output / ".stdin.log").exists()


def test_a_closed_standard_input(output):
    """It is said, and is a failure."""
    done = subprocess.run(
        ["sh", "-c", f'exec "{sys.executable}" "{MAIN}" --log-path - --output-dir "{output}" <&-'],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "main.py: standard input is closed: there is nothing to read\n")


def test_a_last_line_that_is_not_whole(output):
    """How much of standard input was not read is said; a line that is whole without its newline is read."""
    whole, half = line("a"), line("a", "more")[:100]

    done = piped(whole + half, output)

    assert done.returncode == 0
    assert (
        "standard input ended in the middle of a line: 100 bytes were not read, and are once it is whole" in done.stderr
    )
    assert rounds(output) == {"a": 1}
    assert piped(whole + line("a", "more").rstrip(), output).stderr == ""
    assert rounds(output) == {"a": 2}


def test_a_terminal_as_standard_input(output):
    """Whoever forgot to pipe something is told what is waited for."""
    ours, theirs = pty.openpty()
    command = [sys.executable, MAIN, "--log-path", "-", "--output-dir", output]
    with subprocess.Popen(command, env=ENVIRONMENT, stdin=theirs, stderr=subprocess.PIPE, text=True) as process:
        os.close(theirs)
        assert (
            process.stderr.readline() == "main.py: standard input is this terminal; what comes is read until Ctrl-D\n"
        )
        os.write(ours, b"\x04")
        assert process.wait(PATIENCE) == 0
    os.close(ours)


# -- what may not be read or written -----------------------------------------------------------------------------------


def test_a_log_that_may_not_be_read(public, log):
    """An unreadable log is exit code 1, with its name, the reason and what to do; others are read all the same."""
    output, secret, readable = public / "sessions", public / "access.log", public / "other.log"
    shutil.copy(log, secret)
    shutil.copy(log, readable)
    readable.chmod(0o644)
    secret.chmod(0)
    output.mkdir()
    output.chmod(0o777)

    arguments = ["--log-path", secret, "--log-path", readable, "--output-dir", output]
    done = run(*arguments, program=["-c", AS_ORDINARY_USER], cwd=public)

    assert done.returncode == 1
    assert f"{secret} cannot be read: Permission denied" in done.stderr
    assert "let this user read" in done.stderr
    assert f"{readable} " not in done.stderr
    assert "rounds: 3 new" in done.stdout


def test_a_log_that_leads_in_a_circle(tmp_path, output):
    """A link to itself in the log's place is exit code 1, and said."""
    (tmp_path / "access.log").symlink_to("access.log")

    done = run("--log-path", tmp_path / "access.log", "--output-dir", output)

    assert done.returncode == 1
    assert "cannot be read" in done.stderr
    assert "--log-path" in done.stderr


def test_a_folder_in_the_place_of_the_log(tmp_path, output):
    """A folder named as the log is exit code 1, and said; it will not become a log by waiting."""
    done = run("--log-path", tmp_path, "--output-dir", output)

    assert done.returncode == 1
    assert "no regular file" in done.stderr


@pytest.mark.parametrize("place", ["file", "below a file", "read-only", "state file"])
def test_an_output_folder_that_cannot_be_written(public, log, place):
    """Where nothing can be kept the exit code is 1, and it is said where and what to do; the log stays unread."""
    shutil.copy(log, public / "access.log")
    (public / "access.log").chmod(0o644)
    (public / "file").write_text("here already", encoding="utf-8")
    (public / "locked").mkdir(mode=0o555)
    (public / "open").mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(public / "open", 65534, 65534)
    output = {"file": "file", "below a file": "file/sessions", "read-only": "locked", "state file": "open"}[place]
    more = ["--state-file", public / "locked" / "state.json"] if place == "state file" else []

    arguments = ["--log-path", public / "access.log", "--output-dir", public / output, *more]
    done = run(*arguments, program=["-c", AS_ORDINARY_USER], cwd=public)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(public / ("locked/state.json" if more else output)) in done.stderr
    place = "--output-dir or --state-file" if more else "--output-dir"
    assert done.stderr.endswith(f", or name another place with {place}.\n")
    assert (public / "file").read_text(encoding="utf-8") == "here already"
    assert not list((public / "locked").iterdir())


@pytest.mark.parametrize(
    ("number", "more", "advice"),
    [
        (errno.EMFILE, [], "may open too few files: raise its limit (ulimit -n, LimitNOFILE)."),
        (errno.ENFILE, [], "may open too few files: raise its limit (ulimit -n, LimitNOFILE)."),
        (errno.ENOSPC, [], "or name another place with --output-dir."),
        (errno.ENOSPC, ["--state-file", "state"], "or name another place with --output-dir or --state-file."),
    ],
)
@pytest.mark.parametrize("place", [None, "elsewhere"])
def test_what_ends_a_pass(monkeypatch, capsys, output, log, number, more, advice, place):
    """The exit code is 1; it is said what failed, where (in the output folder unless it is known better) and what to do."""

    def fail(_self):
        raise OSError(number, os.strerror(number), place)

    monkeypatch.chdir(log.parent)
    monkeypatch.setattr(Ingest, "poll", fail)

    assert main.main(["--once", "--log-path", str(log), "--output-dir", str(output), *more]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"main.py: {os.strerror(number)}: {place or output}. ")
    assert told.endswith(f"{advice}\n")


@pytest.mark.parametrize("place", [None, "elsewhere"])
def test_a_failure_does_not_end_who_follows(monkeypatch, capsys, output, log, place):
    """What could not be written is told once, and read again next time."""
    polls = []
    original = Ingest.poll

    def poll(self):
        polls.append(self)
        if len(polls) < 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), place)
        found = original(self)
        os.kill(os.getpid(), signal.SIGTERM)
        return found

    monkeypatch.setattr(Ingest, "poll", poll)

    asked = ["--follow", "--refresh-interval", "0.01", "--log-path", str(log), "--output-dir", str(output)]
    assert main.main(asked) == 0
    assert capsys.readouterr().err.count(f"No space left on device: {place or output}; trying again") == 1
    assert rounds(output) == {"agent:main:a": 2, "agent:ops:b": 1}


def test_an_index_that_cannot_be_kept(monkeypatch, capsys, output, log):
    """Sessions are kept and counted, none is made for that alone, and it is said why questions will take longer."""
    (output / ".index.sqlite3").mkdir(parents=True)
    asked = []
    monkeypatch.setattr(report, "Report", lambda *arguments: asked.append(arguments))

    assert main.main(["--once", "--log-path", str(log), "--output-dir", str(output)]) == 0
    told = capsys.readouterr()
    assert re.search(r"the index cannot be kept \(.+\); questions make one for themselves", told.err)
    assert "Sessions: 2 (2 new)" in told.out
    assert asked == []


def test_a_price_list_with_a_mistake(output, log):
    """It is no reason not to read the log: costs are left out, and it is said where the mistake is."""
    output.mkdir(mode=0o700)
    (output / ".prices.json").write_text("{", encoding="utf-8")

    done = run("--log-path", log, "--output-dir", output)

    assert done.returncode == 0
    assert re.search(r"costs are not shown: \S+/\.prices\.json, line 1: .+\. Correct it there, or take", done.stderr)
    assert rounds(output) == {"agent:main:a": 2, "agent:ops:b": 1}
    assert "Cost:     not known: see the message about the price list" in done.stdout
    (output / ".prices.json").unlink()
    assert "not known" not in run("--log-path", log, "--output-dir", output).stdout


def test_a_reader_that_went_away_is_no_failure(output, log):
    """Where nobody reads the summary any more, the pass is done all the same and nothing complains."""
    reading, writing = os.pipe()
    os.close(reading)
    with running("--log-path", log, "--output-dir", output, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        _, complaints = process.communicate(timeout=PATIENCE)

    assert (process.returncode, complaints) == (0, "")
    assert len(rounds(output)) == 2


def test_closed_standard_streams_do_not_matter(output, log):
    """Started without stdout and stderr, a pass does its work."""
    with running("--log-path", log, "--output-dir", output, preexec_fn=lambda: os.closerange(1, 3)) as process:
        assert process.wait(PATIENCE) == 0

    assert len(rounds(output)) == 2


# -- which sessions, which logs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("agent:main:a", {"agent:main:a": 2}),
        ("agent:*", {"agent:main:a": 2, "agent:ops:b": 1}),
        ("*:b", {"agent:ops:b": 1}),
        ("agent", {}),
    ],
)
def test_session_key(output, log, key, found):
    """Only sessions with the id, or with one that matches the pattern, are kept; the others' calls are counted."""
    done = run("--log-path", log, "--output-dir", output, "--session-key", key)

    assert done.returncode == 0
    assert rounds(output) == found
    others = 3 - sum(found.values())
    assert (f"{others} of other sessions" in done.stdout) == bool(others)


@pytest.mark.parametrize("order", [["agent:main:*", None], [None, "agent:main:*"], ["agent:main:a", "*:b", None]])
def test_a_filter_does_not_eat_the_lines_of_others(tmp_path, output, log, order):
    """Filtered and unfiltered runs over a growing log, in any order, give what one unfiltered run gives."""
    for key in [*order, *order]:
        run("--log-path", log, "--output-dir", output, *(["--session-key", key] if key else []))
        append(log, line("agent:main:a"), line("agent:ops:b"))
    run("--log-path", log, "--output-dir", output)

    run("--log-path", log, "--output-dir", tmp_path / "at once")

    assert but_for_positions(output) == but_for_positions(tmp_path / "at once")


def test_a_session_with_the_characters_of_a_pattern(output, tmp_path):
    """An id that holds * or [ is found by itself."""
    log = tmp_path / "access.log"
    append(log, line("a[1]"), line("a1"))

    run("--log-path", log, "--output-dir", output, "--session-key", "a[1]")

    assert "a[1]" in rounds(output)


def test_several_logs(tmp_path, output):
    """Several --log-path and globs are read together, a file that is named twice once."""
    for name in ("gateway-1", "gateway-2", "other"):
        (tmp_path / name).mkdir()
        append(tmp_path / name / "access.log", line(f"in {name}"), line("everywhere", name))
    paths = [
        tmp_path / "gateway-*" / "access.log",
        tmp_path / "other" / "access.log",
        tmp_path / "gateway-1/access.log",
    ]

    done = run(*(part for path in paths for part in ("--log-path", path)), "--output-dir", output)

    assert done.returncode == 0
    assert rounds(output) == {"in gateway-1": 1, "in gateway-2": 1, "in other": 1, "everywhere": 3}
    assert "of 3 log files" in done.stdout


def test_rotated_siblings_are_read(tmp_path, output):
    """The files that rotation left beside the log are read too, the older first."""
    append(tmp_path / "access.log.1", line("s", "first"))
    append(tmp_path / "access.log", line("s", "second"))

    run("--log-path", tmp_path / "access.log", "--output-dir", output)

    (session,) = session_files(output)
    assert [entry["question"] for entry in json.loads(session.read_bytes())["rounds"]] == ["first", "second"]


@pytest.fixture
def fenced(tmp_path, log):
    """A folder of logs that may be read, and one that may not."""
    for name in ("allowed", "elsewhere"):
        (tmp_path / name).mkdir()
        shutil.copy(log, tmp_path / name / "access.log")
    return tmp_path


BY_OPTION = (["--allow-dir", "allowed"], {})
BY_VARIABLE = ([], {rotation.ALLOW_VARIABLE: os.pathsep.join(["/nowhere", "allowed"])})
BY_BOTH = (["--allow-dir", "allowed"], {rotation.ALLOW_VARIABLE: "elsewhere"})


@pytest.mark.parametrize(("arguments", "environment"), [BY_OPTION, BY_VARIABLE, BY_BOTH])
def test_allowed_folders(fenced, arguments, environment):
    """What lies under an allowed folder is read, what lies elsewhere is refused with exit code 1."""
    for name, code, found in (("elsewhere", 1, {}), ("allowed", 0, {"agent:main:a": 2, "agent:ops:b": 1})):
        paths = ["--log-path", f"{name}/access.log", "--output-dir", f"from-{name}"]
        done = run(*paths, *arguments, environment=environment, cwd=fenced)

        assert done.returncode == code
        assert ("elsewhere/access.log is outside the folders that --allow-dir permits" in done.stderr) == bool(code)
        assert ("allow them with --allow-dir" in done.stderr) == bool(code)
        assert rounds(fenced / f"from-{name}") == found


@pytest.mark.parametrize("name", ["access.log", "access.log.1"])
def test_a_link_out_of_the_allowed_folder(fenced, name):
    """Neither the log nor a sibling may lead out of the allowed folder; the rest is read."""
    (fenced / "allowed" / name).unlink(missing_ok=True)
    (fenced / "allowed" / name).symlink_to("../elsewhere/access.log")
    append(fenced / "elsewhere/access.log", line("secret"))
    append(fenced / "allowed/access.log.2", line("old"))

    arguments = ["--log-path", fenced / "allowed/access.log", "--allow-dir", fenced / "allowed"]
    done = run(*arguments, "--output-dir", fenced / "out")

    assert done.returncode == 1
    assert f"allowed/{name} is outside" in done.stderr
    assert "old" in rounds(fenced / "out")
    assert "secret" not in rounds(fenced / "out")


def test_messages_full(output, tmp_path):
    """With --messages full a round holds all messages that were sent with it, otherwise those that are new."""
    log = tmp_path / "access.log"
    history = [{"role": "user", "content": text} for text in ("one", "two", "three")]
    append(log, line("s", messages=history[:1]), line("s", messages=history))

    run("--log-path", log, "--output-dir", output / "new")
    run("--log-path", log, "--output-dir", output / "full", "--messages", "full")

    new, full = (json.loads((output / kind / "s.json").read_bytes())["rounds"][1] for kind in ("new", "full"))
    assert (new["messages_from_history"], new["messages"]) == (1, history[1:])
    assert full["messages"] == history
    assert "messages_from_history" not in full


# -- the state file ----------------------------------------------------------------------------------------------------


def test_state_file_elsewhere(tmp_path, output, log):
    """--state-file keeps the positions where it says, and they are used."""
    arguments = ["--log-path", log, "--output-dir", output, "--state-file", tmp_path / "state.json"]
    run(*arguments)
    before = contents(output)

    again = run(*arguments)

    assert "Read 0 lines" in again.stdout
    assert again.stderr == ""
    assert contents(output) == before
    assert not (output / ".state.json").exists()


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [("sessions/x.json", False), ("sessions/.x.json", True), ("sessions/x", True), ("x.json", True)],
)
def test_a_state_file_with_the_name_of_a_session(tmp_path, output, log, name, is_taken):
    """Among the sessions it would be taken for one: it is refused before anything is made."""
    done = run("--log-path", log, "--output-dir", output, "--state-file", tmp_path / name)

    assert done.returncode == (0 if is_taken else 2)
    assert ("must begin with a dot" in done.stderr) is not is_taken
    assert (tmp_path / name).exists() is output.exists() is is_taken


def test_a_state_file_of_another_folder(tmp_path, output, log):
    """Positions that belong to another output folder are not believed, and that is said."""
    state = ["--state-file", tmp_path / "state.json"]
    run("--log-path", log, "--output-dir", output, *state)

    done = run("--log-path", log, "--output-dir", tmp_path / "other", *state)

    assert done.returncode == 0
    assert "belongs to another output folder" in done.stderr
    assert but_for_positions(tmp_path / "other") == but_for_positions(output)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "no state file"),
        (b"", "is damaged"),
        (b'{"schema_version": 1', "is damaged"),
        (b"[]", "is damaged"),
        (b'{"schema_version": 1, "output_dir": "", "views": {"": {}}}', "is damaged"),
        (b'{"schema_version": 999}', "was written by another version"),
    ],
)
def test_a_lost_state_file_costs_no_data(output, log, state, said):
    """Without its state file, or with a broken one, the monitor says so, and nothing is lost or there twice."""
    run("--log-path", log, "--output-dir", output)
    before = contents(output)
    (output / ".state.json").unlink()
    if state is not None:
        (output / ".state.json").write_bytes(state)

    done = run("--log-path", log, "--output-dir", output)

    assert done.returncode == 0
    assert said in done.stderr
    assert "rounds: 0 new" in done.stdout
    assert contents(output) == before
    assert run("--log-path", log, "--output-dir", output).stderr == ""


# -- one monitor, and its end ------------------------------------------------------------------------------------------


def test_a_second_monitor_leaves_the_work_to_the_first(output, log):
    """While one monitor holds the folder, another ends with exit code 0 and says who holds it; then it may work."""
    arguments = ["--log-path", log, "--output-dir", output]
    with running(*arguments, "--follow", stdout=subprocess.DEVNULL) as first:
        until((output / ".state.json").exists, "the first monitor is at work")

        second = run(*arguments)

        assert (second.returncode, second.stdout) == (0, "")
        assert f"another monitor is at work on {output} (pid {first.pid} on " in second.stderr
        assert run(*arguments, "--quiet").stderr == ""

    assert "Sessions: 2" in run(*arguments).stdout


@pytest.fixture(scope="module")
def long_log(tmp_path_factory):
    """A log that takes a while, and what one pass makes of it."""
    folder = tmp_path_factory.mktemp("long")
    lines = (line(f"session {number % 40}", f"{number} " + "x" * 2000) for number in range(LONG))
    append(folder / "access.log", *lines)
    assert run("--log-path", folder / "access.log", "--output-dir", folder / "sessions").returncode == 0
    return folder / "access.log", but_for_positions(folder / "sessions")


EARLY, LATE = "before the first line", "after the first session file"


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGTERM, EARLY),
        (signal.SIGTERM, LATE),
        (signal.SIGINT, LATE),
        (signal.SIGHUP, EARLY),
        (signal.SIGKILL, LATE),
    ],
)
def test_an_interrupted_pass_goes_on_later(output, long_log, number, moment):
    """Whenever a pass is ended, what it had read is kept, and the next one makes the very same files whole."""
    log, expected = long_log
    arguments = ["--log-path", log, "--output-dir", output]
    with running(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until((output / ".state.json").exists if moment == EARLY else lambda: session_files(output), moment)
        process.send_signal(number)
        _, complaints = process.communicate(timeout=PATIENCE)

    assert complaints == ""
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 128 + number
        whole = [json.loads(data) for data in contents(output).values()]
        covered = of_state(str(output / ".state.json"))
        assert sum(session["messages_count"] for session in whole) == covered.calls <= LONG

    assert run(*arguments).returncode == 0
    assert but_for_positions(output) == expected


@pytest.mark.parametrize("mode", ["--once", "--follow"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_who_insists_on_an_end(output, log, mode, number):
    """The second signal ends what has not listened to the first one, with the exit code of that signal; all is read later."""
    program = f"""\
import os, sys
sys.path.insert(0, {str(ROOT)!r})
import main

def poll(*arguments):
    for _ in range(2):
        os.kill(os.getpid(), {int(number)})
    sys.exit("it went on")

main.Monitor._polled = main.Monitor._poll_again = poll
sys.exit(main.main())
"""
    arguments = ["--log-path", log, "--output-dir", output]
    done = run(*arguments, mode, program=("-c", program))
    assert (done.returncode, done.stderr) == (128 + number, "")
    assert run(*arguments, "--once").returncode == 0
    assert rounds(output) == {"agent:main:a": 2, "agent:ops:b": 1}


# -- following ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_what_rotation_tells_a_monitor_that_only_begins(output, log, number):
    """It may still be making the index, or just be ending: neither is a time at which such a signal ends it."""
    program = f"""\
import os, sys
sys.path.insert(0, {str(ROOT)!r})
import main

class Begins(main.Monitor):
    def __init__(self, *arguments):
        os.kill(os.getpid(), {int(number)})
        super().__init__(*arguments)

    def run(self, **how):
        status = super().run(**how)
        os.kill(os.getpid(), {int(number)})
        return status

main.Monitor = Begins
sys.exit(main.main())
"""
    done = run("--log-path", log, "--output-dir", output, "--quiet", program=("-c", program))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_follow_without_a_terminal(tmp_path, output, number):
    """One plain line per change of state, new lines taken as they come, and a summary at the end with exit code 0."""
    log, told = tmp_path / "access.log", tmp_path / "told"
    arguments = ["--log-path", log, "--output-dir", output, "--follow", "--refresh-interval", "0.02"]
    with open(told, "wb") as file, running(*arguments, stdout=file, stderr=subprocess.DEVNULL) as process:
        waiting, up_to_date = f"waiting for {log}: it is not there yet", f"up to date with {log}"
        for step, (expected, change) in enumerate(
            [
                ([waiting], lambda: append(log, line("a"))),
                ([waiting, up_to_date], lambda: append(log, line("a"), line("b"))),
                ([waiting, up_to_date], log.unlink),
                ([waiting, up_to_date, waiting], lambda: append(log, line("c"))),
                ([waiting, up_to_date, waiting, up_to_date], lambda: None),
            ]
        ):
            seen = [{}, {"a": 1}, {"a": 2, "b": 1}, {"a": 2, "b": 1}, {"a": 2, "b": 1, "c": 1}][step]
            until(lambda: output.exists() and rounds(output) == seen, seen)  # noqa: B023 -- waited for here
            until(lambda: told.read_text(encoding="utf-8").splitlines() == expected, expected)  # noqa: B023
            change()
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0

    read, found, *_ = told.read_text(encoding="utf-8").splitlines()[4:]
    assert read.startswith("Read 4 lines ")
    assert found == "Sessions: 3 (3 new), rounds: 4 new"
    assert "\x1b" not in told.read_text(encoding="utf-8")


def test_follow_tells_a_problem_once_and_its_end(tmp_path, output):
    """A log that cannot be read is told once, and once more that all is well when it can."""
    log, told = tmp_path / "access.log", tmp_path / "told"
    log.symlink_to("access.log")
    arguments = ["--log-path", log, "--output-dir", output, "--follow", "--refresh-interval", "0.02"]
    with open(told, "wb") as file, running(*arguments, stdout=file, stderr=file) as process:
        until(lambda: "cannot be read" in told.read_text(encoding="utf-8"), "the problem is told")
        log.unlink()
        append(log, line("a"))
        until(lambda: "up to date" in told.read_text(encoding="utf-8"), "the end of the problem is told")
        process.terminate()
        assert process.wait(PATIENCE) == 0

    assert told.read_text(encoding="utf-8").count("cannot be read") == 1


def test_once_on_a_terminal_makes_one_pass(output, log):
    """With --once a terminal on stdout changes nothing: one pass, no live view."""
    shown = on_terminal("--once", "--log-path", log, "--output-dir", output, lent=["stdout"])

    assert "Sessions: 2 (2 new)" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("more", "environment", "is_drawn"),
    [
        ([], {"TERM": "xterm"}, True),
        (["--quiet"], {"TERM": "xterm"}, False),
        (["--verbose"], {"TERM": "xterm"}, False),
        ([], {"TERM": "dumb"}, False),
    ],
)
def test_who_sees_the_live_view(monkeypatch, output, log, more, environment, is_drawn):
    """A terminal on stdout does, unless it or its user wants plain lines."""
    drawn = []

    def view(self, _stack):
        drawn.append(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(main.Monitor, "_live_view", view)
    monkeypatch.setattr(monitor_run, "Journal", lambda *_arguments: view(None, None))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(os, "environ", {**os.environ, **environment})
    assert main.main(["--follow", "--log-path", str(log), "--output-dir", str(output), *more]) == main.INTERRUPTED
    assert [isinstance(each, main.Monitor) for each in drawn] == [is_drawn]


def test_ctrl_c_at_any_moment_leaves_no_traceback(monkeypatch, output, log):
    """Also before signals are waited for: the exit code says so, and the lock is free."""

    def interrupted(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(monitor_run, "Checkpoint", interrupted)
        assert main.main(["--once", "--log-path", str(log), "--output-dir", str(output)]) == 130
    assert main.main(["--once", "--log-path", str(log), "--output-dir", str(output)]) == 0


def on_terminal(*arguments, lent):
    """Run main.py to its end with a terminal as these streams; returns what the terminal was told."""
    ours, theirs = pty.openpty()
    streams = {name: theirs if name in lent else subprocess.PIPE for name in ("stdout", "stderr")}
    with running(*arguments, **streams) as process, open(ours, "rb", buffering=0) as terminal:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux' word for a terminal that nobody writes to any more
            while block := terminal.read(4096):
                shown += block
        assert process.wait(PATIENCE) == 0
    return shown.decode()


def test_an_index_that_is_made_anew_shows_progress(output, log):
    """On a terminal's stderr a pass says how far that is, and takes it away again; --quiet does not."""
    asked = ["--log-path", log, "--output-dir", output]
    assert run(*asked).returncode == 0

    for more, expected in ((["--quiet"], []), ([], ["100"])):
        append(log, line("agent:main:a"))
        for each in output.glob(".index*"):
            each.unlink()
        shown = on_terminal(*asked, *more, lent=["stderr"])
        assert re.findall(r"\rmaking the index: (\d+) %\x1b\[K\r\x1b\[K", shown) == expected


def test_a_long_pass_shows_progress(tmp_path, output):
    """On a terminal's stderr a long pass says how far it is, how fast and for how long, and takes that away again."""
    log = tmp_path / "access.log"
    with open(log, "wb") as file:
        file.writelines(b'{"ai_log":"-","path":"%s"}\n' % (b"x" * (1 << 20)) for _ in range(40))

    shown = on_terminal("--log-path", log, "--output-dir", output, lent=["stderr"])

    assert re.fullmatch(r"(\r\d+\.\d MB of 41\.9 MB, [\d.]+ [kMG]?B/s, \d+ s left\x1b\[K)+\r\x1b\[K", shown)
    assert on_terminal("--quiet", "--log-path", log, "--output-dir", output / "quiet", lent=["stderr"]) == ""


# -- a growing log -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["sample", "hostile", "agent"])
def whole(request, tmp_path_factory):
    """A log's bytes, and what one pass over all of it gives."""
    folder = tmp_path_factory.mktemp("whole")
    log = folder / "access.log"
    options = {"hostile": ["--profile", "mixed", "--hostile-ids", "--cut", "0.05"], "agent": ["--profile", "agent"]}
    if request.param == "sample":
        shutil.copy(SAMPLE, log)
    else:
        gen_access_log.main([*options[request.param], "--lines", "60", "--max-context", "8k", "--out", str(log)])
    assert run("--log-path", log, "--output-dir", folder / "sessions").returncode == 0
    return log.read_bytes(), but_for_positions(folder / "sessions")


@pytest.mark.parametrize("monitor", ["one", "a new one each time"])
def test_a_log_that_grows_line_by_line(tmp_path, whole, monitor):
    """After every poll every session file is valid JSON, and in the end all is as after one pass over the whole."""
    data, expected = whole
    log, output = tmp_path / "access.log", tmp_path / "sessions"
    output.mkdir()
    known = {}

    def ingest():
        return Ingest([str(log)], Store(str(output)), Checkpoint(str(output / ".state.json"), str(output)))

    daemon = ingest()
    with open(log, "ab", buffering=0) as file:
        for text in data.splitlines(keepends=True):
            for part in (text[: len(text) // 2], text[len(text) // 2 :]):  # a poll may come while a line is written
                file.write(part)
                done = (daemon if monitor == "one" else ingest()).poll()
                assert done.problems == []
                for name, found in contents(output).items():
                    if known.get(name) != found:
                        session = json.loads(found)
                        assert session["messages_count"] == len(session["rounds"])
                        known[name] = found

    assert but_for_positions(output) == expected


def test_a_log_that_grows_by_tenths(tmp_path, whole):
    """A pass after each tenth of a log, wherever in a line that ends, gives what one pass over the whole gives."""
    data, expected = whole
    log, output = tmp_path / "access.log", tmp_path / "sessions"
    output.mkdir()
    for tenth in range(1, 11):
        log.write_bytes(data[: len(data) * tenth // 10])
        assert poll(log, output).problems == []

    assert but_for_positions(output) == expected


# -- privacy -----------------------------------------------------------------------------------------------------------


def test_the_monitor_tells_nothing_of_what_was_said(tmp_path, output):
    """No text of a conversation gets into what the monitor says or into its state file, also with --verbose."""
    log, secret = tmp_path / "access.log", "swordfish"
    said = dict.fromkeys(("question", "answer", "reasoning", "system"), secret)
    call = {"id": secret, "type": "function", "function": {"name": secret, "arguments": secret}}
    good = line("agent:main:a", **said, tool_calls=[call], messages=[{"role": "user", "content": secret}])
    append(log, good, good[: good.rindex(secret)] + "\n", f"{secret}\n", good.replace("ai_log", secret), good)
    arguments = ["--log-path", log, "--output-dir", output, "--verbose"]

    done = run(*arguments)
    (output / ".state.json").write_text("broken", encoding="utf-8")
    append(log, good)
    again = run(*arguments)

    assert "main.py: agent:main:a: 2 rounds\n" in done.stderr
    assert "main.py: agent:main:a: 3 rounds\n" in again.stderr
    assert secret in (output / "agent:main:a.json").read_text(encoding="utf-8")
    assert secret not in done.stdout + done.stderr + again.stdout + again.stderr
    assert secret not in (output / ".state.json").read_text(encoding="utf-8")


def test_session_ids_cannot_steer_the_terminal(tmp_path, output):
    """What the monitor says of a session has no control character of its id."""
    log = tmp_path / "access.log"
    append(log, line("evil\x1b[2J\x9b1m\u202e\n\r\x07"))

    done = run("--log-path", log, "--output-dir", output, "--verbose")

    assert "evil\\x1b[2J\\x9b1m\\u202e\\n\\r\\x07: 1 round" in done.stderr
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.stdout + done.stderr)


def test_a_pass_that_finds_nothing_new_loads_little(tmp_path):
    """A pass from cron that finds no new line loads nothing that takes lines apart, makes processes or compresses."""
    log, out = tmp_path / "access.log", tmp_path / "sessions"
    log.write_bytes((ROOT / "tests/data/sample/access.log").read_bytes())
    command = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import main
code = main.main(["--once", "--quiet", "--log-path", {str(log)!r}, "--output-dir", {str(out)!r}])
unwanted = {{"session_monitor.calls.ai_log", "shutil", "bz2", "lzma", "threading", "multiprocessing", "dataclasses"}}
print(code, *sorted(unwanted & set(sys.modules)))
"""
    passes = [
        subprocess.run([sys.executable, "-S", "-c", command], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]

    assert "session_monitor.calls.ai_log" in passes[0]
    assert passes[1] == ["0"]
