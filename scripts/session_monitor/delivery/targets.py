"""Who is to be told?  As .alerts.json of the data folder says, with the mistakes in it as values.

That file has others' parts too, which stay as they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from session_monitor.base import data_folder, files
from session_monitor.outgoing import networks, secrets
from session_monitor.text import safe

from . import receivers
from .receivers import KindOption

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_HEADER = re.compile(r"[\x21-\x7e]+")
_EXAMPLE = '{"name": "phone", "kind": "ntfy", "topic": "env:NTFY_TOPIC"}'


class BadTargetError(ValueError):
    """A target that cannot be one; the argument says why, and what to do, without any secret."""


class BadAlertsFileError(ValueError):
    """A file that cannot be read, and so not be changed either; the argument says why."""


class Target(NamedTuple):
    """One receiver that is to be told; its options are as the file has them, secrets perhaps only by where they are."""

    name: str
    kind: str
    options: Mapping[str, Any]

    def __repr__(self) -> str:
        """Without the options, in which secrets may stand."""
        return f"Target({self.name!r}, {self.kind!r})"

    @property
    def receiver(self) -> receivers.Receiver:
        """What its kind has."""
        return receivers.all_kinds()[self.kind]

    def option(self, name: str) -> Any:
        """An option's value, or what stands for it where there is none."""
        of_kind = self.receiver.options.get(name)
        return self.options.get(name, of_kind.default if of_kind else None)

    def shown(self) -> dict[str, Any]:
        """Its options as they may be shown: secrets cut, and of a program's words, in which some may stand, the first."""
        kinds = self.receiver.options
        shown = {name: secrets.shown(value) if kinds[name].secret else value for name, value in self.options.items()}
        argv = shown.get("argv", [])
        return {**shown, "argv": [argv[0], "…"]} if len(argv) > 1 else shown

    def where(self) -> str:
        """In short, where it is told."""
        if self.kind == "command":
            return str(self.options["argv"][0])
        if self.kind == "email":
            return f"{', '.join(self.options['to'])} by {self.options['host']}"
        option = self.receiver.options["url"]
        value = str(self.option("url"))
        return secrets.shown(value) if option.secret else secrets.place(value)

    def to_json(self) -> dict[str, Any]:
        """As a program is answered: where it is told, and its options, with no secret in either."""
        return {"name": self.name, "kind": self.kind, "where": self.where(), "options": self.shown()}

    def resolved(self, environment: Mapping[str, str]) -> Target:
        """The same with the secrets themselves.  Raises NoSecretError, and BadTargetError where one cannot be what it is for."""
        options = dict(self.options)
        for name, option in self.receiver.options.items():
            if option.secret and name in options:
                options[name] = secrets.resolved(options[name], environment)
                if option.form == "url":
                    _check_url(name, options[name], is_http_allowed=bool(options.get("allow_http")))
                elif name in ("token", "topic") and not _HEADER.fullmatch(options[name]):
                    raise BadTargetError(
                        f"{name} has characters that none can have: see what {self.options_origin(name)}"
                    )
        return self._replace(options=options)

    def options_origin(self, name: str) -> str:
        """Where the value of an option stands, in words."""
        value = self.options[name]
        return f"{secrets.shown(value)} says" if secrets.is_reference(value) else "was typed"

    def typed_secrets(self) -> list[str]:
        """The options whose secrets stand in the file as they are."""
        kinds = self.receiver.options
        return [name for name, value in self.options.items() if kinds[name].secret and not secrets.is_reference(value)]

    def known_secrets(self) -> list[str]:
        """All that must not be told, of one with its secrets."""
        kinds = self.receiver.options
        return [value for name, value in self.options.items() if kinds[name].secret]


class Targets(NamedTuple):
    """Who is to be told, in the file's order, and what is wrong there.

    ``unusable`` are the names of those with a mistake, who are told once that is mended.
    """

    targets: list[Target]
    mistakes: list[str]
    unusable: tuple[str, ...] = ()

    def named(self, name: str) -> Target | None:
        """The one of this name; None where there is none."""
        return next((target for target in self.targets if target.name == name), None)


# -- the file ----------------------------------------------------------------------------------------------------------


def file_of(folder: str) -> str:
    """The file of a data folder that says who is to be told."""
    return os.path.join(folder, data_folder.ALERTS)


def read(folder: str) -> Targets:
    """What the file says; nothing where there is none.  What is wrong with it, or with one of them, is among the mistakes."""
    try:
        rows = rows_of(document(folder))
    except BadAlertsFileError as mistake:
        return Targets([], [str(mistake)])
    found: list[Target] = []
    unusable: list[str] = []
    mistakes = []
    for number, row in enumerate(rows, 1):
        try:
            target = of_row(row)
        except BadTargetError as mistake:
            mistakes.append(f"{_called(row, number)}: {mistake}")
            unusable += [row["name"]] if isinstance(row, Mapping) and _is_name(row.get("name")) else []
            continue
        if any(target.name == other.name for other in found):
            mistakes.append(f"{_called(row, number)}: there is one of this name before it; it does not count")
        else:
            found.append(target)
    named = {target.name for target in found}
    return Targets(found, mistakes, tuple(name for name in dict.fromkeys(unusable) if name not in named))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _called(row: Any, number: int) -> str:
    name = row.get("name") if isinstance(row, Mapping) else None
    return f"target {safe.cell(name[:40])}" if isinstance(name, str) and name else f"target {number}"


def document(folder: str) -> dict[str, Any]:
    """What the file holds; nothing where there is none.  Raises BadAlertsFileError."""
    path = file_of(folder)
    try:
        with files.reading(path) as file:
            found = json.loads(file.read())
    except FileNotFoundError:
        return {}
    except files.OddFileError as odd:
        raise BadAlertsFileError(str(odd)) from None
    except OSError as error:
        raise BadAlertsFileError(f"{path}: {error.strerror}. See that this user may read it") from None
    except (ValueError, RecursionError) as error:  # json's says where, and nothing of what stands there
        raise BadAlertsFileError(f"{path} is no JSON: {error}. Correct it there, or take the file away") from None
    if not isinstance(found, dict):
        raise BadAlertsFileError(f'{path}: must be an object, such as {{"targets": [{_EXAMPLE}]}}')
    return found


def rows_of(found: Mapping[str, Any]) -> list[Any]:
    """Its rows of who is to be told.  Raises BadAlertsFileError."""
    rows = found.get("targets", [])
    if not isinstance(rows, list):
        raise BadAlertsFileError(f"{data_folder.ALERTS}: targets must be a list, such as [{_EXAMPLE}]")
    return rows


def add(folder: str, target: Target) -> bool:
    """Put a target into the file, in the place of one of the same name; whether there was one.

    Raises BadAlertsFileError where the file cannot be changed, and ``OSError``.
    """
    rows = rows_of(document(folder))
    row = {"name": target.name, "kind": target.kind, **target.options}
    places = [place for place, each in enumerate(rows) if _is_named(each, target.name)]
    if places:
        rows = [row if place == places[0] else each for place, each in enumerate(rows) if place not in places[1:]]
    else:
        rows = [*rows, row]
    replace_part(folder, "targets", rows)
    return bool(places)


def remove(folder: str, name: str) -> bool:
    """Take a target out of the file, also one with a mistake; whether there was one.  Raises as ``add`` does."""
    rows = rows_of(document(folder))
    kept = [row for row in rows if not _is_named(row, name)]
    if len(kept) == len(rows):
        return False
    replace_part(folder, "targets", kept)
    return True


def _is_named(row: Any, name: str) -> bool:
    return isinstance(row, Mapping) and row.get("name") == name


def replace_part(folder: str, part: str, value: Any) -> None:
    """Put one part of the file in its place, and keep the others as they are.  Raises as ``add`` does."""
    path = file_of(folder)
    changed = {"schema_version": 1, **document(folder), part: value}
    text = json.dumps(changed, ensure_ascii=False, indent=1) + "\n"
    files.replace(path, text.encode(errors="surrogateescape"))
    os.chmod(path, files.PRIVATE_FILE)  # also in a folder that is shared with a group: secrets are not


# -- one of them, typed or in the file -------------------------------------------------------------------------------------------------------


def kinds() -> tuple[str, ...]:
    """Every kind that a target may be of."""
    return tuple(receivers.all_kinds())


def of_words(name: str, kind: str, words: Sequence[str]) -> Target:
    """The target that somebody typed, each option as ``name=value``.  Raises BadTargetError."""
    known = receivers.all_kinds()[kind].options
    row: dict[str, Any] = {"name": name, "kind": kind}
    for word in words:
        key, separator, value = word.partition("=")
        if not separator:
            raise BadTargetError(f"options are typed as name=value; {kind} has {', '.join(known)}")
        row[key] = _typed(known[key], value) if key in known else value
    return of_row(row)


def _typed(option: KindOption, value: str) -> Any:
    if option.form == "flag":
        return {"true": True, "false": False}.get(value.lower(), value)
    if option.form == "port":
        return int(value) if value.isdecimal() and value.isascii() else value
    if option.form == "addresses":
        return re.split(r"[,\s]+", value.strip(", "))
    if option.form == "words":
        import shlex  # noqa: PLC0415 -- few targets are programs

        try:
            return shlex.split(value)
        except ValueError:
            raise BadTargetError(f"{option.name} has a quotation mark that does not end") from None
    return value


def of_row(row: Any) -> Target:
    """The target that a row of the file is.  Raises BadTargetError."""
    if not isinstance(row, Mapping):
        raise BadTargetError(f"must be an object, such as {_EXAMPLE}")
    name, kind = row.get("name"), row.get("kind")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadTargetError("name must be 1 to 40 letters, digits, _ or -")
    kinds = receivers.all_kinds()
    if not isinstance(kind, str) or kind not in kinds:
        raise BadTargetError(f"kind must be one of {', '.join(kinds)}")
    known = kinds[kind].options
    options = {key: value for key, value in row.items() if key not in ("name", "kind")}
    strange = next((key for key in options if key not in known), None)
    if strange is not None:
        raise BadTargetError(f"{safe.cell(str(strange)[:40])} is no option of {kind}: there are {', '.join(known)}")
    lacking = [option.name for option in known.values() if option.required and option.name not in options]
    if lacking:
        raise BadTargetError(f"{kind} needs {' and '.join(lacking)}")
    for key, value in options.items():
        _check(known[key], value, is_http_allowed=bool(options.get("allow_http")))
    if kind == "email":
        _check_mail(options)
    return Target(name, kind, options)


def _check(option: KindOption, value: Any, *, is_http_allowed: bool) -> None:
    name = option.name
    if option.form == "flag":
        if not isinstance(value, bool):
            raise BadTargetError(f"{name} must be true or false")
    elif option.form == "port":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 16:
            raise BadTargetError(f"{name} must be a number from 1 to 65535")
    elif option.form in ("words", "addresses"):
        if not isinstance(value, list) or not value or not all(_is_text(each) for each in value):
            raise BadTargetError(f"{name} must be a list of texts, not empty")
    elif not _is_text(value):
        raise BadTargetError(f"{name} must be a text on one line, not empty")
    elif option.form == "choice" and value not in option.choices:
        raise BadTargetError(f"{name} must be one of {', '.join(option.choices)}")
    elif option.form == "url" and not (option.secret and secrets.is_reference(value)):
        _check_url(name, value, is_http_allowed=is_http_allowed)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and not re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", value)


def _check_url(name: str, value: str, *, is_http_allowed: bool) -> None:
    """Raises BadTargetError, which has nothing of the address in it, as that may be secret."""
    mistake = networks.mistake_in(value, is_http_allowed=is_http_allowed)
    if mistake:
        raise BadTargetError(f"{name} {mistake}{_ADVICE.get(mistake, '')}")


_ADVICE = {networks.HAS_USER: ": use token, or another address", networks.IS_OPEN: ", or allow_http=true"}


def _check_mail(options: Mapping[str, Any]) -> None:
    addresses: Sequence[Any] = [options["from"], *options["to"]]
    if not all("@" in each for each in addresses):
        raise BadTargetError("from and to must be addresses such as ops@example.com")
    if ("user" in options) != ("password" in options):
        raise BadTargetError("user and password go together")
    safe_way = options.get("security") != "none" or options.get("allow_http") or networks.is_private(options["host"])
    if "password" in options and not safe_way:
        raise BadTargetError(
            "a password would go over the network as anybody can read it: use security=starttls or tls"
        )
