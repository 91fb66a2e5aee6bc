"""A program's own calls are a piece of work: each is on disk once it is logged, costs what its session says, and keeps to a budget."""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
import subprocess
import sys
import threading
from decimal import Decimal

import pytest

import agent_session
from agent_session import AgentSession, BudgetExceededError, current, session
from session_monitor.work import work_file
from tests.support.command_line import SCRIPTS, data
from tests.support.repositories import Repository

CALL = {"prompt_tokens": 1000, "completion_tokens": 100}
COST = Decimal("0.0035")
MODEL = ("openai", "gpt-4o")


@pytest.fixture
def begin(tmp_path, monkeypatch):
    """How a session begins here: in a data folder that is made for it."""
    monkeypatch.setenv("SESSION_MONITOR_CONFIG", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "place").mkdir()
    return lambda name="Work", **options: session(
        name, **{"data_dir": tmp_path / "sessions", "directory": tmp_path / "place", **options}
    )


def sessions(tmp_path):
    """What the command line says of each session, by its name."""
    listed = data("list", "--data-dir", tmp_path / "sessions")
    return {row["noted"]["name"] if row["noted"] else row["session_id"]: row for row in listed}


def test_a_block(begin, tmp_path):
    """It has a session, whose costs are those that were told, and a piece of work that ends with it."""
    with begin(agent="reporter") as work:
        assert work.is_active
        assert current() is work
        first = work.log(*MODEL, **CALL)
        second = work.log(
            "anthropic", "claude-opus-4-7", prompt_tokens=12000, completion_tokens=800, cached_tokens=9000
        )
        assert (first.cost, first.tokens) == (COST, 1100)
        assert (work.spent, work.tokens, work.calls) == (first.cost + second.cost, 13900, 2)
        assert work.remaining is None
    assert not work.is_active
    assert current() is None

    told = data("cost", work.id, "--data-dir", tmp_path / "sessions")
    assert (Decimal(told["cost_usd"]), told["rounds"], told["total_tokens"]) == (work.spent, 2, 13900)
    assert data("status", work.id, "--data-dir", tmp_path / "sessions")["work"]["name"] == "Work"
    assert [row["consumer"] for row in data("stats-consumer", "--data-dir", tmp_path / "sessions")["consumers"]] == [
        "reporter"
    ]


def test_files_and_commits(begin, tmp_path):
    """Those of the repository in which the work is done."""
    tree = Repository(tmp_path / "tree")
    with begin(directory=tree.folder) as work:
        tree.write("report.md", "x")
        tree.commit("the report")
    assert [(each.path, each.change) for each in work.piece.changes.files] == [("report.md", "created")]
    assert [each.subject for each in work.piece.changes.commits] == ["the report"]


def test_a_call_is_on_disk_at_once(begin, tmp_path):
    """Whoever kills the program then takes nothing of it away."""
    program = (
        f"import sys, os; sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "from agent_session import session\n"
        f"work = session('Killed', data_dir={str(tmp_path / 'sessions')!r}).start()\n"
        "work.log('openai', 'gpt-4o', prompt_tokens=1, completion_tokens=1)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=tmp_path).returncode == -9
    with begin("Next") as work:
        work.log(*MODEL, **CALL)
    listed = data("list", "--data-dir", tmp_path / "sessions")
    assert sorted(row["session_id"].split("-")[0] for row in listed) == ["killed", "next"]


def test_an_error_ends_it(begin, tmp_path):
    """It is passed on, and what was made is kept, with why it ended."""
    with pytest.raises(ZeroDivisionError), begin() as work:  # noqa: PT012 -- the block is what is tried
        work.log(*MODEL, **CALL)
        _ = 1 / 0
    assert work.piece.note == "it ended by ZeroDivisionError"
    assert data("cost", work.id, "--data-dir", tmp_path / "sessions")["rounds"] == 1


# -- budgets -----------------------------------------------------------------------------------------------------------


def test_before_a_call_that_would_break_it(begin):
    """An estimate at the prices of now is held against what is left; what fits exactly fits."""
    with begin(budget="0.01") as work:
        estimate = work.estimate("gpt-4o", prompt_tokens=1000, completion_tokens=100)
        assert estimate == COST
        work.log(*MODEL, **CALL)
        work.check(estimate)
        work.log(*MODEL, **CALL)
        assert work.remaining == Decimal("0.003")
        assert work.can_afford("0.003")
        assert not work.can_afford(0.0030001)
        with pytest.raises(BudgetExceededError) as over:
            work.check(estimate)
        assert (over.value.spent, over.value.budget, over.value.estimate) == (Decimal("0.007"), Decimal("0.01"), COST)
        assert work.calls == 2
        assert work.estimate("no-such-model", prompt_tokens=1, completion_tokens=1) is None
        work.check(None)


def test_the_call_that_breaks_it_is_logged(begin, tmp_path):
    """It was made; who wants to know hears of it once, and it is raised behind that."""
    heard, calls = [], []
    told = {"on_budget": heard.append, "on_call": calls.append}
    with pytest.raises(BudgetExceededError), begin(budget=0.005, **told) as work:  # noqa: PT012 -- as above
        for _ in range(5):
            work.log(*MODEL, **CALL)
    assert (heard, [each.cost for each in calls]) == ([work], [COST, COST])
    assert work.remaining == 0
    assert data("cost", work.id, "--data-dir", tmp_path / "sessions")["rounds"] == 2


def test_only_to_be_told(begin):
    """Without enforcing it nothing is raised, and it is told once."""
    heard = []
    with begin(budget=0, enforce=False, on_budget=heard.append) as work:
        for _ in range(3):
            work.log(*MODEL, **CALL)
        with pytest.raises(BudgetExceededError):
            work.check()
    assert heard == [work]


def test_what_is_not_known(begin):
    """Is counted as such and not as 0; a stated cost counts where there is no price, and only there."""
    with begin(budget=1) as work:
        unknown = work.log("x", "no-such-model", prompt_tokens=5, completion_tokens=5)
        assert (unknown.cost, unknown.unpriced) == (None, "unknown_model")
        assert work.log(*MODEL, total_tokens=100).unpriced == "partly_told"
        assert (work.spent, work.unpriced_calls, work.tokens) == (0, 2, 110)
        stated = work.log("x", "no-such-model", prompt_tokens=5, completion_tokens=5, cost=0.25)
        assert (stated.cost, stated.stated_cost, work.spent, work.unpriced_calls) == (
            None,
            Decimal("0.25"),
            Decimal("0.25"),
            2,
        )
        work.log(*MODEL, **CALL, cost=9)
        assert work.spent == Decimal("0.25") + COST


@pytest.mark.parametrize("amount", [-1, "x", float("nan"), float("inf"), 10**9, None])
def test_amounts_that_are_none(begin, amount):
    """Are refused where they are said."""
    if amount is not None:
        with pytest.raises(ValueError, match="no amount"):
            begin(budget=amount)
    with begin(budget=1) as work, pytest.raises(ValueError, match="state the prompt"):
        work.log(*MODEL)
    assert work.calls == 0


def test_outside_of_a_block(begin):
    """It says what to do; a session's id is used once."""
    with pytest.raises(RuntimeError, match="with block"):
        begin().log(*MODEL, **CALL)
    with begin(session_id="own"):
        pass
    with pytest.raises(ValueError, match="in the session own already"):
        begin(session_id="own").start()


# -- many at once ------------------------------------------------------------------------------------------------------


def test_threads(begin, tmp_path):
    """Each call counts once, and a budget that they reserve from is never overspent."""
    made, refused = [], []
    with begin(budget=COST * 10) as work:

        def call():
            for _ in range(4):
                try:
                    with work.reserved(COST):
                        made.append(work.log(*MODEL, **CALL))
                except BudgetExceededError as error:
                    refused.append(error)

        threads = [threading.Thread(target=call) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert work.spent == COST * len(made) <= COST * 10
    assert len(made) + len(refused) == 32
    assert data("cost", work.id, "--data-dir", tmp_path / "sessions")["rounds"] == len(made)


def test_tasks(begin, tmp_path):
    """Each task has its own session; what they share is the folder."""

    async def agent(name):
        async with begin(name) as work:
            for _ in range(3):
                assert current() is work
                await work.alog(*MODEL, **CALL)
            return work.calls

    async def both():
        return await asyncio.gather(*(agent(f"Agent {number}") for number in range(4)))

    assert asyncio.run(both()) == [3, 3, 3, 3]
    assert {name: row["messages_count"] for name, row in rounds(tmp_path).items()} == dict.fromkeys(
        (f"agent-{number}" for number in range(4)), 3
    )


def rounds(tmp_path):
    """The sessions by the beginnings of their ids."""
    return {row["session_id"][:7]: row for row in data("list", "--data-dir", tmp_path / "sessions")}


def test_a_decorator(begin, tmp_path):
    """Each run of the function is a session, also of one that is called while another runs, and of a coroutine."""

    @begin("Sync")
    def work(depth):
        """What it does."""
        current().log(*MODEL, **CALL)
        return work(depth - 1) if depth else current().id

    @begin("Async")
    async def later():
        await current().alog(*MODEL, **CALL)

    assert work.__doc__ == "What it does."
    assert work(1) != work(0)
    asyncio.run(later())
    assert current() is None
    pieces = work_file.read(str(tmp_path / "sessions")).by_id.values()
    assert [each.name for each in pieces] == ["Sync", "Sync", "Sync", "Async"]
    assert not any(each.is_under_way for each in pieces)


def test_beside_a_monitor(begin, tmp_path):
    """One that is at work reads the calls; nobody waits for it."""
    (tmp_path / "sessions").mkdir(mode=0o700)
    with open(tmp_path / "sessions" / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with begin() as work:
            work.log(*MODEL, **CALL)
    assert not (tmp_path / "sessions" / f"{work.id}.json").exists()
    assert json.loads((tmp_path / "sessions" / ".recorded" / "access.log").read_text(encoding="utf-8"))


# -- where it stands ---------------------------------------------------------------------------------------------------


def test_a_copy(tmp_path):
    """The file and the folder session_monitor are all that it needs; importing it alone loads nothing of that."""
    shutil.copy(SCRIPTS / "agent_session.py", tmp_path)
    shutil.copytree(
        SCRIPTS / "session_monitor", tmp_path / "session_monitor", ignore=shutil.ignore_patterns("__pycache__")
    )
    program = (
        "import sys, agent_session\n"
        "assert not [name for name in sys.modules if name.startswith('session_monitor')]\n"
        "with agent_session.session('Copied', data_dir='s') as work: work.log('a', 'b', total_tokens=5)\n"
        "print(work.tokens)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.')\n{program}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")


def test_alone_it_says_what_it_lacks(tmp_path):
    """The file without the folder."""
    shutil.copy(SCRIPTS / "agent_session.py", tmp_path)
    program = "import sys; sys.path.insert(0, '.'); import agent_session; agent_session.session('x')"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "copy both" in done.stderr


def test_what_is_public():
    """Is what the documents name."""
    assert agent_session.__all__ == ["AgentSession", "BudgetExceededError", "LoggedCall", "current", "session"]
    assert AgentSession.__init__.__doc__
