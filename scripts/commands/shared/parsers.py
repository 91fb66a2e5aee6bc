"""What do all commands share: how they fail, how they print, where they look, what they look at?"""

from __future__ import annotations

import argparse
import functools
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone, tzinfo
from typing import Any

from session_monitor.base import periods
from session_monitor.log import coverage
from session_monitor.prices import own_lists
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import BadPriceList
from session_monitor.reports import filters as selection
from session_monitor.reports.filters import Selection
from session_monitor.reports.report import Report
from session_monitor.text import safe
from session_monitor.text.help import HelpFormatter
from session_monitor.text.safe import Column

SCHEMA_VERSION = 1
OK, FAILED, USAGE, NOT_FOUND, INTERRUPTED = 0, 1, 2, 3, 130


class Failure(Exception):  # noqa: N818 -- ends a command, which is no error in itself
    """What ends a command: a code for scripts, a message for people, and the exit code."""

    def __init__(self, code: str, message: str, status: int = FAILED) -> None:
        """``code`` is a word that stays the same from version to version."""
        super().__init__(message)
        self.code = code
        self.status = status


# -- the command line --------------------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """Argparse's, which says what may have been meant."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's; but a command itself refuses what it does not know, because it knows what may be meant."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> Any:
        """End with exit code 2, the usage and a hint."""
        hints = [hint for hint in map(self._hint, _quoted(message)) if hint]
        super().error(message + "".join(f"; did you mean {hint}?" for hint in hints[:1]))

    def _hint(self, wrong: str) -> str | None:
        import difflib  # noqa: PLC0415 -- only a mistake needs it

        known = [name for action in self._actions for name in (*action.option_strings, *(action.choices or ()))]
        return next(iter(difflib.get_close_matches(wrong.partition("=")[0], map(str, known), 1)), None)


def _quoted(message: str) -> list[str]:
    """The words of a message of argparse that somebody typed: an unknown option, or a choice that is none."""
    if message.startswith("unrecognized arguments: "):
        return [word for word in message.split()[2:] if word.startswith("-")]
    _, _, rest = message.partition("invalid choice: ")
    return [rest[1:].split(rest[0])[0]] if rest else []


def command(commands: Any, shared: Sequence[argparse.ArgumentParser], name: str, about: str, *examples: str) -> Any:
    """A parser for one command, with its help."""
    return commands.add_parser(
        name,
        parents=list(shared),
        help=about,
        description=about[0].upper() + about[1:] + ".",
        epilog="examples:\n" + "".join(f"  python3 scripts/cli.py {example}\n" for example in examples),
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )


def shared_options() -> argparse.ArgumentParser:
    """What all commands take."""
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False, formatter_class=HelpFormatter)
    shared.add_argument(
        "--data-dir", default="./sessions", metavar="DIR", help="where main.py keeps the sessions (default: ./sessions)"
    )
    shared.add_argument("--json", action="store_true", help="print JSON")
    shared.add_argument("--wide", action="store_true", help="cut and drop nothing for a narrow terminal")
    shared.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour: on a terminal unless NO_COLOR is set, always, or never (default: auto)",
    )
    return shared


def filters() -> argparse.ArgumentParser:
    """What chooses sessions and calls, with the time zone in which days are meant."""
    some = argparse.ArgumentParser(add_help=False, allow_abbrev=False, formatter_class=HelpFormatter)
    group = some.add_argument_group("filters")
    group.add_argument(
        "--since",
        metavar="TIME",
        help="from then on: 2026-02-01, an RFC 3339 time, today, yesterday, or 24h, 7d, 2w ago",
    )
    group.add_argument("--until", metavar="TIME", help="up to then; a day is meant to its end")
    add_timezone(group)
    group.add_argument("--model", action="append", metavar="NAME", help="calls of this model or pattern ('gpt-*')")
    group.add_argument("--consumer", action="append", metavar="NAME", help="calls of this consumer or pattern")
    group.add_argument("--session", action="append", metavar="ID", help="this session, or those of a pattern ('a:*')")
    group.add_argument("--min-cost", type=_dollars, metavar="USD", help="sessions that cost at least so much")
    group.add_argument(
        "--status",
        choices=selection.STATES,
        help="sessions that talked within 15 minutes, that did not, or whose last call failed",
    )
    return some


def add_timezone(parser: Any) -> None:
    """Add the option that says whose days are meant."""
    parser.add_argument(
        "--timezone",
        default=periods.LOCAL,
        metavar="ZONE",
        help="whose days, such as Asia/Shanghai or UTC (default: local)",
    )


def positive(text: str) -> int:
    """A whole number above 0, for argparse."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return number


def _dollars(text: str) -> int:
    try:
        return selection.dollars(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of dollars, such as 0.50") from None


# -- what is asked about -----------------------------------------------------------------------------------------------


def now() -> int:
    """This moment, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def zone(name: str) -> tzinfo | None:
    """The time zone of this name.  Raises ``Failure``."""
    try:
        return periods.zone(name)
    except periods.UnknownZone:
        text = f"no time zone {name}: name one like Asia/Shanghai (or this machine has no list of them: tzdata)"
        raise Failure("bad_timezone", text, USAGE) from None


def selected(options: argparse.Namespace) -> Selection:
    """What the filters mean.  Raises ``Failure``."""
    where = zone(options.timezone)
    since, until = moment(options.since, where), moment(options.until, where, is_end=True)
    if since is not None and until is not None and since >= until:
        raise Failure("bad_time", f"--since {options.since} is not before --until {options.until}", USAGE)
    return Selection(
        sessions=tuple(options.session or ()),
        min_cost=options.min_cost,
        status=options.status,
        now=now(),
        since=since,
        until=until,
        models=tuple(options.model or ()),
        consumers=tuple(options.consumer or ()),
    )


def moment(text: str | None, where: tzinfo | None, *, is_end: bool = False) -> int | None:
    """The moment that a person wrote.  Raises ``Failure``."""
    try:
        current = datetime.now(timezone.utc)
        return None if text is None else selection.moment(text, current, where, is_end=is_end)
    except selection.BadMoment:
        wrong = f"{text} is no time: write 2026-02-01, 2026-02-01T09:30:00+08:00, today, yesterday, 24h, 7d or 2w"
        raise Failure("bad_time", wrong, USAGE) from None


def filters_in_words(options: argparse.Namespace) -> list[str]:
    """The filters that were given."""
    given = [(name, getattr(options, name)) for name in ("since", "until", "session", "status", "model", "consumer")]
    told = [f"--{name} {' '.join(each if isinstance(each, list) else [each])}" for name, each in given if each]
    return [*told, *(["--min-cost"] if options.min_cost is not None else [])]


def why_empty(found: Report, options: argparse.Namespace, what: str) -> str:
    """Why an answer is empty, and what would not be."""
    overall = found.overview()
    if not overall.sessions:
        folder = safe.cell(options.data_dir)
        return (
            f"No sessions in {folder} yet: run main.py on a gateway's access log first ('doctor' finds what is wrong)."
        )
    hints = []
    where = zone(options.timezone)
    if (options.since or options.until) and overall.newest is not None and overall.oldest is not None:
        oldest, newest = (periods.date_of(each, where) for each in (overall.oldest, overall.newest))
        hints.append(f"the calls are of {oldest} to {newest}, so --since {newest} shows the newest day")
    for column in ("model", "consumer"):
        if getattr(options, column):
            names = ", ".join(safe.cell(name) for name in found.known(column))
            hints.append(f"there are the {column}s {names}" if names else f"no call names a {column}")
    wanted = safe.cell(" ".join(filters_in_words(options)))
    return f"No {what} with {wanted}" + (f": {'; '.join(hints)}." if hints else ".")


# -- printing ----------------------------------------------------------------------------------------------------------


def complain(text: str) -> None:
    """Say something beside the data, in lines that fit the terminal."""
    said = f"cli.py: {safe.clean(text, newlines=True)}".split("\n")
    if sys.stderr.isatty():
        width = _width()
        said = [part for line in said for part in safe.wrap(line, width, "  ")]
    print("\n".join(said), file=sys.stderr)


def print_json(options: argparse.Namespace, *pieces: str) -> None:
    """Print data, which is JSON already, in the envelope, with how much of the log it speaks for."""
    covered = coverage_of(options)
    out = sys.stdout
    out.write(f'{{"schema_version": {SCHEMA_VERSION}, "data": ')
    for piece in pieces:
        out.write(piece)
    out.write(f', "coverage": {to_json(covered.to_json() if covered else None)}}}\n')


def coverage_of(options: argparse.Namespace) -> coverage.Coverage | None:
    """How much of the log was read, where a monitor's state file tells."""
    return coverage.of_state(os.path.join(options.data_dir, ".state.json"))


def print_error(code: str, message: str) -> None:
    """Print a failure as JSON."""
    error = to_json({"code": code, "message": message})
    print(f'{{"schema_version": {SCHEMA_VERSION}, "error": {error}}}')


def to_json(value: object) -> str:
    """JSON fit for any output: what steers a terminal, or is not in its encoding, is written as JSON's own escape."""
    readable = (sys.stdout.encoding or "ascii").lower().startswith("utf")
    return safe.escape_json(json.dumps(value, ensure_ascii=not readable))


def columns(options: argparse.Namespace) -> int | None:
    """The terminal's width; None where the output goes elsewhere, or nothing is to be cut."""
    return None if options.wide or not sys.stdout.isatty() else _width()


def _width() -> int:
    import shutil  # noqa: PLC0415 -- a pipe need not wait for it

    return shutil.get_terminal_size().columns


def paint(options: argparse.Namespace) -> safe.Paint:
    """How text is coloured, if at all (https://no-color.org)."""
    wanted = options.color == "always" or (
        options.color == "auto"
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
    return safe.Paint(wanted)


def tell(options: argparse.Namespace, text: str, indent: str = "") -> None:
    """Print clean text for people, in lines that fit the terminal; those after the first begin with the indent."""
    width = columns(options)
    for line in text.split("\n"):
        print("\n".join([line] if width is None else safe.wrap(line, width, indent)))


def print_table(
    options: argparse.Namespace,
    headings: Sequence[Column],
    rows: Iterable[Sequence[str]],
    total: Sequence[str] | None = None,
) -> None:
    """Print a table, and say which of its columns found no room."""
    table = safe.table(headings, rows, columns(options), total=total, paint=paint(options))
    print("\n".join(table.lines))
    if table.dropped:
        complain(f"no room for {', '.join(table.dropped)}: widen the terminal, or use --wide or --json")


# -- the data folder ---------------------------------------------------------------------------------------------------


def book(folder: str) -> Book:
    """The prices for this data folder."""
    try:
        return own_lists.book(folder, os.environ)
    except BadPriceList as error:
        raise bad_prices(error) from None


def sessions_of(folder: str, priced_by: Book | None = None) -> Report:
    """The answers about this data folder, with its own prices unless there are others."""
    return Report(folder, priced_by or book(folder), functools.partial(progress, "making the index"), now())


def progress(what: str, done: int, total: int) -> None:
    """Say on a terminal how far something is that takes long."""
    if sys.stderr.isatty() and total:
        print(f"\r{what}: {100 * done // total} %\x1b[K", end="", file=sys.stderr, flush=True)
        if done >= total:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def meant(found: Report, text: str) -> str:
    """The id of the one session that somebody means: an id, a part of one, ``last``, or a link.  Raises ``Failure``."""
    wanted = id_of(text)
    ids = found.named(wanted)
    if len(ids) == 1 or (wanted == "last" and ids):
        return ids[0]
    if not ids:
        raise unknown_session(found, wanted)
    told = "\n".join(f"  {safe.clean(each)}" for each in ids[:10])
    more = "" if len(ids) <= 10 else "\n  …"
    text = f"{safe.clean(wanted)} is a part of several ids; name more of the one that is meant:\n{told}{more}"
    raise Failure("ambiguous_session", text, USAGE)


def id_of(text: str) -> str:
    """The id in a link to a session's page, ``http://localhost:8888/session?id=…``; what is no link is an id itself."""
    if not text.startswith(("http://", "https://")):
        return text
    import urllib.parse  # noqa: PLC0415 -- most name an id

    link = urllib.parse.urlsplit(text)
    ids = urllib.parse.parse_qs(link.query).get("id")
    return ids[0] if ids and link.path.rstrip("/").endswith("/session") else text


def bad_prices(error: BadPriceList) -> Failure:
    """A price list that cannot be used."""
    return Failure("bad_prices", f"{error}. Correct it there, or take the file away")


def no_folder(folder: str) -> Failure:
    """There is no data folder."""
    return Failure("no_data", f"there is no folder {folder}: name the one that main.py writes to with --data-dir")


def unknown_session(found: Report, session_id: str) -> Failure:
    """There is no such session; some may have been meant."""
    near = found.near_misses(session_id)
    hint = (
        "\n".join(["did you mean", *(f"  {safe.clean(each)}" for each in near)])
        if near
        else "'list' shows those that there are"
    )
    return Failure("session_not_found", f"no session {safe.clean(session_id)} in {found.folder}; {hint}", NOT_FOUND)


def unknown_model(book: Book, name: str) -> Failure:
    """There is no price for this model; some may have been meant."""
    import difflib  # noqa: PLC0415 -- only a mistake needs it

    near = difflib.get_close_matches(name.lower(), [found.key for found in book.models()], 5)
    hint = "\n".join(["did you mean", *(f"  {each}" for each in near)]) if near else "'pricing list' shows those known"
    return Failure("model_not_found", f"no price is known for {safe.clean(name)}; {hint}", NOT_FOUND)
