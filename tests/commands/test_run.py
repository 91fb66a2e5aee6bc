"""run: a command as if it had been typed alone, its calls recorded, and what came of it told with the figures of its session."""

from __future__ import annotations

import http.client
import json
import os
import pty
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.base import data_folder, files
from session_monitor.calls import ai_log
from tests.support import other_thread
from tests.support.command_line import CLI, ENVIRONMENT, PATIENCE, ROOT, data
from tests.support.needs import need_module, need_tool
from tests.support.standin import TOKENS, StandIn
from tests.support.waiting import until

PYTHON = sys.executable
CALLS = """
import json, os, sys, urllib.error, urllib.request
for protocol, model in zip(sys.argv[1::2], sys.argv[2::2]):
    base = os.environ["OPENAI_BASE_URL"] if protocol == "chat" else os.environ["ANTHROPIC_BASE_URL"] + "/v1"
    path = "/chat/completions" if protocol == "chat" else "/messages"
    body = json.dumps({"model": model, "messages": [], "stream": True}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(base + path, body, {"Authorization": "Bearer sk-secret"})) as answer:
            print(answer.status, len(answer.read()) > 100)
    except urllib.error.HTTPError as error:
        print(error.code, error.headers["x-should-retry"], json.loads(error.read())["error"]["type"])
"""
"""Makes a call for each API and model that it is given."""


@pytest.fixture(scope="module")
def standin():
    """A stand-in for all of them."""
    with StandIn() as at_work:
        yield at_work


@pytest.fixture
def place(tmp_path, standin):
    """A folder to run in, with all that a run needs."""
    return Place(tmp_path, standin)


class Place:
    """Where commands run, with providers that the environment names."""

    def __init__(self, folder, standin):
        self.folder = folder / "work"
        self.folder.mkdir()
        self.sessions = folder / "sessions"
        names = {
            "OPENAI_BASE_URL": f"{standin.url}/v1",
            "ANTHROPIC_BASE_URL": standin.url,
            "GOOGLE_GEMINI_BASE_URL": standin.url,
        }
        self.environment = {**ENVIRONMENT, **names, "HOME": str(folder)}

    def words(self, *words):
        """The command line of a run."""
        return [PYTHON, str(CLI), "run", "--data-dir", str(self.sessions), *map(str, words)]

    def run(self, *words, environment=(), **options):
        """A run to its end."""
        kept = {**self.environment, **dict(environment)}
        options = {"stdin": subprocess.DEVNULL, **options} if "input" not in options else options
        done = subprocess.run(
            self.words(*words),
            cwd=self.folder,
            env=kept,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            text=True,
            **options,
        )
        assert "Traceback (most recent call last)" not in done.stderr.partition("\nrun: ")[2]
        return done

    def told(self, *words, **options):
        """What a run tells in JSON, and its end."""
        done = self.run("--json", *words, **options)
        return json.loads(done.stderr.splitlines()[-1])["data"], done

    def started(self, *words, **options):
        """A run that goes on."""
        return subprocess.Popen(
            self.words(*words),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def lines(self):
        """What was recorded."""
        return Path(data_folder.recorded_log(str(self.sessions))).read_bytes().splitlines()


def test_in_a_repository(place):
    """Files and commits since its beginning, its calls, and the same figures as its session has afterwards."""
    git = [need_tool("git"), "-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run([*git, "init", "-q"], cwd=place.folder, check=True)
    (place.folder / "old").write_text("1")
    subprocess.run([*git, "add", "."], cwd=place.folder, check=True)
    subprocess.run([*git, "commit", "-qm", "one"], cwd=place.folder, check=True)
    (place.folder / "mine").write_text("nobody's doing")
    steps = [
        f"{PYTHON} -c '{CALLS.replace(chr(39), chr(34))}' chat gpt-5.2 messages claude-opus-4-7",
        "echo 2 >old; git -c user.name=n -c user.email=e@x commit -qam two; echo 3 >new; exit 3",
    ]
    told, done = place.told("--name", "Fix it", "--", need_tool("bash"), "-c", "; ".join(steps))

    assert (done.returncode, done.stdout) == (3, "200 True\n200 True\n")
    assert (told["name"], told["exit_code"], told["state"]) == ("Fix it", 3, "ended")
    assert {(each["path"], each["change"]) for each in told["files"]} == {("old", "modified"), ("new", "created")}
    assert [each["subject"] for each in told["commits"]] == ["two"]
    cost = data("cost", told["session_id"], "--data-dir", place.sessions)
    for name in ("cost_usd", "rounds", "failed", "total_tokens", "unpriced_rounds", "assumed_usd", "cache_savings_usd"):
        assert told[name] == cost[name], name
    assert told["total_tokens"] == TOKENS["chat"].total_tokens + TOKENS["messages"].total_tokens
    assert told["dearest_model"] == max(cost["models"], key=lambda each: float(each["cost_usd"]))["model"]
    (session,) = data("list", "--data-dir", place.sessions)
    assert session["session_id"] == told["session_id"]


def test_a_data_folder_in_the_repository(place):
    """Its files are nobody's work, and git leaves them out: what they hold is private."""
    git = [need_tool("git"), "-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run([*git, "init", "-q"], cwd=place.folder, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], cwd=place.folder, check=True)
    place.sessions = place.folder / "sessions"
    for _ in range(2):
        told, _done = place.told("--", PYTHON, "-c", CALLS, "chat", "gpt-5.2")
        assert (told["rounds"], told["files_count"]) == (1, 0)
    status = subprocess.run([*git, "status", "--porcelain"], cwd=place.folder, check=True, capture_output=True)
    assert status.stdout == b""


def test_the_summary(place):
    """On stderr, for people; stdout is the command's alone."""
    done = place.run(
        "--", PYTHON, "-c", CALLS, "chat", "gpt-5.2", "messages", "claude-opus-4-7", "chat", "no-price-for-this"
    )

    assert done.stdout == "200 True\n" * 3
    said = done.stderr.splitlines()
    assert said[0].startswith("run: python")
    assert "exit code 0" in said[0]
    assert said[1].strip().startswith("3 rounds, 3,060 tokens, cost: $0.")
    assert "1 round unpriced (no-price-for-this)" in said[1]
    assert said[2].strip().startswith("dearest model: claude-opus-4-7, $0.")
    assert "no git repository" in said[3]


def test_what_its_arguments_hold(place):
    """Keys and questions among them are in no file of the data folder, and in nothing that is told."""
    code = f"{CALLS}\n# sk-key, my-illness"
    told, done = place.told("--", PYTHON, "-c", code, "chat", "gpt-5.2")

    assert told["name"] == Path(PYTHON).name
    kept = b"".join(path.read_bytes() + os.fsencode(path) for path in place.sessions.rglob("*") if path.is_file())
    for secret in ("sk-key", "my-illness"):
        assert secret not in done.stderr
        assert secret.encode() not in kept


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_exit_codes(place, code):
    """That of the command."""
    assert place.run("--", PYTHON, "-c", f"raise SystemExit({code})").returncode == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_a_command_that_a_signal_ends(place, number):
    """The exit code is a shell's: 128 and the number."""
    told, done = place.told("--", PYTHON, "-c", f"import os; os.kill(os.getpid(), {number.value})")
    assert (done.returncode, told["exit_code"]) == (128 + number, 128 + number)


def test_a_command_that_is_none(place):
    """127 and 126, as of a shell."""
    (place.folder / "text").write_text("no program")
    assert place.run("--", "no-such-program").returncode == 127
    done = place.run("--", "./text")
    assert (done.returncode, "Permission denied" in done.stderr) == (126, True)


def test_quoting_stays(place):
    """Each argument arrives as it was typed, also what looks like ours."""
    words = ["two  words", "", "--", "--json", "--name", "$HOME", "'\"\\", "*", "é\n"]
    for beginning in (["--"], []):
        done = place.run(*beginning, PYTHON, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))", *words)
        assert json.loads(done.stdout) == words


def test_what_the_command_sees(place):
    """Its environment with the proxy in it, this folder, and what comes in."""
    code = (
        "import json, os, sys; print(json.dumps([dict(os.environ), os.getcwd(), sys.stdin.read(), sys.stdin.isatty()]))"
    )
    done = place.run("--", PYTHON, "-c", code, input="typed", environment={"NO_PROXY": "intern.example", "MINE": "1"})
    environment, folder, typed, is_terminal = json.loads(done.stdout)

    base = environment["ANTHROPIC_BASE_URL"]
    assert base.startswith("http://127.0.0.1:")
    assert environment["OPENAI_BASE_URL"] == environment["OPENAI_API_BASE"] == f"{base}/v1"
    assert environment["GOOGLE_GEMINI_BASE_URL"] == base
    assert environment["NO_PROXY"] == environment["no_proxy"] == "intern.example,127.0.0.1,localhost"
    assert environment["AGENT_SESSION_ID"] in done.stderr
    assert environment["MINE"] == "1"
    assert (folder, typed, is_terminal) == (str(place.folder), "typed", False)


def test_codex_is_told_by_an_argument(place):
    """It reads no variable."""
    codex = place.folder / "codex"
    codex.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    codex.chmod(0o755)
    said = place.run("--", "./codex", "exec", "do it").stdout.splitlines()

    assert said[0] == "-c"
    assert said[1].startswith('openai_base_url="http://127.0.0.1:')
    assert said[2:] == ["exec", "do it"]


# -- signals -----------------------------------------------------------------------------------------------------------

WAITS = """
import signal, sys, time
got = []
def hear(number, _):
    got.append(number)
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(each, hear)
print("ready", flush=True)
end = time.monotonic() + 30
while not got and time.monotonic() < end:
    time.sleep(0.01)
time.sleep(0.3)
print(got, flush=True)
sys.exit(42)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on(place, number):
    """Without a terminal: once; how it ends is the command's affair."""
    process = place.started("--", PYTHON, "-c", WAITS, start_new_session=True)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    said, _ = process.communicate(timeout=PATIENCE)

    assert said.decode() == f"[{number.value}]\n"
    assert process.returncode == 42


def test_a_signal_that_another_thread_is_given_is_passed_on(place):
    """The recording proxy's thread may be the one that the system hands it to."""
    process = place.started("--", PYTHON, "-c", WAITS, start_new_session=True)
    assert process.stdout.readline() == b"ready\n"
    other_thread.send_signal(process.pid, signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE)

    assert said.decode() == f"[{signal.SIGTERM.value}]\n"
    assert process.returncode == 42


def test_who_started_it_holds_back_what_tells_of_an_end(place):
    """A command that ends is noticed all the same."""
    held_back = (
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD]); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    words = [PYTHON, "-c", held_back, *place.words("--", PYTHON, "-c", "raise SystemExit(7)")]
    done = subprocess.run(words, env=place.environment, cwd=place.folder, timeout=PATIENCE / 3, check=False)
    assert done.returncode == 7


def test_ctrl_c_on_a_terminal(place):
    """The terminal tells the command; it hears of it once, and the summary comes all the same."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(place.folder)
        os.execve(PYTHON, place.words("--", PYTHON, "-c", WAITS), place.environment)
    shown = b""
    while b"ready" not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, b"\x03")
    while True:
        try:
            block = os.read(terminal, 1024)
        except OSError:
            break
        if not block:
            break
        shown += block
    _, status = os.waitpid(pid, 0)
    os.close(terminal)

    assert f"[{signal.SIGINT.value}]" in shown.decode()
    assert "exit code 42" in shown.decode()
    assert os.WEXITSTATUS(status) == 42


def test_killed(place, standin):
    """What came to its end by then is recorded."""
    code = CALLS + "\nimport time; sys.stdout.flush(); time.sleep(60)"
    process = place.started(
        "--", PYTHON, "-u", "-c", code, "chat", "gpt-5.2", "messages", "claude-opus-4-7", start_new_session=True
    )
    assert [process.stdout.readline() for _ in range(2)] == [b"200 True\n"] * 2
    process.kill()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    assert [ai_log.parse(line).outcome for line in place.lines()] == ["ok", "ok"]


# -- budgets -----------------------------------------------------------------------------------------------------------


def test_a_budget_warns_once(place):
    """Calls go on."""
    told, done = place.told("--budget", "0.002", "--", PYTHON, "-c", CALLS, *["chat", "gpt-5.2"] * 4)

    assert done.stdout == "200 True\n" * 4
    assert done.stderr.count("the budget of $0.00200 is spent: $0.00312; calls go on") == 1
    assert (told["budget_usd"], told["budget_spent"], told["rounds"]) == ("0.002", True, 4)


def test_a_budget_is_enforced(place, standin):
    """Further calls are refused in the words of their API, and never reach the provider."""
    before = len(standin.calls())
    words = ["chat", "gpt-5.2"] * 3 + ["messages", "claude-opus-4-7"]
    told, done = place.told("--budget", "0.002", "--enforce", "--", PYTHON, "-c", CALLS, *words)

    assert done.stdout.splitlines() == [
        "200 True",
        "200 True",
        "402 false insufficient_quota",
        "402 false billing_error",
    ]
    assert done.stderr.count("further calls are refused") == 1
    assert len(standin.calls()) == before + 2
    assert (told["rounds"], told["failed"]) == (4, 2)
    cost = data("cost", told["session_id"], "--data-dir", place.sessions)
    assert (cost["cost_usd"], cost["failed"]) == (told["cost_usd"], 2)


def test_sdks_do_not_try_again(place):
    """A refusal is final: one call each, though both would try twice more."""
    need_module("openai", (3, 10))
    need_module("anthropic", (3, 10))
    code = """
import anthropic, openai
with openai.OpenAI(api_key="k") as one, anthropic.Anthropic(api_key="k") as two:
    one.chat.completions.create(model="gpt-5.2", messages=[{"role": "user", "content": "hi"}])
    for ask in (lambda: one.responses.create(model="gpt-5.2", input="hi"),
                lambda: two.messages.create(model="claude-opus-4-7", max_tokens=9, messages=[{"role": "user", "content": "hi"}])):
        try:
            ask()
        except (openai.APIStatusError, anthropic.APIStatusError) as error:
            print(error.status_code)
"""
    told, done = place.told("--budget", "0.000001", "--enforce", "--", PYTHON, "-c", code)

    assert done.stdout.splitlines() == ["402", "402"], done.stderr
    assert (told["rounds"], told["failed"]) == (3, 2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "behind --"),
        (["--"], "behind --"),
        (["--enforce", "--", "true"], "--budget"),
        (["--budget", "0", "--", "true"], "above 0"),
        (["--budget", "two", "--", "true"], "in dollars"),
        (["--upstream", "openai=http://8.8.8.8", "--", "true"], "https://"),
        (["--name", "", "--", "true"], "no text"),
    ],
)
def test_mistakes(place, words, told):
    """They are told before the command has begun."""
    done = place.run(*words)
    assert done.returncode in (1, 2)
    assert told in done.stderr
    assert not place.sessions.exists() or not list(place.sessions.glob("*.json"))


def test_a_gateway_that_the_environment_names(place, standin):
    """It stays the one that is asked, also over http: programs would go there by themselves."""
    done = place.run("--", PYTHON, "-c", CALLS, "chat", "gpt-5.2")
    assert done.stdout == "200 True\n"
    assert standin.calls()[-1]["headers"]["authorization"] == "Bearer sk-secret"
    assert b"sk-secret" not in b"".join(path.read_bytes() for path in place.sessions.rglob("*") if path.is_file())


def test_a_run_within_a_run(place, standin):
    """Each call is counted once, in the session of the inner one; the outer one's budget and summary know of it."""
    before = len(standin.calls())
    inner = place.words("--name", "inner", "--", PYTHON, "-c", CALLS, "chat", "gpt-5.2", "messages", "claude-opus-4-7")
    told, done = place.told("--name", "outer", "--budget", "0.000001", "--enforce", "--", *inner)

    assert done.stdout == "200 True\n402 false billing_error\n", done.stderr
    assert len(standin.calls()) == before + 1
    assert "x-agent-session-monitor" not in standin.calls()[-1]["headers"]
    assert (told["rounds"], told["failed"], told["recorded_within"], told["unrecorded"]) == (2, 1, 2, 0)
    (session,) = data("list", "--data-dir", place.sessions)
    assert session["session_id"].startswith("inner-")
    assert len(place.lines()) == 2


def test_runs_within_a_run_for_another_folder(place, standin):
    """Both folders are to know of the calls: each has them once."""
    inner = place.words("--", PYTHON, "-c", CALLS, "chat", "gpt-5.2")
    inner[inner.index("--data-dir") + 1] = str(place.folder / "others")
    told, _ = place.told("--", *inner)

    assert (told["rounds"], told["recorded_within"], len(place.lines())) == (1, 0, 1)
    assert len(Path(data_folder.recorded_log(str(place.folder / "others"))).read_bytes().splitlines()) == 1


def test_a_run_whose_provider_is_a_proxy(place, standin):
    """One of the same data folder passes its calls on; killed and begun anew it still does."""
    for killed in (True, False):
        words = [PYTHON, str(CLI), "proxy", "--port", "0", "--json", "--data-dir", str(place.sessions)]
        words += ["--upstream", f"openai={standin.url}/v1"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=place.environment) as proxy:
            url = json.loads(proxy.stdout.readline())["data"]["environment"]["OPENAI_BASE_URL"]
            before = 0 if killed else len(place.lines())
            told, done = place.told("--", PYTHON, "-c", CALLS, "chat", "gpt-5.2", environment={"OPENAI_BASE_URL": url})
            proxy.send_signal(signal.SIGKILL if killed else signal.SIGTERM)
        assert (done.stdout, told["rounds"], len(place.lines())) == ("200 True\n", 1, before + 1), done.stderr
    assert len(data("list", "--data-dir", place.sessions)) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_proxy_that_is_told_twice_to_end(place, number):
    """It does not wait for the call that is at work: that is broken off and written down, and all ends as it should."""
    with socket.create_server(("127.0.0.1", 0)) as provider:
        provider.settimeout(PATIENCE)
        words = [PYTHON, str(CLI), "proxy", "--port", "0", "--json", "--data-dir", str(place.sessions)]
        words += ["--upstream", f"openai=http://127.0.0.1:{provider.getsockname()[1]}/v1"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=place.environment) as proxy:
            port = json.loads(proxy.stdout.readline())["data"]["port"]
            call = http.client.HTTPConnection("127.0.0.1", port)
            call.request("POST", "/v1/chat/completions", b'{"model": "gpt-5.2", "messages": []}')
            with provider.accept()[0]:
                proxy.send_signal(number)
                until(lambda: not is_served(port), "it takes no more calls")
                proxy.send_signal(number)
                assert proxy.wait(PATIENCE) == 0
            call.close()
    assert len(place.lines()) == 1


def is_served(port):
    """Whether somebody takes calls there."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_a_key_in_the_address_of_a_provider(place, standin):
    """Some take it in the path: it goes there, and into no file."""
    urls = {"OPENAI_BASE_URL": f"{standin.url}/sk-path/v1"}
    told, done = place.told("--", PYTHON, "-c", CALLS, "chat", "gpt-5.2", environment=urls)
    assert (done.stdout, told["rounds"]) == ("200 True\n", 1)
    assert standin.calls()[-1]["path"] == "/sk-path/v1/chat/completions"
    assert b"sk-path" not in b"".join(path.read_bytes() for path in place.sessions.rglob("*") if path.is_file())


def test_a_monitor_at_work(place):
    """It reads the calls by itself; the summary waits for nobody."""
    files.make_folder(str(place.sessions))
    with files.lock(str(place.sessions / data_folder.LOCK), "a monitor"):
        told, done = place.told("--", PYTHON, "-c", CALLS, "chat", "gpt-5.2")
    assert (done.returncode, told["rounds"]) == (0, 1)
    assert len(place.lines()) == 1


@pytest.mark.parametrize("name", ["", "access.log"])
@pytest.mark.parametrize("command", [["run", "--", PYTHON, "-c", "print('began')"], ["proxy", "--port", "0"]])
def test_a_log_that_is_none(place, name, command):
    """A link in the log's place is not followed: neither command begins, and it is said which file is meant."""
    recorded, elsewhere = Path(data_folder.recorded_log(str(place.sessions))).parent, place.folder / "elsewhere"
    elsewhere.mkdir()
    (recorded if name else recorded.parent).mkdir(parents=True)
    (recorded / name).symlink_to(elsewhere / name, target_is_directory=not name)
    words = [PYTHON, str(CLI), command[0], "--data-dir", str(place.sessions), *command[1:]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, env=place.environment, check=False)

    assert (done.returncode, done.stdout, list(elsewhere.iterdir())) == (1, "", [])
    assert str(recorded / name) in done.stderr


@pytest.mark.parametrize("url", ["no url", "https://name:sk-secret@host/v1", "https://host/v1?key=sk-secret"])
def test_a_variable_that_names_no_address(place, url):
    """It is said that a variable is meant, and not what is in it."""
    done = place.run("--", PYTHON, "-c", "print('began')", environment={"OPENAI_BASE_URL": url})
    assert (done.returncode, done.stdout) == (2, "")
    assert "OPENAI_BASE_URL" in done.stderr
    assert "sk-secret" not in done.stderr


@pytest.mark.parametrize("words", [["run", "--", "true"], ["start", "x"], ["end"], ["today"]])
def test_in_a_folder_that_is_gone(place, words):
    """It is said that this is what is wrong."""
    place.sessions.mkdir()
    gone = 'cd "$0" && rmdir "$0" && exec "$@"'
    words = [PYTHON, str(CLI), words[0], "--data-dir", str(place.sessions), *words[1:]]
    run = [need_tool("sh"), "-c", gone, str(place.folder), *words]
    # With a relative folder there, Python itself cannot start.
    own = {name: value for name, value in place.environment.items() if name != "PYTHONPATH"}
    done = subprocess.run(run, capture_output=True, text=True, timeout=PATIENCE, env=own, check=False)
    assert done.returncode == 1
    assert "the current folder is there no more" in done.stderr


def test_a_folder_that_cannot_be_written_to(place):
    """The command never begins: its calls would be lost."""
    place.sessions.write_text("a file")
    done = place.run("--", PYTHON, "-c", "print('began')")
    assert (done.returncode, done.stdout) == (1, "")


def test_a_child_of_the_child(place):
    """Calls of programs that the command starts count as well; whoever outlives it can call no more."""
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CALLS!r}, 'chat', 'gpt-5.2'], check=True)"
    told, done = place.told("--", PYTHON, "-c", code)
    assert (done.stdout, told["rounds"]) == ("200 True\n", 1)


def test_what_the_readme_shows(place):
    """Its line works as it stands."""
    shown = [
        line
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if "cli.py run " in line and "`" not in line
    ]
    claude = place.folder / "claude"
    claude.write_text('#!/bin/sh\necho "$ANTHROPIC_BASE_URL"\n')
    claude.chmod(0o755)
    for line in shown:
        words = shlex.split(line.partition("cli.py run ")[2])
        done = place.run(*words, environment={"PATH": f"{place.folder}:{os.environ['PATH']}"})
        assert (done.returncode, done.stdout.startswith("http://127.0.0.1:")) == (0, True)
    assert shown
