#!/usr/bin/env python3
"""Asks about sessions on the command line: data goes to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from session_monitor import __version__, figures, report, terminal
from session_monitor.terminal import Column
from session_monitor.transcript import Transcript, local_time

SCHEMA_VERSION = 1
OK, FAILED, NOT_FOUND, INTERRUPTED = 0, 1, 3, 130

_EXAMPLES = """\
examples:
  python3 scripts/cli.py list --limit 10
  python3 scripts/cli.py list --sort-by tokens --json
  python3 scripts/cli.py show agent:main:discord:channel:1465367993012981988
  python3 scripts/cli.py show SESSION_ID --messages full --json > session.json

exit codes: 0 done, 1 it failed, 2 wrong arguments, 3 no such session, 130 interrupted
"""


class Failure(Exception):  # noqa: N818 -- ends a command, which is no error in itself
    """What ends a command: a code for scripts, a message for people, and the exit code."""

    def __init__(self, code: str, message: str, status: int = FAILED) -> None:
        """``code`` is a word that stays the same from version to version."""
        super().__init__(message)
        self.code = code
        self.status = status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = parser().parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = _run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _run(options: argparse.Namespace) -> int:
    try:
        options.run(options)
    except BrokenPipeError:
        raise
    except OSError as error:
        place = error.filename or options.data_dir
        failure = Failure("unreadable", f"{place}: {error.strerror or error}. See that this user may read it")
    except Failure as known:
        failure = known
    else:
        return OK
    if options.json:
        error_json = _json({"code": failure.code, "message": str(failure)})
        print(f'{{"schema_version": {SCHEMA_VERSION}, "error": {error_json}}}')
    print(f"cli.py: {terminal.clean(str(failure), newlines=True)}", file=sys.stderr)
    return failure.status


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        description="See what the sessions said and used.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"agent-session-monitor {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    shared.add_argument(
        "--data-dir", default="./sessions", metavar="DIR", help="where main.py keeps the sessions (default: ./sessions)"
    )
    shared.add_argument("--json", action="store_true", help="print JSON")
    _add_list(commands, shared)
    _add_show(commands, shared)
    return top


def _command(commands: Any, shared: argparse.ArgumentParser, name: str, about: str, example: str) -> Any:
    return commands.add_parser(
        name,
        parents=[shared],
        help=about,
        description=about[0].upper() + about[1:] + ".",
        epilog=f"example:\n  python3 scripts/cli.py {example}\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return number


# -- list --------------------------------------------------------------------------------------------------------------


def _add_list(commands: Any, shared: argparse.ArgumentParser) -> None:
    command = _command(commands, shared, "list", "list the sessions", "list --sort-by tokens --limit 10")
    command.add_argument("--limit", type=_positive, metavar="N", help="show N sessions at most (default: all)")
    command.add_argument(
        "--sort-by",
        choices=sorted(report.SORT_KEYS),
        default="updated",
        help="the latest first, or those with the most tokens (default: updated)",
    )
    command.set_defaults(run=_list)


_COLUMNS = (
    Column("Session ID", least=24),
    Column("Updated", rank=3),
    Column("Msgs", ">"),
    Column("Input", ">"),
    Column("Cached", ">", rank=4),
    Column("Output", ">"),
    Column("Reasoning", ">", rank=2),
    Column("Model", rank=1, least=12),
)


def _list(options: argparse.Namespace) -> None:
    try:
        answer = report.sessions(options.data_dir, sort_by=options.sort_by, limit=options.limit)
    except report.NoSuchFolder:
        raise _no_folder(options.data_dir) from None
    for name in answer.damaged:
        print(f"cli.py: {terminal.cell(name)} cannot be read as a session; it is left out", file=sys.stderr)
    if options.json:
        _print_json(_json(answer.rows))
    elif not answer.rows:
        print(f"No sessions in {terminal.cell(options.data_dir)} yet: run main.py on a gateway's access log first.")
    else:
        _print_list(answer)


def _print_list(answer: report.Answer) -> None:
    rows = [
        [
            row["session_id"],
            local_time(row["updated_at"]),
            *(figures.count(row[key]) for key in ("messages_count", "total_input_tokens", "total_cached_tokens")),
            *(figures.count(row[key]) for key in ("total_output_tokens", "total_reasoning_tokens")),
            row["model"] or "-",
        ]
        for row in answer.rows
    ]
    table = terminal.table(_COLUMNS, rows, _columns())
    print("\n".join(table.lines))
    if len(answer.rows) < answer.total:
        print(f"({figures.count(len(answer.rows))} of {figures.count(answer.total)} sessions)")
    if table.dropped:
        print(f"cli.py: no room for {', '.join(table.dropped)}: widen the terminal, or use --json", file=sys.stderr)


# -- show --------------------------------------------------------------------------------------------------------------


def _add_show(commands: Any, shared: argparse.ArgumentParser) -> None:
    example = "show agent:main:discord:channel:1465367993012981988"
    command = _command(commands, shared, "show", "show one session: what it adds up to, and its rounds", example)
    command.add_argument("session_id", metavar="SESSION_ID")
    command.add_argument("--no-messages", action="store_true", help="leave out the messages that were sent")
    command.add_argument(
        "--messages",
        choices=("new", "full"),
        help="each round's new messages, or all that were sent with it (default: new; with --json: full)",
    )
    command.add_argument("--full", action="store_true", help="do not shorten long texts")
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> None:
    full = options.messages == "full" or (options.json and options.messages is None)
    try:
        found = report.session(options.data_dir, options.session_id, full_messages=full and not options.no_messages)
        if found is None:
            raise _unknown(options.data_dir, options.session_id)
    except report.NoSuchFolder:
        raise _no_folder(options.data_dir) from None
    row, rounds = found
    if options.json:
        _print_json(*_session_json(row, rounds, messages=not options.no_messages))
        return
    transcript = Transcript(_columns(), messages=not options.no_messages, full=options.full)
    for line in transcript.lines(row, rounds):
        print(line)


def _session_json(row: dict[str, Any], rounds: Iterable[dict[str, Any]], *, messages: bool) -> Iterator[str]:
    """The session in pieces: with every round's whole history it may be far larger than its file."""
    yield _json(row)[:-1] + ', "rounds": ['
    for number, entry in enumerate(rounds):
        shown = {key: value for key, value in entry.items() if messages or not key.startswith("messages")}
        yield (",\n" if number else "\n") + _json(shown)
    yield "\n]}"


# -- shared ------------------------------------------------------------------------------------------------------------


def _print_json(*pieces: str) -> None:
    out = sys.stdout
    out.write(f'{{"schema_version": {SCHEMA_VERSION}, "data": ')
    for piece in pieces:
        out.write(piece)
    out.write("}\n")


def _json(value: object) -> str:
    """JSON fit for any output: what steers a terminal, or is not in its encoding, is written as JSON's own escape."""
    readable = sys.stdout.encoding.lower().startswith("utf")
    return terminal.escape_json(json.dumps(value, ensure_ascii=not readable))


def _columns() -> int | None:
    """The terminal's width; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _no_folder(folder: str) -> Failure:
    return Failure("no_data", f"there is no folder {folder}: name the one that main.py writes to with --data-dir")


def _unknown(folder: str, session_id: str) -> Failure:
    near = report.near_misses(folder, session_id)
    hint = (
        "\n".join(["did you mean", *(f"  {terminal.clean(each)}" for each in near)])
        if near
        else "'list' shows those that there are"
    )
    return Failure("session_not_found", f"no session {terminal.clean(session_id)} in {folder}; {hint}", NOT_FOUND)


if __name__ == "__main__":
    sys.exit(main())
