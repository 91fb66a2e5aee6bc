"""What is answered at which address, and to whom?"""

from __future__ import annotations

import contextlib
import functools
import urllib.parse
import zlib
from collections.abc import Iterator, Mapping
from typing import Callable, NamedTuple

from session_monitor import __version__
from session_monitor.base import periods
from session_monitor.links import addresses
from session_monitor.links.keys import Keys
from session_monitor.reports.report import NoSuchFolderError
from session_monitor.text import own_names

from . import static
from .answers.desk import SEARCHING, Desk
from .answers.titles import Titles
from .api import alerts, export, metrics, routes
from .api.export import SessionExport
from .asking import parameters, questions
from .asking.questions import Setting
from .server import events, shares
from .server.access import Door, Visitor
from .server.connections import Connection, Connections
from .server.exchange import EVENTS, Answer, AnswerBody, Headers, Refusal, Reply, Request, Stream
from .server.shares import Share

OF_SESSION = (
    "/api/session",
    *(
        f"/api/session/{name}"
        for name in (
            "rounds",
            "outline",
            "text",
            "history",
            "find",
            "colours",
            "insights",
            "changed",
            "events",
            "export",
        )
    ),
)
"""What the key of a session opens, for its id."""
_STATIC = "/static/"
_FOR_GOOD: Headers = (("Cache-Control", "private, max-age=31536000, immutable"),)
_ONE_SESSION = "one_session_only"
_KEY = "/api/key"
"""Where a key that comes in a header is kept as a cookie: so it stands in no address, history or log."""
_OF_SESSIONS = ("/", addresses.PAGE)
_CHINESE = {
    code: {"zh-CN": own_names.as_typed(text)}
    for code, text in {
        "key_needed": (
            "此页面需要密钥：请打开服务器启动时显示的链接，或某个会话的链接。"
            "数据目录的所有者可用 python3 scripts/cli.py url --all --data-dir DIR 得到链接。"
        ),
        "wrong_key": "密钥错误，或已失效：请重新索取链接。",
        "too_many_keys": "错误的密钥过多，请稍后再试。",
        "one_session_only": "您的密钥只能打开一个会话，而不是这里。",
        "bad_host": "这个名称不属于本机；如果属于，请用 --allow-host 启动服务器。",
        "not_found": "这个地址下什么也没有。",
        "busy": "服务器正忙，请稍后再试。",
        "failed": "出错了；服务器自己的输出说明了位置。",
    }.items()
}


class Site(NamedTuple):
    """One data folder's pages and answers.

    ``wait`` waits so many seconds and says whether the server ends.  ``base_path`` is the path below which a browser sees
    the pages (``/monitor``): a proxy may take it away before it asks here, or leave it there.
    """

    desk: Desk
    door: Door
    keys: Callable[[], Keys]
    files: Mapping[str, AnswerBody]
    connections: Connections
    titles: Titles
    wait: events.Wait
    redacts: bool = False
    base_path: str = ""

    def respond(self, request: Request, connection: Connection) -> Reply:
        """The answer to a request that came over a connection.  Raises ``Refusal``."""
        if self.base_path and request.path == self.base_path:
            return Answer(303, None, (self._place("/", request.query),))
        request = self._below(request)
        if static.is_open(request.path):
            return self._file(request.path)
        return self._answered(_with_key(request), connection)

    def _answered(self, request: Request, connection: Connection) -> Reply:
        if request.path == "/api/health":
            return self._health(request, connection)
        visitor = self.door.visitor(request)
        share = self._begin(connection, visitor)
        if static.is_page(request.path):
            return self._page(request, visitor)
        if request.path.startswith(_STATIC) or request.path in self.files:
            return self._file(request.path)
        if request.path not in ("/api/me", _KEY):
            self._check(request, visitor)
        parameters.check_names(request, parameters.known(static.API).get(request.path, request.query))
        if request.path in ("/api/me", _KEY):
            return self._me(request, visitor)
        listened = {"/api/session/events": self._events_of_session, "/api/events": self._events}.get(request.path)
        if listened:
            return self._listened(request, connection, listened(request))
        ways: Mapping[str, Callable[[Request, Share], Reply]] = {
            "/api/session/export": self._export,
            metrics.PATH: self._scraped,
        }
        return ways.get(request.path, self._asked)(request, share)

    def refuse(self, request: Request, refusal: Refusal) -> Answer:
        """How a refusal reads: a page for a person, JSON for a program."""
        request = self._below(request)
        content = AnswerBody(questions.error(refusal))
        if static.is_page(request.path) or "text/html" in request.header("Accept"):
            texts = {"en": _sentence(str(refusal)), **_CHINESE.get(refusal.code, {})}
            content = static.refusal_page(self.files, request.path, refusal.code, texts) or content
            if refusal.code == _ONE_SESSION and request.path in _OF_SESSIONS:
                content = self.files[request.path]  # they tell it themselves
        more: Headers = (("WWW-Authenticate", "Bearer"),) if refusal.status == 401 else ()
        return Answer(refusal.status, content, (*refusal.headers, *more))

    def _below(self, request: Request) -> Request:
        """The request as it is without the path that the pages stand below."""
        is_below = self.base_path and request.path.startswith(f"{self.base_path}/")
        return request._replace(path=request.path[len(self.base_path) :]) if is_below else request

    def _place(self, path: str, parameters: Mapping[str, list[str]]) -> tuple[str, str]:
        """The header that leads a browser there."""
        pairs = [(name, value) for name, values in parameters.items() for value in values]
        query = urllib.parse.urlencode(pairs, errors="surrogatepass")
        return "Location", self.base_path + path + (f"?{query}" if query else "")

    def _begin(self, connection: Connection, visitor: Visitor) -> Share:
        """The visitor is answered from now on, for their share.  Raises ``Refusal`` where it has as much as it may."""
        everything = shares.OWN if visitor.is_local else shares.OF_ALL
        share = everything if visitor.sees_all else shares.of_session(visitor.keys[0])
        if not self.connections.begin(connection, share):
            raise Refusal(503, "busy", "too many answers for this key are under way", (("Retry-After", "1"),))
        return share

    def _check(self, request: Request, visitor: Visitor) -> None:
        """Whether what is asked for is open to who asks.  Raises ``Refusal``."""
        if visitor.sees_all:
            return
        is_of_session = request.path == addresses.PAGE or request.path in OF_SESSION
        session_id = request.one("id") if is_of_session else None
        if session_id is None or not self.door.admits(visitor, session_id):
            raise Refusal(403, _ONE_SESSION, "your key opens one session, and not this")

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _page(self, request: Request, visitor: Visitor) -> Answer:
        self._check(request, visitor)
        if visitor.given is None:
            return self._file(request.path)
        # What stands in the address bar is copied, and kept in the browser's history.
        place = self._place(request.path, {name: each for name, each in request.query.items() if name != "key"})
        return Answer(303, None, (place, *self.door.cookie_for(request, visitor)))

    def _file(self, path: str) -> Answer:
        if path not in self.files:
            raise _nothing_here()
        return Answer(200, self.files[path], _FOR_GOOD if static.is_lasting(path) else ())

    # -- the API -------------------------------------------------------------------------------------------------------

    def _health(self, request: Request, connection: Connection) -> Answer:
        try:
            visitor = self.door.visitor(request)
        except Refusal as refusal:
            if refusal.status != 401:
                raise
            visitor = None
        parameters.check_names(request, parameters.known(static.API)[request.path])
        if visitor is None or not visitor.sees_all:
            return Answer(200, AnswerBody(questions.envelope({"status": "ok"}, None)))
        return self._asked(request, self._begin(connection, visitor))

    def _me(self, request: Request, visitor: Visitor) -> Answer:
        session_id = request.one("id")
        is_mine = session_id and not visitor.sees_all and self.door.admits(visitor, session_id)
        known = {
            "scope": "all" if visitor.sees_all else "session",
            "session": session_id if is_mine else None,
            "redacted": self.redacts,
            "local": visitor.is_local,
            "timezone": periods.local_name(),
            "version": __version__,
        }
        kept = self.door.cookie_for(request, visitor) if request.path == _KEY else ()
        return Answer(200, AnswerBody(questions.envelope(known, None)), kept)

    def _asked(self, request: Request, share: Share) -> Answer:
        if request.path not in routes.QUESTIONS:
            raise _nothing_here()
        setting = self._setting()._replace(sees_all=share.sees_all)
        question = routes.QUESTIONS[request.path].of(request, setting)
        work = functools.partial(questions.answer_body, question, setting)
        kind = {"is_of_all": question.is_of_all, "is_search": question.is_search}
        try:
            return Answer(200, self.desk.answer(question, work, share, **kind))
        except Refusal as refusal:
            told = questions.body_of_not_yet(question, setting) if refusal.code == SEARCHING else None
            if told is None:
                raise
            return Answer(200, AnswerBody(told))

    def _scraped(self, _request: Request, _share: Share) -> Answer:
        return Answer(200, metrics.scraped(self.desk))

    def _export(self, request: Request, share: Share) -> Stream:
        asked = SessionExport.of(request, self._setting())
        row = self.desk.ask(lambda report: report.session(asked.session_id))
        if row is None:
            raise questions.no_session()
        threads = self.desk.ask(lambda report: report.threads(asked.session_id))
        state = self.desk.folder.state()
        try:
            stream = export.stream(asked, row, threads, state.path, state.book, redacts=self.redacts)
        except OSError:
            raise questions.no_session() from None
        return stream._replace(pieces=self.desk.by_turns(stream.pieces, share))

    def _setting(self) -> Setting:
        state = self.desk.folder.state()
        return Setting(
            folder=self.desk.folder.path,
            problem=state.problem,
            is_there=state.is_there,
            now=self.desk.now(),
            redacts=self.redacts,
            titles=self.titles,
            link=self._link,
        )

    def _link(self, session_id: str) -> str:
        return addresses.of_session(self.base_path, session_id, self.keys().of_session(session_id))

    # -- as it happens -------------------------------------------------------------------------------------------------

    def _events(self, _request: Request) -> Iterator[bytes]:
        return events.changes(self._change, self.wait, self._alerts)

    def _events_of_session(self, request: Request) -> Iterator[bytes]:
        session_id = parameters.session_id(request)
        after = parameters.number(request, "after", 0, 10**9)
        heard = request.header("Last-Event-ID")  # of a browser that was cut off
        if heard.isascii() and heard.isdecimal():
            after = int(heard[:9])
        if self._round_count(session_id) is None:
            raise questions.no_session()
        return events.rounds(self._counting(session_id), after, self.wait)

    def _listened(self, request: Request, connection: Connection, told: Iterator[bytes]) -> Stream:
        if request.method == "HEAD":
            return Stream(EVENTS, iter(()))
        if not self.connections.begin_stream(connection):
            raise Refusal(503, "too_many_streams", "too many listen: ask every some seconds", (("Retry-After", "30"),))
        return Stream(EVENTS, events.with_signs_of_life(told))

    def _change(self) -> int | None:
        with contextlib.suppress(Refusal):
            return self.desk.change()
        return None

    def _alerts(self) -> int:
        """A number that is another one when something changed in what fires, what was told, or what of both is set."""
        return zlib.crc32(repr(alerts.stamp(self.desk.folder.path)).encode())

    def _round_count(self, session_id: str) -> int | None:
        return self.desk.ask(lambda report: report.round_count(session_id))

    def _counting(self, session_id: str) -> Callable[[], int | None]:
        """What gives the session's rounds as they are now, 0 once it is gone; the index is only asked where it has changed."""
        counted = functools.lru_cache(maxsize=1)(lambda _change: self._round_count(session_id))

        def count() -> int | None:
            change = self._change()
            with contextlib.suppress(Refusal, NoSuchFolderError):
                return None if change is None else counted(change) or 0
            return None

        return count


def _with_key(request: Request) -> Request:
    """Whoever comes with a key to be kept is taken as if it stood in the address, where no other one helps it."""
    kind, _, key = request.header("Authorization").partition(" ")
    is_given = request.path == _KEY and kind.lower() == "bearer" and key.strip()
    return request._replace(query={**request.query, "key": [key.strip()]}) if is_given else request


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _nothing_here() -> Refusal:
    return Refusal(404, "not_found", "there is nothing at this address")
