"""Which value has a setting that no argument gives: that of the environment, that of a config file, or a built-in one?

The environment goes before the person's config file, and that before the machine's.  A config file is a JSON object, in
which nothing but these settings may stand::

    {"data_dir": "/var/lib/sessions", "log_path": ["/var/log/proxy/access.log"], "timezone": "Asia/Shanghai"}
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, MutableMapping
from typing import Any, Callable, Union

from . import mounts

PATHS = ("data_dir", "log_path")
"""Those that are paths: whole ones in a config file, which may be read from any folder; ``~`` is the person's home."""
LISTS = ("log_path",)
"""Those of several values; in the environment they are separated as paths are."""
CONFIG = "SESSION_MONITOR_CONFIG"
"""Names the only config file to be read, of which an empty name is none."""
_VARIABLE = "SESSION_MONITOR_"
SYSTEM = "/etc/agent-session-monitor.json"
"""The machine's config file."""

Value = Union[str, list[str]]
Found = tuple[Value, str]
"""A value, and where it was found: a variable's name or a file's path."""


class BadConfigError(ValueError):
    """A config file that cannot be used: the file, and what is wrong there."""


class BadSettingError(ValueError):
    """What no setting can be; the argument says what is wrong."""


class Default:
    """What stands for an option that was not given, until ``settle``: a setting's name, and the value where there is none."""

    def __init__(self, name: str, built_in: Value) -> None:
        self.name = name
        self.built_in = built_in

    @property
    def told(self) -> str:
        """In words, for a help text."""
        built_in = self.built_in if isinstance(self.built_in, str) else ", ".join(self.built_in)
        return f"${variable(self.name)}, or {built_in}"


DATA_DIR = Default("data_dir", "./sessions")
LOG_PATH = Default("log_path", ["/var/log/higress/access.log"])
TIMEZONE = Default("timezone", "local")
BASE_URL = Default("base_url", "http://localhost:8888")
OTLP = Default("otlp", "")
SHIP = Default("ship", "")
GATEWAY = Default("gateway", "")
DEFAULTS = (DATA_DIR, LOG_PATH, TIMEZONE, BASE_URL, OTLP, SHIP, GATEWAY)
NAMES = tuple(default.name for default in DEFAULTS)
"""All settings."""


def variable(name: str) -> str:
    """The variable of the environment that a setting has."""
    return _VARIABLE + name.upper()


def config_folder(environment: Mapping[str, str]) -> str | None:
    """The person's configuration folder (XDG Base Directory Specification); None without a home."""
    base = environment.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(base):  # the specification says to ignore it
        home = environment.get("HOME") or os.path.expanduser("~")
        if home == "~":  # of a user whom the system does not know
            return None
        base = os.path.join(home, ".config")
    return os.path.join(base, "agent-session-monitor")


def own_file(environment: Mapping[str, str]) -> str | None:
    """The person's config file, or the only one that is to count; None without a home, or where none is to count."""
    if CONFIG in environment:
        return environment[CONFIG] or None
    folder = config_folder(environment)
    return os.path.join(folder, "config.json") if folder else None


def config_files(environment: Mapping[str, str]) -> list[str]:
    """The config files that are looked for, the one that counts first before the other."""
    own = own_file(environment)
    return [*([own] if own else []), *([] if CONFIG in environment else [SYSTEM])]


def found(environment: Mapping[str, str]) -> dict[str, Found]:
    """The settings that the environment or a config file has.  Raises BadConfigError, or OSError where one cannot be read."""
    settings: dict[str, Found] = {}
    for path in reversed(config_files(environment)):
        with contextlib.suppress(PermissionError):  # a service that was started with somebody else's HOME; as git does
            settings.update((name, (value, path)) for name, value in read(path).items())
    for name in NAMES:
        text = environment.get(variable(name))
        if text:
            settings[name] = _split(name, text), variable(name)
    return settings


def _split(name: str, text: str) -> Value:
    return [each for each in text.split(os.pathsep) if each] if name in LISTS else text


def read(path: str) -> dict[str, Value]:
    """What one config file says; nothing where there is none.  Raises as ``found`` does."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except FileNotFoundError:
        return {}
    import json  # noqa: PLC0415 -- most have no config file

    try:
        document = json.loads(raw)
    except ValueError as error:
        raise BadConfigError(f"{path} is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadConfigError(f'{path}: must be an object, such as {{"data_dir": "/var/lib/sessions"}}')
    values: dict[str, Value] = {}
    for name, value in document.items():
        try:
            values[name] = checked(name, value)
        except BadSettingError as wrong:
            raise BadConfigError(f"{path}: {wrong}") from None
    return values


def checked(name: str, value: Any) -> Value:
    """The value of a setting as a config file may have it.  Raises BadSettingError."""
    if name not in NAMES:
        raise BadSettingError(f"{name!r} is no setting: there are {', '.join(NAMES)}")
    each = [value] if isinstance(value, str) else value if isinstance(value, list) and name in LISTS else []
    if not each or not all(isinstance(text, str) and text for text in each):
        raise BadSettingError(
            f"{name} must be {'a text, or a list of texts' if name in LISTS else 'a text'}, not empty"
        )
    if name in PATHS:
        each = [os.path.expanduser(path) for path in each]
        relative = next((path for path in each if not (os.path.isabs(path) or mounts.is_elsewhere(path))), None)
        if relative is not None:
            raise BadSettingError(
                f"{name}: {relative} must be a whole path, from / on: who reads it may be in any folder"
            )
    return each if name in LISTS else each[0]


BUILT_IN = "built in"


def settle(
    options: MutableMapping[str, Any],
    environment: Mapping[str, str],
    read: Callable[[Mapping[str, str]], dict[str, Found]] = found,
) -> dict[str, str]:
    """Put a value in the place of each ``Default``; returns for each of these options where its value was found.

    That is as in ``Found``, or ``BUILT_IN``.  Raises as ``found`` does, or ``read`` in its place.
    """
    open_ones = {option: value for option, value in options.items() if isinstance(value, Default)}
    settings = read(environment) if open_ones else {}
    origins = {}
    for option, default in open_ones.items():
        options[option], origins[option] = settings.get(default.name, (default.built_in, BUILT_IN))
    return origins
