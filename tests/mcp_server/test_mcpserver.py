"""The program on its two pipes: whatever a client sends, each request is answered once, and nothing else is written."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from session_monitor import __version__
from tests.support import other_thread
from tests.support.command_line import line, sessions
from tests.support.mcp_client import MAIN, SERVER, RawClient, answered, connected, meta

CALL = {"name": "get_cost", "arguments": {"session": MAIN}}
HELD = {"jsonrpc": "2.0", "id": "last", "method": "ping"}
"""Asked behind something that is not answered."""


def fed(folder, raw):
    """All that a server says to these bytes, by the time it ends by itself."""
    environment = {**os.environ, "SESSION_MONITOR_CONFIG": ""}
    command = [sys.executable, SERVER, "--data-dir", str(folder)]
    done = subprocess.run(command, input=raw, capture_output=True, check=False, env=environment, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(each) for each in done.stdout.splitlines()]


def test_a_whole_conversation(sample):
    """A legacy host's beginning, a list, a call and a resource; modern requests between them; then the end."""
    with connected(sample) as client:
        begun = client.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}})
        client.send("notifications/initialized")
        assert begun["result"]["protocolVersion"] == "2025-11-25"
        assert client.ask("server/discover", meta())["result"]["supportedVersions"] == ["2026-07-28"]
        assert len(client.ask("tools/list")["result"]["tools"]) == 10
        assert client.call("get_cost", session=MAIN)["structuredContent"] == answered(sample, "get_cost", session=MAIN)
        assert client.ask("tools/call", {**CALL, **meta()})["result"]["resultType"] == "complete"
        assert client.ask("resources/list")["result"]["resources"]
        assert client.ask("prompts/get", {"name": "spending"})["result"]["messages"]


def test_nothing_need_come_before(sample):
    """A call without any beginning is answered, also where the input ends right behind it without a line's end."""
    (answer,) = fed(sample, json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CALL}).encode())
    assert answer["result"]["structuredContent"]["session_id"] == MAIN


@pytest.mark.parametrize(
    ("raw", "code", "to"),
    [
        (b'{"jsonrpc":"2.0","id":1,"meth', -32700, None),
        (b"\xff\xfe\n", -32700, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]\n', -32600, None),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}\n', -32600, None),
        (b'{"jsonrpc":"2.0","id":2.5,"method":"ping"}\n', -32600, None),
        (b'{"jsonrpc":"2.0","id":"x","method":"nothing"}\n', -32601, "x"),
        (b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"nothing"}}\n', -32602, 3),
        (b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":[]}\n', -32602, 3),
    ],
)
def test_mistakes(sample, raw, code, to):
    """Each has its code; and what comes behind it is answered."""
    behind = b"" if raw.endswith(b"meth") else json.dumps(HELD).encode() + b"\n"
    answer, *rest = sorted(fed(sample, raw + behind), key=lambda each: each["id"] == "last")
    assert (answer["error"]["code"], answer["id"]) == (code, to)
    assert [each["result"] for each in rest] == ([{}] if behind else [])


@pytest.mark.parametrize(
    "raw",
    [
        b"\n\r\n  \n",
        b'{"jsonrpc":"2.0","method":"nothing"}\n',
        b'{"jsonrpc":"2.0","method":"notifications/initialized","params":[]}\n',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[]}}\n',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled"}\n',
        b'{"jsonrpc":"2.0","method":"tools/call","params":{}}\n',
        b'{"jsonrpc":"2.0","id":9,"result":{}}\n',
    ],
)
def test_what_gets_no_answer(sample, raw):
    """Notifications, known or not, answers and blank lines are passed over."""
    assert fed(sample, raw + json.dumps(HELD).encode() + b"\r\n") == [{"jsonrpc": "2.0", "id": "last", "result": {}}]


def test_a_line_of_ten_megabytes(sample):
    """It is read, and what is wrong in it is told to who asked."""
    params = {"name": "search", "arguments": {"text": "x" * 10_000_000}}
    raw = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode() + b"\n"
    (answer,) = fed(sample, raw)
    assert answer["result"]["content"][0]["text"] == "bad_arguments: text must be 2000 characters at most"


def test_many_at_once(sample):
    """A hundred calls that overlap are each answered once, by their own ids, and a ping meanwhile."""
    with connected(sample) as client:
        for number in range(100):
            name, arguments = [("get_cost", {"session": MAIN}), ("search", {"text": "weather"})][number % 2]
            client.send("tools/call", {"name": name, "arguments": arguments}, id=number)
        client.send("ping", id="p")
        answers = [client.receive() for _ in range(101)]
    assert sorted((each["id"] for each in answers), key=str) == sorted([*range(100), "p"], key=str)
    assert all("result" in each and not each["result"].get("isError") for each in answers)


def test_a_call_that_is_given_up(sample, tmp_path):
    """What was cancelled before it began is not answered; what comes behind it is."""
    with connected(sample) as client:
        for number in range(20):
            client.send("tools/call", CALL, id=number)
        client.send("notifications/cancelled", {"requestId": 19, "reason": "no more wanted"})
        client.send("notifications/cancelled", {"requestId": "18"})
        client.send("tools/call", CALL, id="end")
        got = []
        while not got or got[-1] != "end":
            got.append(client.receive()["id"])
    assert got == [*range(19), "end"]


def test_progress_of_an_index_that_is_made(tmp_path):
    """A call with a token hears how far the making of an index is, before its answer; one without hears nothing."""
    folder = sessions(tmp_path / "s", *(line(f"s{number}", number) for number in range(30)))
    (folder / ".index.sqlite3").unlink(missing_ok=True)
    with connected(folder) as client:
        client.send("tools/call", {"name": "list_sessions", "_meta": {"progressToken": "t"}}, id=1)
        said = [client.receive()]
        while "id" not in said[-1]:
            said.append(client.receive())
        *told, answer = said
        assert [each["method"] for each in told] == ["notifications/progress"] * len(told)
        assert told
        assert all(each["params"]["progressToken"] == "t" for each in told)
        assert answer["result"]["structuredContent"]["total"] == 30
        assert "id" in client.ask("tools/call", {"name": "list_sessions"})


def test_the_folder_may_be_wrong(tmp_path):
    """It begins and lists all the same; tools say what is wrong, and answer once the folder is there."""
    with connected(tmp_path / "none") as client:
        assert client.ask("initialize", {"protocolVersion": "2025-11-25"})["result"]["serverInfo"]
        assert client.ask("tools/list")["result"]["tools"]
        said = client.call("list_sessions")
        assert said["isError"]
        assert str(tmp_path / "none") in said["content"][0]["text"]
        assert client.ask("resources/list")["error"]["code"] == -32602
        sessions(tmp_path / "none", line("a"))
        assert client.call("list_sessions")["structuredContent"]["total"] == 1


def test_what_changes_meanwhile(tmp_path):
    """New calls, an index that is made anew, and sessions that are deleted are seen by the next call."""
    folder = sessions(tmp_path / "s", line("a"), line("b", 2))
    with connected(folder) as client:
        assert client.call("list_sessions")["structuredContent"]["total"] == 2
        for path in folder.glob(".index.sqlite3*"):
            path.unlink()
        assert client.call("get_cost", session="a")["structuredContent"]["rounds"] == 1
        cli = [sys.executable, SERVER.with_name("cli.py")]
        subprocess.run([*cli, "delete", "a", "--yes", "--data-dir", folder], check=True, capture_output=True)
        assert client.call("get_rounds", session="a")["isError"]
        assert client.call("search", text="question")["structuredContent"]["hits"][0]["session_id"] == "b"
        assert client.call("list_sessions")["structuredContent"]["total"] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_it(sample, number):
    """It ends at once, as if its input had ended."""
    client = RawClient(sample)
    client.ask("ping")
    client.process.send_signal(number)
    assert client.process.wait(10) == 0
    assert client.end() == (0, "")
    client.process.stdout.close()


def test_a_signal_that_another_thread_is_given_ends_it(sample):
    """Whichever thread the system hands it to, as when the server stood still meanwhile."""
    client = RawClient(sample)
    client.ask("ping")
    other_thread.send_signal(client.process.pid, signal.SIGTERM)
    assert client.process.wait(10) == 0
    assert client.end() == (0, "")
    client.process.stdout.close()


def test_a_client_that_is_gone(sample):
    """Where nobody reads any more it ends with the first answer, and complains to nobody; its input is open still."""
    reading, writing = os.pipe()
    command = [sys.executable, SERVER, "--data-dir", str(sample)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE) as server:
        os.close(writing)
        server.stdin.write(json.dumps(HELD).encode() + b"\n")
        server.stdin.flush()
        assert os.read(reading, 1000)
        os.close(reading)
        server.stdin.write(json.dumps({**HELD, "method": "tools/call", "params": CALL}).encode() + b"\n")
        server.stdin.flush()
        assert server.wait(30) == 0
        assert server.stderr.read() == b""


def test_its_answers_do_not_depend_on_the_locale(sample):
    """Under a locale without Unicode it answers the same."""
    with connected(sample, environment={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}) as client:
        assert client.call("search", text="天气")["structuredContent"]["hits"]


def test_a_stray_print_does_no_harm(sample):
    """What anything prints to standard output goes to stderr, not among the messages."""
    program = (
        "import sys, runpy, os\n"
        "from mcp_server.methods import Methods\n"
        "real = Methods.answer\n"
        "def loud(self, *given):\n"
        "    print('stray'); os.system('echo stray too')\n"
        "    return real(self, *given)\n"
        "Methods.answer = loud\n"
        "sys.argv = ['mcpserver.py']\n"
        "import mcpserver; sys.exit(mcpserver.main())\n"
    )
    ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode() + b"\n"
    environment = {**os.environ, "PYTHONPATH": str(SERVER.parent)}
    done = subprocess.run([sys.executable, "-c", program], input=ping, capture_output=True, check=True, env=environment)
    assert json.loads(done.stdout) == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert done.stderr == b"stray\nstray too\n"


def test_closed_streams(sample):
    """Started without standard input or output it ends, and opens no data file in their place."""
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        command = f'echo "" | "{sys.executable}" "{SERVER}" --data-dir "{sample}" {closed}'
        assert subprocess.run(["bash", "-c", command], check=False, timeout=30).returncode == 0


def test_help_and_version():
    """They are for people, and name what hosts are told."""
    helped, told = (
        subprocess.run([sys.executable, SERVER, option], capture_output=True, text=True, check=True).stdout
        for option in ("--help", "--version")
    )
    assert "claude mcp add" in helped
    assert told == f"agent-session-monitor {__version__}\n"
    wrong = subprocess.run([sys.executable, SERVER, "--nothing"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert re.search("unrecognized arguments: --nothing", wrong.stderr)


def test_a_host_waits_for_nothing_that_it_does_not_ask(sample):
    """To begin and to list the tools, nothing is loaded that reads sessions."""
    program = (
        "import sys, atexit\n"
        "sys.argv = ['mcpserver.py', '--data-dir', sys.argv[1]]\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "import mcpserver; sys.exit(mcpserver.main())\n"
    )
    lines = "".join(json.dumps({**HELD, "id": name, "method": name}) + "\n" for name in ("initialize", "tools/list"))
    environment = {**os.environ, "PYTHONPATH": str(SERVER.parent)}
    command = [sys.executable, "-c", program, str(sample)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, env=environment)
    loaded = set(done.stderr.split())
    assert len(done.stdout.splitlines()) == 2
    assert (
        loaded & {"sqlite3", "urllib.parse", "zoneinfo", "session_monitor.reports.report", "session_monitor.prices"}
        == set()
    )
