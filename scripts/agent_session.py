"""For programs that call models by themselves: one piece of work, its calls, and what they may cost.

    from agent_session import session

    with session("Nightly report", budget=2.00) as work:
        work.check(work.estimate("gpt-4o", prompt_tokens=3000, completion_tokens=500))
        answer = ...  # the call
        work.log("openai", "gpt-4o", prompt_tokens=2950, completion_tokens=410)

Calls become lines of the monitor's recorded log, and cost what they cost in its sessions.  Nothing but the standard library is
needed, and of this folder nothing but ``session_monitor`` beside this file; it is loaded when a session begins.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import importlib.util
import os
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Callable, TypeVar, Union, cast

if TYPE_CHECKING:
    from types import TracebackType

    from session_monitor.prices.book import Book
    from session_monitor.work.meter import Meter
    from session_monitor.work.piece import Piece
    from session_monitor.work.stated_call import StatedCall

__all__ = ["AgentSession", "BudgetExceededError", "LoggedCall", "current", "session"]

Money = Union[Decimal, float, int, str]
"""Dollars."""
Function = TypeVar("Function", bound=Callable[..., Any])
_PICO = 10**12  # money is counted in pico-dollars, whole ones, as everywhere in the monitor


class BudgetExceededError(RuntimeError):
    """A call would go, or has gone, beyond the budget: what was ``spent``, the ``budget``, and the ``estimate`` asked for."""

    def __init__(self, spent: Decimal, budget: Decimal, estimate: Decimal = Decimal(0)) -> None:
        more = f", and {estimate} more would be too much" if estimate else ""
        super().__init__(f"${spent} of ${budget} is spent{more}")
        self.spent = spent
        self.budget = budget
        self.estimate = estimate


class LoggedCall:
    """One call that was logged: its ``cost`` in dollars, None where that is not known (``unpriced`` says why then).

    ``stated_cost`` is what the program said that it cost; ``tokens`` are all of it.
    """

    def __init__(self, call: StatedCall, cost: Decimal | None, unpriced: str | None) -> None:
        filled = call.tokens.filled()
        self.provider = call.provider
        self.model = call.model
        self.tokens = filled.total or 0
        self.cost = cost
        self.unpriced = unpriced
        self.stated_cost = None if call.cost_usd is None else Decimal(call.cost_usd)

    def __repr__(self) -> str:
        cost = f"unpriced: {self.unpriced}" if self.cost is None else f"${self.cost}"
        return f"<{self.provider} {self.model}: {self.tokens} tokens, {cost}>"


_current: contextvars.ContextVar[AgentSession | None] = contextvars.ContextVar("agent_session", default=None)


def current() -> AgentSession | None:
    """The session that this code runs in, as threads' and tasks' contexts have it; None outside of any."""
    return _current.get()


def session(name: str, **options: Any) -> AgentSession:
    """A session of this name, for ``with`` and ``async with``, or as a decorator: then each run of the function is one.

    ``options`` are those of ``AgentSession``.
    """
    return AgentSession(name, **options)


class AgentSession:
    """One AgentSession is one piece of work: it begins with the block that it is for, and ends with it.

    Several threads and tasks may log to it at once.
    """

    def __init__(  # noqa: PLR0913 -- one name each for what a program may want
        self,
        name: str,
        *,
        budget: Money | None = None,
        data_dir: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] = ".",
        session_id: str | None = None,
        agent: str | None = None,
        on_call: Callable[[LoggedCall], object] | None = None,
        on_budget: Callable[[AgentSession], object] | None = None,
        enforce: bool = True,
    ) -> None:
        """``budget`` are the dollars that its calls may cost; ``data_dir`` is the monitor's data folder, by default that of its settings.

        ``directory`` is where the work is done: of a git repository it is known at the end which files and commits came of it.
        ``agent`` is whose calls these are.  ``on_call`` hears of each call, ``on_budget`` once, when the budget is spent; without
        ``enforce`` nothing is raised for that.  Callbacks run in the thread that logs.
        """
        self.name = name
        self.budget = None if budget is None else _dollars(budget)
        self.piece: Piece | None = None
        self._data_dir = None if data_dir is None else os.fspath(data_dir)
        self._directory = os.fspath(directory)
        self._session_id = session_id
        self._agent = agent
        self._on_call = on_call
        self._on_budget = on_budget
        self._enforce = enforce
        self._options = {key: value for key, value in locals().items() if key not in ("self", "name")}
        _load()
        from session_monitor.work.meter import Meter  # noqa: PLC0415 -- whoever imports this file alone waits for nothing

        self._meter: Meter = Meter(None if self.budget is None else _pico(self.budget))
        self._lock = threading.Lock()
        self._book: Book | None = None
        self._token: contextvars.Token[AgentSession | None] | None = None

    # -- beginning and end -----------------------------------------------------------------------------------------------

    def start(self) -> AgentSession:
        """Begin the work; a second time does nothing.  Raises ``ValueError`` and ``OSError``."""
        with self._lock:
            if self.piece is None:
                from session_monitor.base import data_folder, settings  # noqa: PLC0415 -- as above
                from session_monitor.base.files import MistakeInFileError  # noqa: PLC0415
                from session_monitor.own_prices import own_lists  # noqa: PLC0415
                from session_monitor.work import life, noting  # noqa: PLC0415

                options: dict[str, Any] = {"data_dir": self._data_dir or settings.DATA_DIR}
                settings.settle(options, os.environ)
                self._data_dir = folder = os.path.abspath(options["data_dir"])
                data_folder.make(folder)
                self._book = own_lists.book(folder, os.environ)
                try:
                    self.piece, _ = life.begin(
                        folder, self.name, self._directory, now=_now(), session_id=self._session_id, parallel=True
                    )
                except life.ActiveError:
                    raise ValueError(f"there was work in the session {self._session_id} already") from None
                with contextlib.suppress(MistakeInFileError, OSError):  # of notes, which are no reason not to work
                    noting.name(folder, self.piece)
        return self

    def end(self, note: str | None = None) -> Piece:
        """End the work, and have its calls read into sessions unless a monitor is at work; returns what became of it.

        A session of the monitor's that cannot be written now is for its next pass: the calls are on disk.
        """
        piece = self._begun()
        from session_monitor.base.files import MistakeInFileError  # noqa: PLC0415 -- as above
        from session_monitor.monitor import take_in  # noqa: PLC0415
        from session_monitor.work import life, noting  # noqa: PLC0415

        self.piece = life.end(self.data_dir, piece.session_id, _now(), note)
        with contextlib.suppress(MistakeInFileError, ValueError, OSError):
            noting.end(self.data_dir, self.piece)
        if self._meter.calls:
            with contextlib.suppress(OSError):
                take_in.take_in(self.data_dir)
        return self.piece

    def __enter__(self) -> AgentSession:  # noqa: PYI034 -- typing knows Self from 3.11 on
        self.start()
        self._token = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None
        self.end(None if error is None else f"it ended by {type(error).__name__}")

    async def __aenter__(self) -> AgentSession:  # noqa: PYI034 -- as above
        await _in_thread(self.start)
        self._token = _current.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None
        await _in_thread(self.end, None if error is None else f"it ended by {type(error).__name__}")

    def __call__(self, function: Function) -> Function:
        """As a decorator: a session for each run of the function, which ``current`` gives it."""
        import inspect  # noqa: PLC0415 -- few decorate

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run_async(*args: Any, **options: Any) -> Any:
                async with self._another():
                    return await function(*args, **options)

            return cast("Function", run_async)

        @functools.wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            with self._another():
                return function(*args, **options)

        return cast("Function", run)

    def _another(self) -> AgentSession:
        return AgentSession(self.name, **self._options)

    # -- calls -----------------------------------------------------------------------------------------------------------

    def log(  # noqa: PLR0913 -- as above
        self,
        provider: str,
        model: str,
        *,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        total_tokens: int | None = None,
        cached_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        cost: Money | None = None,
        call_id: str | None = None,
        agent: str | None = None,
    ) -> LoggedCall:
        """Log a call that was made; once this returns it is on disk.

        Tokens from a cache and to one are a part of the prompt's, reasoning is one of the completion's.  ``cost`` is what the
        program knows that it cost: it counts against the budget where there is no price, and is kept beside the price's.
        Raises ``ValueError`` for what cannot be, ``OSError``, and, where this call is the one that goes beyond the budget,
        ``BudgetExceededError`` behind everything else: what was made is logged in any case.
        """
        session_id = self._begun().session_id
        from session_monitor.prices.cost import Cost, Unpriced  # noqa: PLC0415 -- as above
        from session_monitor.work import stated_call  # noqa: PLC0415

        tokens = stated_call.StatedTokens(
            prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens
        )
        stated = None if cost is None else stated_call.checked_cost(format(_dollars(cost), "f"))
        call = stated_call.StatedCall(session_id, provider, model, tokens, agent or self._agent, stated, call_id)
        line = stated_call.record_line(self.data_dir, call.recorded(_now()))
        outcome = stated_call.priced(line, self._prices())
        pico = outcome.pico if isinstance(outcome, Cost) else None
        logged = LoggedCall(
            call, None if pico is None else _of_pico(pico), outcome.reason if isinstance(outcome, Unpriced) else None
        )
        self._count(logged, pico)
        return logged

    async def alog(self, provider: str, model: str, **options: Any) -> LoggedCall:
        """``log`` for tasks: others go on while it is put on disk."""
        return await _in_thread(functools.partial(self.log, provider, model, **options))  # type: ignore[no-any-return]

    def _count(self, logged: LoggedCall, pico: int | None) -> None:
        """Count a call, and tell who wants to hear of it."""
        if pico is None and logged.stated_cost is not None:
            pico = _pico(logged.stated_cost)
        counted = self._meter.count(pico, logged.tokens)
        if self._on_call is not None:
            self._on_call(logged)
        if counted.is_new and self._on_budget is not None:
            self._on_budget(self)
        if counted.is_over and self._enforce and self.budget is not None:
            raise BudgetExceededError(_of_pico(counted.spent), self.budget)

    # -- what it may cost --------------------------------------------------------------------------------------------------

    def estimate(
        self,
        model: str,
        *,
        prompt_tokens: int,
        completion_tokens: int,
        cached_tokens: int = 0,
        provider: str = "unknown",
    ) -> Decimal | None:
        """What such a call would cost at the prices of now; None where no price is known."""
        session_id = self._begun().session_id
        from session_monitor.prices.cost import Cost  # noqa: PLC0415 -- as above
        from session_monitor.recording import log_line  # noqa: PLC0415
        from session_monitor.work import stated_call  # noqa: PLC0415

        tokens = stated_call.StatedTokens(prompt_tokens, completion_tokens, cached=cached_tokens)
        call = stated_call.StatedCall(session_id, provider, model, tokens)
        outcome = stated_call.priced(log_line.line(call.recorded(_now())), self._prices())
        return _of_pico(outcome.pico) if isinstance(outcome, Cost) else None

    def can_afford(self, estimate: Money = 0) -> bool:
        """Whether so many dollars more are within the budget; without one everything is."""
        return self._meter.can_afford(_pico(_dollars(estimate)))

    def check(self, estimate: Money | None = 0) -> None:
        """Raises ``BudgetExceededError`` where a call that costs so much would go beyond the budget: ask before it is made.

        An estimate of None, of which nobody knows the price, is taken as nothing: only what is spent is looked at.
        """
        dollars = _dollars(estimate or 0)
        if self.budget is not None and not self.can_afford(dollars):
            raise BudgetExceededError(self.spent, self.budget, dollars)

    @contextlib.contextmanager
    def reserved(self, estimate: Money | None) -> Iterator[None]:
        """Keep so many dollars for a call while it is made and logged, so that several at once do not spend the same.

        Raises ``BudgetExceededError`` where they are not there, as ``check`` does.
        """
        dollars = _dollars(estimate or 0)
        if not self._meter.reserve(_pico(dollars)) and self.budget is not None:
            raise BudgetExceededError(self.spent, self.budget, dollars)
        try:
            yield
        finally:
            self._meter.release(_pico(dollars))

    @property
    def spent(self) -> Decimal:
        """The dollars that its calls have cost; of ``unpriced_calls`` nobody knows."""
        return _of_pico(self._meter.spent)

    @property
    def remaining(self) -> Decimal | None:
        """The dollars that are left, 0 where it is overspent; None without a budget."""
        return None if self.budget is None else max(Decimal(0), self.budget - self.spent)

    @property
    def tokens(self) -> int:
        """All tokens of its calls."""
        return self._meter.tokens

    @property
    def calls(self) -> int:
        """How many were logged."""
        return self._meter.calls

    @property
    def unpriced_calls(self) -> int:
        """How many of them have neither a price nor a stated cost, and are not in ``spent``."""
        return self._meter.unpriced

    # -- what it is --------------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The id of the session that its calls are in."""
        return self._begun().session_id

    @property
    def is_active(self) -> bool:
        """Whether it has begun and not ended."""
        return self.piece is not None and self.piece.is_under_way

    @property
    def data_dir(self) -> str:
        """The monitor's data folder."""
        self._begun()
        return cast("str", self._data_dir)

    def _begun(self) -> Piece:
        if self.piece is None:
            raise RuntimeError("the session has not begun: use it in a with block, or call start()")
        return self.piece

    def _prices(self) -> Book:
        self._begun()
        return cast("Book", self._book)


# -- below -----------------------------------------------------------------------------------------------------------------


def _dollars(amount: Money) -> Decimal:
    """As a decimal number; what is written 0.1 is that.  Raises ``ValueError`` for what are no dollars."""
    try:
        number = Decimal(str(amount))
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number < 10**9:
        raise ValueError(f"{amount!r} is no amount of dollars from 0 on")
    return number


def _pico(dollars: Decimal) -> int:
    return int(dollars * _PICO)


def _of_pico(pico: int) -> Decimal:
    return Decimal(pico) / _PICO


def _now() -> int:
    return time.time_ns() // 1_000_000


async def _in_thread(function: Callable[..., Any], *args: Any) -> Any:
    import asyncio  # noqa: PLC0415 -- who has tasks has loaded it

    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(None, functools.partial(context.run, function, *args))


def _load() -> None:
    """Have ``session_monitor`` found: beside this file, or where pip put the monitor; nothing else comes into anybody's path."""
    if "session_monitor" in sys.modules:
        return
    for folder in _places():
        start = os.path.join(folder, "session_monitor", "__init__.py")
        if os.path.isfile(start):
            spec = importlib.util.spec_from_file_location(
                "session_monitor", start, submodule_search_locations=[os.path.dirname(start)]
            )
            if spec is not None and spec.loader is not None:
                module = importlib.util.module_from_spec(spec)
                sys.modules["session_monitor"] = module
                spec.loader.exec_module(module)
                return
    raise ModuleNotFoundError(
        "session_monitor is not beside agent_session.py: copy both out of the monitor's folder scripts"
    )


def _places() -> Iterator[str]:
    yield os.path.dirname(os.path.realpath(__file__))
    found = importlib.util.find_spec("agent_session_monitor")
    for folder in (found and found.submodule_search_locations) or ():
        yield os.path.join(folder, "scripts")
