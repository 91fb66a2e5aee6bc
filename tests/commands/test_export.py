"""export as a user sees it: what is written where, and how it ends."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import stat
import subprocess
import sys

import pytest

import cli
from commands import export
from session_monitor.exports import tables
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.reports.report import Report
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.command_line import ROOT, SCRIPTS, command_line


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with sessions of four calls, where one stands."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    lines = [
        calls.line("a", ["Hi?"], start_time="2026-02-01T09:30:15Z", question="Hi?", answer="</div>```<b>Yes"),
        calls.line("a", ["Hi?", "So?"], start_time="2026-02-02T09:30:15Z", model="gpt-4o"),
        calls.line("=evil\x1b[31m", start_time="2026-02-02T09:30:16Z", model="查询"),
        calls.line("c", start_time="2026-02-02T09:30:17Z", model=None, code="503"),
    ]
    (tmp_path / "access.log").write_bytes(b"".join(line + b"\n" for line in lines))
    folder = tmp_path / "sessions"
    folder.mkdir()
    Ingest(["access.log"], Store(str(folder)), Checkpoint(f"{folder}/.state.json", str(folder))).poll()
    return tmp_path


@pytest.fixture
def run(home, capsys):
    """Run export as cli.py does; its exit code, and what it prints."""

    def run(*arguments):
        status = cli._run(command_line(export).parse_args(["export", *arguments]))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_report_is_written(run, home):
    """`export finops-report.json` writes the report for this user alone, and says on stderr what it wrote."""
    assert run("finops-report.json", "--timezone", "UTC") == (
        0,
        "",
        "cli.py: wrote 6 rows to finops-report.json (json)\n",
    )

    path = home / "finops-report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    assert list(report) == ["schema_version", "generated_at", "summary", "by_model", "by_date", "coverage"]
    assert report["summary"] == {"sessions": 3, **Report("sessions", BOOK).overview().sums.to_json()}
    assert report["coverage"]["lines"] == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(os.listdir(home)) == ["access.log", "finops-report.json", "sessions"]


@pytest.mark.parametrize(
    ("name", "more", "begins"),
    [
        ("x.json", [], '{"schema_version": 1, '),
        ("x", [], '{"schema_version": 1, '),
        ("x.csv", [], "\ufefftable,model,"),
        ("x.CSV", [], "\ufefftable,model,"),
        ("x.jsonl", [], '{"table": "summary", '),
        ("x.ndjson", [], '{"table": "summary", '),
        ("x.md", [], "# Report of "),
        ("x.md", ["--format", "csv"], "\ufefftable,model,"),
        ("x.csv", ["--json"], '{"schema_version": 1, '),
        ("x.jsonl", ["--what", "rounds"], '{"session_id": "=evil'),
        ("x.csv", ["--what", "sessions"], "\ufeffsession_id,created_at,"),
    ],
)
def test_the_format_is_that_of_the_files_name(run, home, name, more, begins):
    """A file's ending says how it is written, unless an option does; CSV has the mark by which Excel knows UTF-8."""
    assert run(name, *more)[0] == 0

    assert (home / name).read_bytes().decode().startswith(begins)


@pytest.mark.parametrize("name", ["report.xlsx", "report.yaml", "a.json.gz"])
def test_an_ending_of_no_format(run, home, name):
    """It is refused with those that there are, and nothing is written; whoever names the format may end it as they like."""
    status, out, err = run(name)

    assert (status, out, (home / name).exists()) == (2, "", False)
    assert ".json, .csv, .jsonl, .ndjson, .md, .markdown, or add --format" in err
    assert run(name, "--format", "json")[0] == 0


def test_stdout(run):
    """`-` prints the data and nothing else, CSV without a mark."""
    status, out, err = run("-", "--what", "rounds", "--format", "csv")

    assert (status, err) == (0, "")
    rows = list(csv.reader(out.splitlines()))
    assert rows[0][0] == "session_id"
    assert [row[0] for row in rows[1:]] == ["'=evil\\x1b[31m", "a", "a", "c"]
    assert json.loads(run("-", "--what", "sessions")[1])["sessions"]


@pytest.mark.parametrize(("between", "shares"), [(2, ["50", "100"]), (3, ["75", "100"]), (4, ["100"]), (5, [])])
def test_a_long_export_says_how_far_it_is(run, monkeypatch, between, shares):
    """On a terminal it does now and then and at its end, where there is much; data on stdout are not disturbed by it."""
    monkeypatch.setattr(export, "_BETWEEN", between)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    said = run("x.jsonl", "--what", "rounds")[2]
    assert re.findall(r"\rexporting: (\d+) %", said) == shares
    assert said.endswith("cli.py: wrote 4 rounds to x.jsonl (jsonl)\n")
    assert run("-", "--what", "rounds")[2] == ""


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_json_is_readable_where_it_may_be(run, home, monkeypatch, encoding):
    """A file holds every character whatever stdout does; on a stdout that does not, they are escaped."""
    monkeypatch.setattr(export, "holds_unicode", lambda: encoding == "utf-8")

    assert run("x.jsonl", "--what", "rounds")[0] == 0
    assert "查询" in (home / "x.jsonl").read_text(encoding="utf-8")
    assert ("查询" in run("-", "--what", "rounds", "--format", "jsonl")[1]) == (encoding == "utf-8")


def test_filters(run, home):
    """The filters choose what is written, as they do for lists and sums."""
    assert run("x.jsonl", "--what", "rounds", "--model", "gpt-4o", "--since", "2026-02-02")[0] == 0
    assert [json.loads(line)["round"] for line in (home / "x.jsonl").read_text(encoding="utf-8").splitlines()] == [2]

    assert run("x.json", "--session", "a")[2] == "cli.py: wrote 4 rows to x.json (json)\n"
    assert json.loads((home / "x.json").read_text(encoding="utf-8"))["summary"]["calls"] == 2


def test_a_file_that_is_there_is_replaced(run, home):
    """The new file takes the old one's name, also behind a link, and is for this user alone."""
    (home / "real").mkdir()
    old = home / "real" / "x.json"
    old.write_text("old", encoding="utf-8")
    old.chmod(0o644)
    (home / "x.json").symlink_to(old)

    assert run("x.json")[0] == 0

    assert (home / "x.json").is_symlink()
    assert json.loads(old.read_text(encoding="utf-8"))
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


@pytest.mark.parametrize("place", ["x.json", "folder/x.json", "further"])
def test_a_link_of_somebody_elses(run, home, monkeypatch, place):
    """In a folder where everybody may make one, such as /tmp, nothing is written behind it; one's own is followed."""
    shared = home / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (home / "x.json").write_text("old", encoding="utf-8")
    (shared / "x.json").symlink_to(home / "x.json")
    (shared / "folder").symlink_to(home)
    (home / "further").symlink_to("shared/../shared/x.json")
    path = home / "further" if place == "further" else shared / place
    with monkeypatch.context() as somebody_else:
        somebody_else.setattr(os, "geteuid", lambda: os.getuid() + 1)
        if os.getuid() == 0:
            os.chown(shared, 65533, 65533)
        else:
            pytest.skip("only root can make a folder that is another's")
        status, _, said = run(str(path))

    assert status == 1
    assert "is another user's link in a folder where everybody may make one" in said
    assert (home / "x.json").read_text(encoding="utf-8") == "old"
    assert run(str(path))[0] == 0
    assert json.loads((home / "x.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none/x.json", "there is no folder"),
        ("sessions", "sessions is no file; - stands for stdout"),
        ("/dev/null", "/dev/null is no file"),
        ("sessions/x.json", "is for the monitor's own files"),
    ],
)
def test_a_place_where_nothing_can_be_written(run, home, name, said):
    """Where no file can be, that is said, and nothing is changed."""
    before = sorted(os.listdir(home / "sessions"))

    status, out, err = run(name)

    assert (status, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1
    assert [each for each in sorted(os.listdir(home / "sessions")) if ".index" not in each] == [
        each for each in before if ".index" not in each
    ]


@pytest.mark.parametrize("what", tables.WHAT)
def test_a_full_disk(run, home, monkeypatch, what):
    """Where the disk is full the old file stays as it was, nothing lies around, and the index is left alone."""
    (home / "x.json").write_text("old", encoding="utf-8")
    assert run("y.json")[0] == 0
    asked = []

    def full(descriptor):
        asked.append(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    status, _, err = run("x.json", "--what", what)

    assert (status, err) == (1, f"cli.py: {home}/x.json: No space left on device; nothing was written there\n")
    assert len(asked) == 1
    assert (home / "x.json").read_text(encoding="utf-8") == "old"
    assert sorted(os.listdir(home)) == ["access.log", "sessions", "x.json", "y.json"]


def test_an_index_that_fails_while_it_is_read(run, home, monkeypatch):
    """A file is written anew from a sound index; what stands on stdout already is not printed a second time."""
    original, failures = tables._rounds, []

    def failing(index, where):
        rows = original(index, where)
        yield next(rows)
        if not failures:
            failures.append(1)
            raise sqlite3.DatabaseError("database disk image is malformed")
        yield from rows

    monkeypatch.setattr(tables, "_rounds", failing)

    assert run("x.jsonl", "--what", "rounds")[2] == "cli.py: wrote 4 rounds to x.jsonl (jsonl)\n"
    assert len((home / "x.jsonl").read_text(encoding="utf-8").splitlines()) == 4
    failures.clear()
    status, out, err = run("-", "--what", "rounds", "--format", "jsonl")
    assert (status, len(out.splitlines())) == (1, 1)
    assert "what stands on stdout is a part" in err


def test_what_is_no_session_is_named(run, home):
    """A file that is no session any more is left out, which is said."""
    (home / "sessions" / "broken.json").write_text("{}", encoding="utf-8")

    assert "broken.json cannot be read as a session; it is left out" in run("x.json")[2]


def test_formats_that_exclude_each_other(run):
    """--json and another format are an error, not a guess."""
    status, out, err = run("x.csv", "--json", "--format", "csv")

    assert status == 2
    assert json.loads(out)["error"]["code"] == "bad_format"
    assert "--json and --format csv exclude each other" in err


def test_a_reader_that_has_seen_enough(home):
    """`export - | head -1` is quiet and fine, also where the index is only just made for it."""
    program = (
        "import sys, cli\n"
        "from commands import export\n"
        "from tests.support.command_line import command_line\n"
        "cli.parser = lambda words: command_line(export); sys.exit(cli.main())"
    )
    for what in tables.WHAT:
        arguments = [sys.executable, "-c", program, "export", "-", "--what", what]
        for each in (home / "sessions").glob(".index*"):
            each.unlink()
        reader, writer = os.pipe()
        os.close(reader)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SCRIPTS), str(ROOT)]), "PYTHONUNBUFFERED": "1"}
        done = subprocess.run(arguments, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False)
        os.close(writer)

        assert (done.returncode, done.stderr) == (0, b"")


def test_help_says_where_the_conversation_is(run, capsys):
    """The help says that what was said is not in the files, and what has it."""
    with pytest.raises(SystemExit) as end:
        run("--help")
    assert end.value.code == 0

    assert "What was said is in none of them: 'show ID --format md'" in re.sub(r"\s+", " ", capsys.readouterr().out)
