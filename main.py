#!/usr/bin/env python3
"""Reads a Higress gateway's access log and keeps what each agent session said and used."""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import os
import sys
import time
from collections.abc import Sequence

if sys.version_info < (3, 9):  # noqa: UP036 -- in words, before an older one fails at what it does not know
    sys.exit(f"main.py: this is Python {sys.version.split()[0]}: run it with Python 3.9 or newer")

if __name__ == "__main__":
    gc.disable()  # until all is loaded: none of that is garbage, and looking for some takes a tenth as long as loading it

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "scripts"))

from session_monitor import __version__
from session_monitor.base import data_folder, files, settings
from session_monitor.base.signals import unharmed
from session_monitor.log import rotation
from session_monitor.monitor.run import FAILED, OK, STANDARD_INPUT, Monitor, stop_telling
from session_monitor.monitor.voice import Voice
from session_monitor.text.help import HelpFormatter

INTERRUPTED = 130
MOST_JOBS = 64

_EXAMPLES = f"""\
examples:
  python3 main.py --log-path /var/log/proxy/access.log
  python3 main.py --log-path /var/log/proxy/access.log --session-key 'agent:main:*'
  kubectl logs -n higress-system deploy/higress-gateway | python3 main.py --log-path -
  python3 main.py --log-path '/var/log/gateway-*/access.log' --output-dir /var/lib/sessions --follow
  * * * * * python3 /path/to/main.py --log-path /var/log/proxy/access.log --output-dir /var/lib/sessions --quiet

environment:
  {rotation.ALLOW_VARIABLE}   folders as for --allow-dir, separated by '{os.pathsep}'; --allow-dir goes first
  {settings.variable("data_dir")}, {settings.variable("log_path")}   instead of --output-dir and --log-path; so do config
      files, which 'cli.py config path' names

exit codes: 0 done (also: no log yet, another monitor is at work), 1 something could not be read or written,
2 wrong arguments, 129, 130 or 143 one pass was interrupted, or its end insisted on by a second signal (what was read is
kept)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the monitor; returns its exit code."""
    with unharmed():
        top = parser()
        options = top.parse_args(arguments)
        options.log_path = options.log_path or settings.LOG_PATH
        try:
            settings.settle(vars(options), os.environ)
        except (settings.BadConfigError, OSError) as mistake:
            top.error(str(mistake))
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    _check(options)
    # A daemon may be started without them; a log must not be opened in their place.
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    follow = options.follow or (sys.stdout.isatty() and not options.once)
    for stream in (sys.stdout, sys.stderr):  # a locale without Chinese is no reason to fail
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    say = Voice(quiet=options.quiet)
    if options.log_path == [STANDARD_INPUT] and sys.stdin is None:
        say.aloud("standard input is closed: there is nothing to read")
        return FAILED
    try:
        _prepare(options.output_dir, options.group)
        with files.lock(os.path.join(options.output_dir, data_folder.LOCK), _about()):
            return Monitor(options, say).run(follow=follow)
    except files.LockHeldError as held:
        if not options.quiet:
            say.aloud(f"another monitor is at work on {options.output_dir} ({held}); there is nothing to do")
        return OK
    except BrokenPipeError:
        stop_telling()
        return OK
    except OSError as error:
        say.aloud(_in_words(error, options))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _check(options: argparse.Namespace) -> None:
    """End where arguments cannot be what they are, or together."""
    if options.state_file and _looks_like_a_session(options.state_file, options.output_dir):
        parser().error("in the output folder, the name of a --state-file must begin with a dot: others are sessions")
    if STANDARD_INPUT in options.log_path and (len(options.log_path) > 1 or options.follow):
        parser().error("--log-path - is read until it ends, and alone: without other logs, and without --follow")
    if options.otlp:
        from session_monitor.shipping import destination  # noqa: PLC0415 -- few send spans

        try:
            destination.of(options.otlp, os.environ)
        except destination.BadDestinationError as mistake:
            parser().error(f"--otlp: {mistake}")
    if options.ship:
        from session_monitor.shipping.clickhouse import stores  # noqa: PLC0415 -- few ship

        try:
            stores.of(options.ship, os.environ)
            stores.gateway_named(options.gateway)
        except stores.BadStoreError as mistake:
            parser().error(f"--ship: {mistake}")


def _prepare(folder: str, group: int | None) -> None:
    """Make the output folder where there is none, and share it with a group.  Raises ``OSError``."""
    files.make_folder(folder)
    data_folder.check_whose(folder)
    if group is not None:
        files.share(folder, group)
        from session_monitor.links import keys  # noqa: PLC0415 -- few share

        with contextlib.suppress(keys.BadKeyFileError):  # the web server says it
            keys.of_folder(folder)  # whose file the group could not make, for links to sessions


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    add = top.add_argument
    add(
        "--log-path",
        action="append",
        metavar="PATH",
        help="access log to read, with its rotated siblings; may be a glob and may be given several times; - is standard input "
        f"(default: {settings.LOG_PATH.told})",
    )
    add(
        "--output-dir",
        default=settings.DATA_DIR,
        metavar="DIR",
        help=f"where sessions are kept (default: {settings.DATA_DIR.told})",
    )
    add(
        "--group",
        type=_group,
        metavar="NAME",
        help="share the output folder with this group, whose members may read it; it stays shared (default: as it is)",
    )
    add("--session-key", metavar="ID", help="only sessions with this id; a shell pattern works too (default: all)")
    add(
        "--chain",
        action="store_true",
        help="join calls without any session id by their growing history; such a session is marked as inferred",
    )
    add("--state-file", metavar="FILE", help="where read positions are kept (default: <output-dir>/.state.json)")
    add("--refresh-interval", type=_seconds, default=1.0, metavar="SECONDS", help="seconds between polls (default: 1)")
    add(
        "--otlp",
        nargs="?",
        const="env",
        default=settings.OTLP,
        metavar="URL",
        help="send each new call as a span to an OpenTelemetry receiver at this address, or where "
        f"$OTEL_EXPORTER_OTLP_ENDPOINT says (default: ${settings.variable('otlp')}, or nowhere)",
    )
    add(
        "--ship",
        default=settings.SHIP,
        metavar="ADDRESS",
        help="keep all rounds in a store there, as 'scripts/cli.py ship --to' does: clickhouse://HOST/DATABASE or file:DIR "
        f"(default: ${settings.variable('ship')}, or nowhere)",
    )
    add(
        "--gateway",
        default=settings.GATEWAY,
        metavar="NAME",
        help=f"this folder's name in that store (default: ${settings.variable('gateway')}, or this machine's name)",
    )
    add(
        "--jobs",
        type=_jobs,
        default=0,
        metavar="N",
        help="so many processes read a log that is more than 64 MB ahead of what was read (default: auto, one a core, at most 4)",
    )
    mode = top.add_mutually_exclusive_group()
    mode.add_argument("--follow", action="store_true", help="keep polling (default where stdout is a terminal)")
    mode.add_argument("--once", action="store_true", help="one pass, then exit (default elsewhere: cron, a pipe)")
    add(
        "--allow-dir",
        action="append",
        metavar="DIR",
        help="read only logs whose real path lies under this folder; may be given several times (default: any)",
    )
    add(
        "--messages",
        choices=("new", "full"),
        default="new",
        help="what a round keeps of its messages: the new ones, or all that were sent again (default: new)",
    )
    voice = top.add_mutually_exclusive_group()
    voice.add_argument("--quiet", action="store_true", help="say nothing but what went wrong")
    voice.add_argument("--verbose", action="store_true", help="name the sessions of each batch, without the live view")
    add("--version", action="version", version=f"agent-session-monitor {__version__}")
    return top


def _group(text: str) -> int:
    import grp  # noqa: PLC0415 -- few share

    try:
        return grp.getgrnam(text).gr_gid
    except KeyError:
        raise argparse.ArgumentTypeError(f"there is no group {text} on this machine") from None


def _jobs(text: str) -> int:
    if text == "auto":
        return 0
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_JOBS):
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number from 1 to {MOST_JOBS}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _looks_like_a_session(state_file: str, output_dir: str) -> bool:
    folder, name = os.path.split(os.path.realpath(state_file))
    return folder == os.path.realpath(output_dir) and name.endswith(".json") and not name.startswith(".")


def _about() -> str:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return f"pid {os.getpid()} on {os.uname().nodename}, since {now}"


def _in_words(error: OSError, options: argparse.Namespace) -> str:
    if isinstance(error, files.OddFileError):
        return str(error)
    named = os.fsdecode(error.filename or options.output_dir)
    return f"{error.strerror or error}: {named}. {_advice(options, error)}"


def _advice(options: argparse.Namespace, error: OSError) -> str:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "This process may open too few files: raise its limit (ulimit -n, LimitNOFILE)."
    choice = "--output-dir or --state-file" if options.state_file else "--output-dir"
    return f"See that this user can write there and that there is room, or name another place with {choice}."


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    sys.exit(main())
