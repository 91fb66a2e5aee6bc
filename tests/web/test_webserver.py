"""The program as people start it: what it prints, how it ends, what it says where it cannot start."""

from __future__ import annotations

import errno
import http.client
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.parse

import pytest

import webserver
from session_monitor.base import settings
from tests.support import other_thread
from tests.support.users import STRANGER, acting_as, need_users
from tests.support.webserving import MAIN, PATIENCE, SAMPLE, SERVER, asked, ingest, program


def started(*options, cwd=None):
    """What the program says that ends by itself."""
    command = [sys.executable, SERVER, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=cwd, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(folder, number):
    """It ends by SIGTERM or Ctrl-C with exit code 0, in the middle of streams, and its port is free again."""
    with program(folder) as (process, port, _):
        streams = [http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE) for _ in range(3)]
        for each in streams:
            each.request("GET", "/api/events")
            assert each.getresponse().readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)
        for each in streams:
            each.close()

    assert process.returncode == 0
    assert "Traceback" not in errors
    assert errors.count("GET /api/events 200") == 3
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_a_signal_that_another_thread_is_given_ends_it(folder):
    """Whichever thread the system hands it to, as when the server stood still meanwhile."""
    with program(folder) as (process, _, _):
        other_thread.send_signal(process.pid, signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_folder_that_somebody_planted(tmp_path):
    """It is not served, and no key is made in it or taken from it."""
    need_users()
    tmp_path.chmod(0o1777)
    planted = tmp_path / "sessions"
    planted.mkdir()
    os.chown(planted, STRANGER, STRANGER)

    done = started("--data-dir", planted, "--port", "0")

    assert (done.returncode, done.stdout) == (1, "")
    assert f"{planted} belongs to the user {STRANGER}, and stands where everybody may make folders" in done.stderr
    assert "name another folder" in done.stderr
    assert list(planted.iterdir()) == []


def test_a_second_signal_ends_it_at_once(monkeypatch):
    """Whoever asks twice does not wait for those who are being answered."""
    handled = {}
    monkeypatch.setattr(signal, "signal", handled.__setitem__)
    ended = threading.Event()

    webserver._end(ended, signal.SIGTERM, None)

    assert ended.is_set()
    assert handled == {signal.SIGTERM: signal.SIG_DFL}


def test_an_address_that_cannot_be_printed(folder):
    """Nobody would know where it listens and by which key: it ends, and says why."""
    if not os.path.exists("/dev/full"):
        pytest.skip("needs Linux' /dev/full")
    command = [sys.executable, SERVER, "--data-dir", folder, "--port", "0", "--host", "127.0.0.1"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)

    assert done.returncode
    assert "No space left on device" in done.stderr


def test_access_lines_that_cannot_be_written(folder):
    """Where the disk that they go to is full, everybody is answered all the same, over the connection that they have."""
    if not os.path.exists("/dev/full"):
        pytest.skip("needs Linux' /dev/full")
    command = [sys.executable, SERVER, "--data-dir", folder, "--port", "0", "--host", "127.0.0.1"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=full, text=True)
    try:
        port = int(re.search(r":(\d+)/", process.stdout.readline())[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.connect()
        opened = connection.sock
        assert [asked(connection, "/api/me").status for _ in range(3)] == [200] * 3
        assert connection.sock is opened
        connection.close()
    finally:
        process.kill()
        process.communicate()


def test_access_lines_hold_neither_texts_nor_keys(folder):
    """On stderr there is a line a request: who, what path, how it went; no query, no key, no word of a conversation."""
    with program(folder) as (process, port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        paths = [
            "/api/search?q=天气",
            f"/api/session/rounds?id={MAIN}",
            "/api/sessions?key=SECRET",
            "/%1b[31m",
            "/?key=SECRET",
        ]
        for path in paths:
            asked(connection, urllib.parse.quote(path, safe="/?&=:%["))
        connection.close()
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)

    lines = errors.splitlines()
    assert len(lines) == len(paths)
    assert all(re.fullmatch(r"[-+:T\d]+ 127\.0\.0\.1 GET /\S* \d+ \d+ [\d.]+ms", each) for each in lines)
    assert not re.search(r"天气|SECRET|1465367993012981988|%E5|北京", errors)


def test_the_link_that_is_printed_works(folder):
    """Started for everybody, it prints a link with the key; the key is kept for the next start, for the user alone."""
    links = []
    for _ in range(2):
        with program(folder, "--host", "0.0.0.0", "--quiet") as (process, port, greeting):
            assert "http://localhost:" in greeting
            links.append(process.stdout.readline().strip())
            key = links[-1].rpartition("key=")[2]
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            elsewhere = {"X-Forwarded-For": "203.0.113.9"}
            found = asked(connection, "/api/me", {**elsewhere, "Authorization": f"Bearer {key}"})
            refused = asked(connection, "/api/me", elsewhere)
            connection.close()
        assert found.data["local"] is False
        assert refused.status == 401
    assert len({each.rpartition("key=")[2] for each in links}) == 1
    assert stat.S_IMODE((folder / ".web-key").stat().st_mode) == 0o600


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_link_is_printed_wherever_it_listens(folder, host):
    """Also where it listens on this machine alone: for its other users, and for what comes through a proxy."""
    with program(folder, "--quiet", "--host", host) as (process, port, _):
        link = process.stdout.readline()
    here = {"127.0.0.1": "For other users of this machine", "0.0.0.0": "From elsewhere"}[host]
    assert re.fullmatch(rf"{here}, with its key: http://\S.*:{port}/\?key=[\w-]{{43}}\n", link)


ELSEWHERE, OTHER_USERS = "From elsewhere", "For other users of this machine"


def typed(*words):
    """The options that these words are, and what stands for those that were not given."""
    options = webserver._parser().parse_args(words)
    settings.settle(vars(options), {settings.CONFIG: ""})
    return options


@pytest.mark.parametrize(
    ("options", "here", "whom", "there"),
    [
        ([], "http://localhost", ELSEWHERE, "http://<this machine's name>"),
        (["--host", "::"], "http://localhost", ELSEWHERE, "http://<this machine's name>"),
        (["--host", "localhost"], "http://localhost", OTHER_USERS, "http://localhost"),
        (["--host", "127.0.0.2"], "http://127.0.0.2", OTHER_USERS, "http://127.0.0.2"),
        (["--host", "::1"], "http://[::1]", OTHER_USERS, "http://[::1]"),
        (["--host", "10.0.0.5"], "http://10.0.0.5", ELSEWHERE, "http://10.0.0.5"),
        (["--base-path", "/a/b/"], "http://localhost", ELSEWHERE, "http://<this machine's name>"),
        (["--tls-cert", "c", "--tls-key", "k"], "https://localhost", ELSEWHERE, "https://<this machine's name>"),
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_the_greeting(capsys, options, here, whom, there, is_there):
    """Where it is opened on this machine and from where else, with which key; and what to do where there are no data yet."""
    asked = typed(*options)
    asked.told = asked.data_dir
    webserver._greet(asked, 80, "KEY", is_there=is_there)

    first, second, *more = capsys.readouterr().out.splitlines()
    path = "/a/b" if "--base-path" in options else ""
    assert first == f"Serving ./sessions at {here}:80{path}/"
    assert second == f"{whom}, with its key: {there}:80{path}/?key=KEY"
    assert [line.startswith("There is no folder ./sessions yet") for line in more] == [True] * (not is_there)


@pytest.mark.parametrize(
    ("number", "path", "told"),
    [
        (errno.EADDRINUSE, None, "0.0.0.0:8888 is in use: another server listens there; choose another --port"),
        (errno.EACCES, None, "this user may not listen at 0.0.0.0:8888: choose a --port above 1023"),
        (errno.EPERM, None, "this user may not listen at 0.0.0.0:8888: choose a --port above 1023"),
        (errno.EACCES, "key.pem", "key.pem: Permission denied. See that this user may read it"),
        (errno.EADDRNOTAVAIL, None, "cannot listen at 0.0.0.0:8888: Cannot assign requested address"),
    ],
)
def test_failures_in_words(number, path, told):
    """What cannot be read is not mistaken for what cannot be listened at."""
    error = OSError(number, os.strerror(number), path)
    assert webserver._in_words(error, typed()) == told


@pytest.mark.parametrize(("text", "port"), [("0", 0), ("65535", 65535), ("65536", None), ("-1", None), ("x", None)])
def test_a_port(capsys, text, port):
    """It is a number of sixteen bits, 0 included."""
    if port is None:
        with pytest.raises(SystemExit):
            webserver._parser().parse_args(["--port", text])
        assert f"'{text}' is no port: 0 to 65535" in capsys.readouterr().err
    else:
        assert webserver._parser().parse_args(["--port", text]).port == port


@pytest.mark.parametrize("options", [[], ["--trust-local-users"]])
def test_users_of_this_machine(folder, options):
    """Another user of this machine needs a key, unless that was switched off; with it they come in from there, too."""
    need_users()
    with program(folder, "--quiet", *options) as (process, port, _):
        link = process.stdout.readline().strip().rpartition(" ")[2]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with acting_as(STRANGER):
            connection.connect()
        found = [asked(connection, path).status for path in ("/", "/api/sessions", link.partition(str(port))[2])]
        connection.close()
    assert found == ([200, 200, 303] if options else [401, 401, 303])


def test_where_no_user_is_told(folder, monkeypatch, capsys):
    """That nobody can be known here is said at the start, with what follows; not where nobody needs to be known."""
    monkeypatch.setattr(webserver.peers, "teller", lambda: None)
    # It ends at once: each signal comes as soon as it is listened for.
    monkeypatch.setattr(webserver.signal, "signal", lambda number, end: end(number, None) if callable(end) else None)
    words = ["--data-dir", str(folder), "--port", "0", "--host", "127.0.0.1"]
    told = []
    for is_told, more in ((True, []), (True, ["--trust-local-users"]), (False, [])):
        monkeypatch.setattr(webserver.peers, "IS_TOLD", is_told)
        assert webserver.main([*words, *more]) == 0
        told.append("does not tell here which user of this machine" in capsys.readouterr().err)
    assert told == [True, False, False]


def test_a_link_that_was_printed_before_there_was_a_folder(tmp_path):
    """It still opens everything when the folder has come."""
    folder = tmp_path / "later"
    with program(folder, "--quiet") as (process, port, _):
        key = process.stdout.readline().strip().rpartition("key=")[2]
        ingest(SAMPLE, folder)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        headers = {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {key}"}
        assert asked(connection, "/api/me", headers).data["scope"] == "all"
        connection.close()
    assert (folder / ".web-key").read_text().strip() == key


def test_a_folder_that_is_not_there_yet(tmp_path):
    """It serves all the same, says what to run, and finds the sessions when they come."""
    folder = tmp_path / "later"
    with program(folder, "--quiet") as (process, port, _):
        assert "with its key: http://127.0.0.1" in process.stdout.readline()
        assert "run 'python3 main.py" in process.stdout.readline()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        assert asked(connection, "/api/sessions").data["total"] == 0
        ingest(SAMPLE, folder)
        found = [asked(connection, "/api/sessions", limit=limit).data["total"] for limit in range(1, 100)]
        while found[-1] == 0:
            found.append(asked(connection, "/api/sessions", limit=1).data["total"])
        connection.close()
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert found[-1] > 0
    assert errors == ""


def test_a_port_in_use(folder):
    """Where another server listens already, that is said, with exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = started("--data-dir", folder, "--host", "127.0.0.1", "--port", port)

    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == f"webserver.py: 127.0.0.1:{port} is in use: another server listens there; choose another --port\n"
    )


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--host", "no.such.host.invalid"], 1, "cannot listen at no.such.host.invalid:0"),
        (["--host", "203.0.113.77"], 1, "cannot listen at 203.0.113.77:0"),
        (["--port", "70000"], 2, "'70000' is no port"),
        (["--tls-cert", "cert.pem"], 2, "--tls-cert and --tls-key belong together"),
        (["--tls-cert", "none.pem", "--tls-key", "none.pem"], 1, "none.pem: No such file or directory"),
        (
            ["--tls-cert", "junk.pem", "--tls-key", "junk.pem"],
            1,
            "junk.pem and junk.pem are no certificate with its key",
        ),
        (["--data-dir", "bad-key"], 1, "bad-key/.web-key holds no key: take it away"),
        (["--data-dir", "bad-prices"], 1, ".prices.json"),
        (["--data-dir", "junk.pem"], 1, "junk.pem"),
    ],
)
def test_what_keeps_it_from_starting(tmp_path, options, status, told):
    """What is wrong is said in one line, without a traceback."""
    (tmp_path / "junk.pem").write_text("junk")
    for name, file, content in (("bad-key", ".web-key", "junk"), ("bad-prices", ".prices.json", "{")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(content)
        (tmp_path / name / file).chmod(0o600)
    done = started("--port", "0", *options, cwd=tmp_path)

    assert done.returncode == status
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_help():
    """The help names the documented options with their defaults, and shows how it is used."""
    helped = started("--help").stdout
    for each in ("or ./sessions)", "default: 8888", "default: 0.0.0.0", "python3 scripts/webserver.py"):
        assert each in helped


def test_examples_of_the_help_are_right():
    """Each example in the help is taken by the command line."""
    helped = started("--help").stdout
    examples = re.findall(r"python3 scripts/webserver\.py(.*)", helped)

    assert len(examples) > 3
    for each in examples:
        assert webserver._parser().parse_args(each.split())


@pytest.mark.parametrize("host", ["::1", "::", "localhost"])
def test_other_addresses_to_listen_at(folder, host):
    """It listens at an address of either kind; where it listens at all of them, both kinds are answered."""
    if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("needs IPv6")
    with program(folder, "--quiet", "--host", host) as (_, port, greeting):
        assert ("[::1]" if host == "::1" else "localhost") in greeting
        for address in {"::1": ["::1"], "::": ["::1", "127.0.0.1"]}.get(host, ["localhost"]):
            connection = http.client.HTTPConnection(address, port, timeout=PATIENCE)
            assert asked(connection, "/api/me").data["local"] is True
            connection.close()


@pytest.mark.parametrize("path", ["monitor", "/a//b", "/../a", "/a b", "http://a/b", "/a?b", "/监", "/."])
def test_a_base_path_that_is_none(path, capsys):
    """What could not stand before each address is refused with words, not found out by a browser."""
    with pytest.raises(SystemExit) as ended:
        webserver.main(["--base-path", path])
    assert ended.value.code == 2
    assert "is no path such as /monitor" in capsys.readouterr().err
