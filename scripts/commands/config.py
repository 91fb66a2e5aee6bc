"""config: which settings hold where no argument says otherwise, and in which files they stand."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from session_monitor.asked import problems
from session_monitor.base import files, settings
from session_monitor.text import safe
from session_monitor.text.table import Column

from .shared import failures, filters, parsers
from .shared.data import Data
from .shared.failures import Failure
from .shared.output import Output, to_json

_ABOUT = f"""
An argument goes before the environment ({", ".join(map(settings.variable, settings.NAMES))}), that before your config
file, and that before the machine's. ${settings.CONFIG} names another file instead of the two.

  data_dir   where main.py keeps the sessions, and the others find them: --output-dir, --data-dir
  log_path   the access logs that main.py reads and doctor looks at: --log-path
  timezone   whose days are meant: --timezone
  base_url   where webserver.py is reached, for links: --base
  otlp       where main.py sends each new call as a span: --otlp
  ship       in which store elsewhere main.py keeps all rounds: --ship
  gateway    this folder's name in that store: --gateway
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    about = "show or change the settings that hold for all programs where no argument says otherwise"
    command = parsers.command(
        commands,
        (),
        "config",
        about,
        "config show",
        "config set data_dir /var/lib/sessions",
        "config set log_path /var/log/proxy/access.log '/var/log/pods/*_higress-gateway-*/higress-gateway/*.log'",
        "config unset timezone",
        "config path",
    )
    command.epilog += _ABOUT
    below = command.add_subparsers(metavar="ACTION", required=True, parser_class=parsers.Parser)
    show = parsers.command(
        below, (shared,), "show", "show each setting, and where its value is from", "config show --json"
    )
    change = parsers.command(
        below, (shared,), "set", "write a setting into your config file", "config set timezone Asia/Shanghai"
    )
    change.add_argument("name", choices=settings.NAMES, metavar="NAME", help=", ".join(settings.NAMES))
    change.add_argument("values", nargs="+", metavar="VALUE", help="its value; log_path may have several")
    drop = parsers.command(below, (shared,), "unset", "take a setting out of your config file", "config unset timezone")
    drop.add_argument("name", choices=settings.NAMES, metavar="NAME", help=", ".join(settings.NAMES))
    path = parsers.command(below, (shared,), "path", "print the config files that are looked for", "config path")
    for each in (change, drop):
        each.add_argument(
            "--system",
            dest="everybody",
            action="store_true",
            help=f"in the machine's config file, {settings.SYSTEM} (default: in your own)",
        )
    for each, run in ((show, _show), (change, _set), (drop, _unset), (path, _path)):
        each.set_defaults(run=run, data_dir="")  # which is not asked about, and a mistake in a config file is none here


def _show(_options: argparse.Namespace, output: Output, _data: Data) -> None:
    found = _found()
    rows: list[dict[str, Any]] = []
    for default in settings.DEFAULTS:
        value, origin = found.get(default.name, (default.built_in, settings.BUILT_IN))
        rows.append({"name": default.name, "value": value, "from": origin})
    if output.is_json:
        output.print_json(to_json(rows))
        return
    cells = [[each["name"], safe.cell(_text(each["value"])), safe.cell(str(each["from"]))] for each in rows]
    output.print_table((Column("Setting"), Column("Value", least=16), Column("From", rank=1)), cells)


def _found() -> dict[str, settings.Found]:
    try:
        return settings.found(os.environ)
    except settings.BadConfigError as mistake:
        raise failures.bad_config(mistake) from None


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _path(_options: argparse.Namespace, output: Output, _data: Data) -> None:
    paths = settings.config_files(os.environ)
    if output.is_json:
        output.print_json(to_json([{"path": path, "exists": os.path.exists(path)} for path in paths]))
        return
    for path in paths:
        output.tell(f"{safe.cell(path)}{'' if os.path.exists(path) else '  (not there)'}")


def _set(options: argparse.Namespace, output: Output, _data: Data) -> None:
    value = _typed(options.name, options.values)
    path, known = _file(options)
    _write(path, {**known, options.name: value})
    _told(output, path, options.name, value)
    over = settings.variable(options.name)
    if os.environ.get(over):
        output.complain(f"${over} is set, and goes before it")


def _typed(name: str, values: list[str]) -> settings.Value:
    """A setting as it was typed, in this folder.  Raises ``Failure``."""
    if len(values) > 1 and name not in settings.LISTS:
        raise Failure("bad_setting", f"{name} has one value", failures.USAGE)
    if name in settings.PATHS:
        values = [os.path.abspath(os.path.expanduser(value)) if value else value for value in values]
    try:
        value = settings.checked(name, values if name in settings.LISTS else values[0])
    except settings.BadSettingError as wrong:
        raise Failure("bad_setting", str(wrong), failures.USAGE) from None
    if name == settings.TIMEZONE.name:
        filters.zone(values[0])
    if name == settings.BASE_URL.name:
        parsers.base(values[0])
    if name == settings.OTLP.name:
        _check_destination(values[0])
    if name in (settings.SHIP.name, settings.GATEWAY.name):
        _check_shipping(name, values[0])
    return value


def _check_shipping(name: str, value: str) -> None:
    """Raises ``Failure`` for what is no store, or no name of a gateway there."""
    from session_monitor.shipping.clickhouse import stores  # noqa: PLC0415 -- few set it

    try:
        if name == settings.SHIP.name:
            stores.of(value, os.environ)
        else:
            stores.gateway_named(value)
    except stores.BadStoreError as mistake:
        raise Failure("bad_destination", str(mistake), failures.USAGE) from None


def _check_destination(address: str) -> None:
    """Raises ``Failure`` for what cannot be sent to; where it is a reference, it is looked up when main.py starts."""
    from session_monitor.outgoing import secrets  # noqa: PLC0415 -- few set it
    from session_monitor.shipping import destination  # noqa: PLC0415 -- as above

    if address == destination.FROM_ENVIRONMENT or secrets.is_reference(address):
        return
    try:
        destination.of(address, os.environ)
    except destination.BadDestinationError as mistake:
        raise Failure("bad_destination", str(mistake), failures.USAGE) from None


def _unset(options: argparse.Namespace, output: Output, _data: Data) -> None:
    path, known = _file(options)
    if options.name not in known:
        raise Failure("no_setting", f"{path} has no {options.name}", failures.NOT_FOUND)
    _write(path, {name: value for name, value in known.items() if name != options.name})
    _told(output, path, options.name, None)


def _told(output: Output, path: str, name: str, value: object) -> None:
    if output.is_json:
        output.print_json(to_json({"path": path, "name": name, "value": value}))
    else:
        output.tell(
            safe.cell(f"{name} is {_text(value)} now" if value else f"{name} is not set any more")
            + f": {safe.cell(path)}"
        )


def _file(options: argparse.Namespace) -> tuple[str, dict[str, settings.Value]]:
    """The config file that is meant, and what it says.  Raises ``Failure``."""
    path = settings.SYSTEM if options.everybody else settings.own_file(os.environ)
    if path is None:
        text = (
            f"there is no place for a config file of yours: set HOME, or ${settings.CONFIG}; --system has the machine's"
        )
        raise Failure("no_config", text)
    try:
        return path, settings.read(path)
    except settings.BadConfigError as mistake:
        raise failures.bad_config(mistake) from None


def _write(path: str, values: dict[str, settings.Value]) -> None:
    """Put a config file in its place; the machine's is for all to read."""
    text = json.dumps(values, ensure_ascii=False, indent=1) + "\n"
    try:
        if path != settings.SYSTEM:
            files.make_folder(os.path.dirname(path) or os.curdir)
        files.replace(path, text.encode(), 0o644 if path == settings.SYSTEM else files.PRIVATE_FILE)
    except OSError as error:
        what = f"{error.filename or path}: {error.strerror or error}. {problems.to_write(error)}"
        raise Failure("unwritable", what) from None
