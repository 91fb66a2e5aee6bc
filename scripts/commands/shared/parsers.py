"""What does a command take on its command line, and how is a mistake there answered?"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from session_monitor.base import mounts, settings
from session_monitor.prices import money
from session_monitor.text.help import HelpFormatter

from . import failures
from .data import Data, Settings
from .failures import Failure
from .output import SCHEMA_VERSION, Output

if TYPE_CHECKING:
    from session_monitor.conversations.conversation import Wanted

# For each of its texts argparse looks for a translation in several places, which takes two milliseconds a start.  Python comes with
# none, and ``Parser`` reads its messages in English.
setattr(argparse, "_", str)  # noqa: B010 -- typeshed has no such name

SESSION = "an id, a unique part of one, 'last', 'current' (that of the environment), or a link to its page"
"""How one names a session, for a help text."""


class BadArgumentsError(SystemExit):
    """The command line is wrong: ends the program with exit code 2."""

    def __init__(self, text: str) -> None:
        """``text`` says how."""
        super().__init__(failures.USAGE)
        self.text = text


class Parser(argparse.ArgumentParser):
    """Argparse's, which says what may have been meant."""

    open_place: str | None = None
    """The place that takes any number of words, also behind an option, where argparse has closed it: `tag last --remove bug`."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's; but a command itself refuses what it does not know, because it knows what may be meant."""
        options, unknown = super().parse_known_args(args, namespace)
        end = unknown.index("--") if "--" in unknown else len(unknown)  # behind it are no options
        if self.open_place and not any(word.startswith("-") for word in unknown[:end]):
            words = [*unknown[:end], *unknown[end + 1 :]]
            setattr(options, self.open_place, [*getattr(options, self.open_place), *words])
            unknown = []
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def error(self, message: str) -> Any:
        """Say the usage and a hint, and raise ``BadArgumentsError``; commands for scripts of ours are none that somebody may have meant."""
        message = re.sub(r", '?_\w+'?(?=[,)])", "", message)
        hints = [hint for hint in map(self._hint, _quoted(message)) if hint]
        message += "".join(f"; did you mean {hint}?" for hint in hints[:1])
        self.print_usage(sys.stderr)
        self._print_message(f"{self.prog}: error: {message}\n", sys.stderr)
        raise BadArgumentsError(message)

    def _hint(self, wrong: str) -> str | None:
        import difflib  # noqa: PLC0415 -- only a mistake needs it

        known = [name for action in self._actions for name in (*action.option_strings, *(action.choices or ()))]
        shown = [str(name) for name in known if not str(name).startswith("_")]
        return next(iter(difflib.get_close_matches(wrong.partition("=")[0], shown, 1)), None)


def _quoted(message: str) -> list[str]:
    """The words of a message of argparse that somebody typed: an unknown option, or a choice that is none."""
    if message.startswith("unrecognized arguments: "):
        return [word for word in message.split()[2:] if word.startswith("-")]
    _, _, rest = message.partition("invalid choice: ")
    return [rest[1:].split(rest[0])[0]] if rest else []


def parent() -> argparse.ArgumentParser:
    """Options that several commands take: a parent of their parsers."""
    return argparse.ArgumentParser(add_help=False, formatter_class=HelpFormatter)  # it is asked at each option's making


def add_state_file(command: argparse.ArgumentParser) -> None:
    """Let a command be told where the monitor's state file is."""
    command.add_argument(
        "--state-file", metavar="FILE", help="where main.py keeps its read positions (default: where its last run did)"
    )


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
    shared = parent()
    shared.add_argument(
        "--data-dir",
        default=settings.DATA_DIR,
        metavar="DIR",
        help=f"where main.py keeps the sessions (default: {settings.DATA_DIR.told})",
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


NOTHING_SHARED = {"data_dir": "", "json": False, "wide": False, "color": "never"}
"""What stands for the options that all commands share in one that takes none of them."""


def output(options: argparse.Namespace) -> Output:
    """Take out of the options how the command prints."""
    shared = vars(options)
    return Output(
        is_json=shared.pop("json"),
        is_wide=shared.pop("wide"),
        color=shared.pop("color"),
        schema_version=shared.pop("schema_version", SCHEMA_VERSION),
    )


def data(options: argparse.Namespace, environment: Mapping[str, str]) -> Data:
    """Take out of the options what is asked about, and settle those that were not given.  Raises ``Failure``."""
    known = Settings(environment)
    origins = settings.settle(vars(options), environment, lambda _: known())
    return Data(_folder(vars(options).pop("data_dir"), environment), origins, known)


def _folder(data_dir: str, environment: Mapping[str, str]) -> str:
    """The folder that is meant, or that stands for the database that is.  Raises ``Failure``."""
    if not mounts.is_elsewhere(data_dir):
        return data_dir
    from session_monitor.clickhouse.address import BadAddressError  # noqa: PLC0415 -- most ask about a folder
    from session_monitor.fleet import home  # noqa: PLC0415 -- as above

    try:
        return home.mounted(data_dir, environment)
    except BadAddressError as mistake:
        raise Failure("bad_address", str(mistake), failures.USAGE) from None


_RUNS_ANOTHER = "run"
"""The command behind whose options a program stands, with its own."""


def command_first(words: Sequence[str]) -> list[str]:
    """The words of a command line with those shared options that stand before the command behind all others.

    Where one stands there as well, that is what counts.
    """
    if not words or not words[0].startswith("-"):  # as nearly always
        return list(words)
    known = {name: action for action in shared_options()._actions for name in action.option_strings}  # noqa: SLF001
    rest, moved = list(words), []
    while rest:
        name, equals, _ = rest[0].partition("=")
        if name not in known:
            break
        size = 1 if equals or known[name].nargs == 0 else 2
        moved.append((name, rest[:size]))
        del rest[:size]
    if rest[:1] == [_RUNS_ANOTHER]:  # what comes last is that program's
        return [_RUNS_ANOTHER, *(word for _, each in moved for word in each), *rest[1:]]
    end = rest.index("--") if "--" in rest else len(rest)  # behind it are no options
    given = {word.partition("=")[0] for word in rest[:end]}
    return [*rest[:end], *(word for name, each in moved if name not in given for word in each), *rest[end:]]


def is_json_asked(words: Sequence[str]) -> bool:
    """Whether a command line that is wrong asks for JSON."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def positive(text: str) -> int:
    """A whole number above 0, for argparse."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return number


_LENGTH = re.compile(r"([1-9]\d{0,3})([mhdw])", re.ASCII)
_MILLISECONDS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def length(text: str) -> int:
    """A length of time in milliseconds, for argparse."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time: write 30m, 12h or 7d")
    return int(match[1]) * _MILLISECONDS[match[2]]


def price(text: str) -> str:
    """A price as it is written down, for argparse: `2.50` is 2.5, `1e-2` is 0.01."""
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415 -- few commands take prices

    try:
        plain = format(Decimal(text).normalize(), "f")
        money.per_token(plain)
    except (InvalidOperation, ValueError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no price for a million tokens: a number from 0 on, with at most {money.DECIMALS} decimals"
        ) from None
    return plain


def day(text: str) -> str:
    """A date, for argparse."""
    from datetime import date  # noqa: PLC0415 -- as above

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2026-05-01") from None


def exchange_rate(text: str) -> str:
    """What one unit of a currency is worth, for argparse: as a price, and above 0."""
    try:
        usd = price(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no rate: the dollars for one of the currency, with at most {money.DECIMALS} decimals"
        ) from None
    if usd == "0":
        raise argparse.ArgumentTypeError(f"{text!r} is no rate: what is worth nothing is no currency")
    return usd


def currency(text: str) -> str:
    """The three letters of a currency, for argparse."""
    code = text.upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise argparse.ArgumentTypeError(f"{text!r} is no currency's three letters, such as CNY")
    return code


def base(text: str) -> str:
    """Where the pages are reached, without a slash at its end.  Raises ``Failure``."""
    import urllib.parse  # noqa: PLC0415 -- as above

    parts = urllib.parse.urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise Failure("bad_base", f"{text} is no address such as https://monitor.example.org", failures.USAGE)
    return text.rstrip("/")


def rounds(text: str) -> Wanted:
    """Which rounds of a session are meant, for argparse."""
    from session_monitor.conversations import conversation  # noqa: PLC0415 -- not every command shows rounds

    wanted = conversation.wanted(text)
    if wanted is None:
        raise argparse.ArgumentTypeError(f"{text!r} names no rounds: write 14, 10-20, 10-, last:5 or none")
    return wanted
