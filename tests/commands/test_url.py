"""The command `url`: a link to a session's page."""

from __future__ import annotations

import http.client
import json
import os

import pytest

from tests.support import prepared
from tests.support.calls import line
from tests.support.users import STRANGER, need_users
from tests.support.webserving import MAIN, PATIENCE, ROOT, SAMPLE, asked, ingest, program

CLI = ROOT / "scripts" / "cli.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sessions of the sample."""
    return ingest(SAMPLE, tmp_path_factory.mktemp("sample") / "sessions")


def url(folder, *words, **environment):
    """What the command says."""
    clean = {key: value for key, value in os.environ.items() if not key.endswith("_SESSION_ID")}
    done = prepared.run(CLI, "url", *words, "--data-dir", folder, environment={**clean, **environment})
    assert "Traceback" not in done.stderr
    return done


def test_url(folder):
    """The link to a session has the documented form, and a key that opens that session on the server."""
    found = url(folder, MAIN[-12:]).stdout.strip()
    assert found.startswith(f"http://localhost:8888/session?id={MAIN}&key=")
    assert url(folder, MAIN, "--no-key").stdout.strip() == f"http://localhost:8888/session?id={MAIN}"
    other = url(folder, MAIN, "--base", "https://monitor.example.org/").stdout.strip()
    assert other == found.replace("http://localhost:8888", "https://monitor.example.org")
    data = json.loads(url(folder, MAIN, "--json").stdout)["data"]
    assert data == {"url": found, "session_id": MAIN}
    assert url(folder, found).stdout.strip() == found
    with program(folder, "--quiet") as (_, port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        answer = asked(connection, found[len("http://localhost:8888") :], {"X-Forwarded-For": "203.0.113.9"})
        connection.close()
    assert answer.status == 303
    assert "Set-Cookie" in answer.headers


def test_url_of_the_current_session(folder):
    """The environment names it; without that it is the one that talked last; one that is not known yet gets a link, too."""
    last = url(folder, "last").stdout
    assert url(folder, "--current").stdout == last
    assert url(folder, "--current", OPENCLAW_SESSION_ID=MAIN).stdout == url(folder, MAIN).stdout
    assert url(folder, "--current", AGENT_SESSION_ID=MAIN, OPENCLAW_SESSION_ID="x").stdout == url(folder, MAIN).stdout
    new = url(folder, "--current", AGENT_SESSION_ID="a new one")
    assert (new.returncode, new.stdout.partition("&key")[0]) == (0, "http://localhost:8888/session?id=a%20new%20one")
    assert "once the log was read" in new.stderr


def test_url_of_all(folder):
    """The link to the overview has the key that opens everything on the server; it is the one that the server prints."""
    found = url(folder, "--all").stdout.strip()
    assert url(folder, "--all", "--no-key").stdout == "http://localhost:8888/\n"
    assert json.loads(url(folder, "--all", "--json").stdout)["data"] == {"url": found, "session_id": None}
    with program(folder, "--quiet") as (process, port, _):
        printed = process.stdout.readline().strip().rpartition(" ")[2]
        assert printed == url(folder, "--all", "--base", f"http://127.0.0.1:{port}").stdout.strip()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        elsewhere = {"X-Forwarded-For": "203.0.113.9"}
        answer = asked(connection, found[len("http://localhost:8888") :], elsewhere)
        cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
        assert asked(connection, "/api/me", {**elsewhere, **cookie}).data["scope"] == "all"
        connection.close()


@pytest.mark.parametrize("owner", [STRANGER, 0])
def test_a_link_that_root_asks_for(tmp_path, owner):
    """The key that root makes belongs to the folder's owner, who runs the server and could not read it otherwise."""
    need_users()
    folder = tmp_path / "sessions"
    folder.mkdir(mode=0o700)
    os.chown(folder, owner, owner)
    assert url(folder, "--all").returncode == 0
    found = (folder / ".web-key").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (owner, owner, 0o600)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([], 2),
        ([MAIN, "--current"], 2),
        ([MAIN, "--all"], 2),
        (["--current", "--all"], 2),
        (["no-such-session"], 3),
        ([MAIN, "--base", "monitor"], 2),
        ([MAIN, "--base", "http://h/?a"], 2),
        ([MAIN, "--base", "http://h/#a"], 2),
        ([MAIN, "--base", "http:///h"], 2),
        ([MAIN, "--base", "ftp://h"], 2),
    ],
)
def test_wrong_ways_to_ask_for_a_link(folder, words, status):
    """What cannot be meant is refused."""
    done = url(folder, *words)
    assert (done.returncode, done.stdout) == (status, "")


def test_url_of_no_folder(tmp_path):
    """Where there is no folder there is no key, and nothing is made."""
    done = url(tmp_path / "none", "--all")
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (1, "", [])
    assert "main.py" in done.stderr


def test_url_of_a_folder_with_a_bad_key(tmp_path):
    """A damaged key is told as the server tells it."""
    (tmp_path / "access.log").write_bytes(line("s") + b"\n")
    folder = ingest(tmp_path / "access.log", tmp_path / "sessions")
    (folder / ".web-key").write_text("junk")
    (folder / ".web-key").chmod(0o600)
    done = url(folder, "s")
    assert done.returncode == 1
    assert "take it away, and a new one is made" in done.stderr
