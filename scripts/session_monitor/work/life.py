"""How does a piece of work begin, which one is meant, and how does it end?

Git, which may take its time, is asked before anybody else has to wait.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from session_monitor.base import timestamps

from . import changes, piece, work_file
from .piece import Changes, Piece
from .work_file import FolderWork


class ActiveError(Exception):
    """There is work under way in this place already: ``pieces``."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self.pieces = pieces


class NoWorkError(LookupError):
    """No work is under way here, or none is called so: ``wanted`` is what was meant, ``others`` is under way elsewhere."""

    def __init__(self, wanted: str | None, others: Sequence[Piece]) -> None:
        super().__init__(wanted)
        self.wanted = wanted
        self.others = others


class SeveralError(LookupError):
    """Several pieces of work may be meant."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self.pieces = pieces


def begin(
    folder: str,
    name: str,
    cwd: str,
    *,
    now: int,
    session_id: str | None = None,
    resume: bool = False,
    parallel: bool = False,
    stale: Collection[str] = (),
) -> tuple[Piece, bool]:
    """Begin work of this name in a place; returns it, and whether it was under way before.

    Its calls are in a new session, or in ``session_id``.  Where other work is under way in the same place, that is refused with
    ``ActiveError`` unless it is meant to go on beside (``parallel``), or this very name is to be gone on with (``resume``);
    what is ``stale`` (by the ids of sessions) is in nobody's way: it ends.  Raises also ``WorkMistakeError`` and ``OSError``.
    """
    name, cwd = piece.checked_name(name), os.path.realpath(cwd)
    begun_in = changes.beginning(cwd)
    scope = cwd if begun_in is None else begun_in.root
    given_up = {each.session_id: _changes(each) for each in work_file.read(folder).under_way(scope)}
    with work_file.changing(folder) as pieces:
        for each in pieces.under_way(scope):
            if each.session_id in stale:
                pieces.put(_ended(each, given_up.get(each.session_id), now, is_stale=True))
        active = pieces.under_way(scope)
        same = [each for each in active if each.name == name]
        if resume and same:
            return same[-1], True
        taken = session_id is not None and session_id in pieces.by_id
        if taken or (active and not parallel):
            raise ActiveError([pieces.by_id[session_id]] if taken and session_id else active)
        made = Piece(
            *(session_id or piece.new_id(name, now, pieces.by_id), name, timestamps.rfc3339(now), cwd),
            begun_in=begun_in,
        )
        pieces.put(made)
    return made, False


def meant(
    pieces: FolderWork, wanted: str | None, cwd: str, environment: Mapping[str, str], own: Sequence[str] = ()
) -> Piece:
    """The piece of work that somebody means, by its session's id, a part of one or its name; else the one that they are in.

    That is the one whose session one of the variables ``own`` of the environment names, or the only one that is under way in
    this folder.  Raises ``NoWorkError`` and ``SeveralError``.
    """
    if wanted is not None:
        return _called(pieces, wanted)
    named = next((environment[name] for name in own if environment.get(name)), None)
    if named in pieces.by_id and pieces.by_id[named].is_under_way:
        return pieces.by_id[named]
    here = at_work_in(pieces, cwd)
    if len(here) > 1:
        raise SeveralError(here)
    if not here:
        raise NoWorkError(None, pieces.under_way())
    return here[0]


def _called(pieces: FolderWork, wanted: str) -> Piece:
    if wanted in pieces.by_id:
        return pieces.by_id[wanted]
    for some in (pieces.under_way(), list(pieces.by_id.values())):
        found = [each for each in some if wanted in each.session_id or wanted == each.name]
        if len(found) > 1:
            raise SeveralError(found)
        if found:
            return found[0]
    raise NoWorkError(wanted, pieces.under_way())


def at_work_in(pieces: FolderWork, cwd: str) -> list[Piece]:
    """What is under way in this folder: of those whose place it is in, the innermost ones."""
    cwd = os.path.realpath(cwd)
    around = [each for each in pieces.under_way() if (cwd + os.sep).startswith(each.scope.rstrip(os.sep) + os.sep)]
    innermost = max((len(each.scope) for each in around), default=0)
    return [each for each in around if len(each.scope) == innermost]


def end(folder: str, session_id: str, now: int, note: str | None = None, *, is_stale: bool = False) -> Piece:
    """End a piece of work, with what became of its files; one that has ended stays as it is.

    Raises ``NoWorkError`` where there is none with this id, ``WorkMistakeError`` and ``OSError``.
    """
    note = None if note is None else piece.checked_note(note)
    known = work_file.read(folder).by_id.get(session_id)
    found = None if known is None or not known.is_under_way else _changes(known)
    with work_file.changing(folder) as pieces:
        each = pieces.by_id.get(session_id)
        if each is None:
            raise NoWorkError(session_id, pieces.under_way())
        if each.is_under_way:
            each = _ended(each, found, now, is_stale=is_stale)._replace(note=note)
            pieces.put(each)
    return each


def _changes(each: Piece) -> Changes | None:
    return None if each.begun_in is None else changes.since(each.begun_in, each.started)


def _ended(each: Piece, found: Changes | None, now: int, *, is_stale: bool) -> Piece:
    """What is compared with at an end is not needed behind it."""
    begun = each.begun_in and each.begun_in._replace(dirty=None)
    return each._replace(ended=timestamps.rfc3339(now), changes=found, begun_in=begun, is_stale=is_stale)


def so_far(each: Piece) -> Piece:
    """The same with what became of its files until now, where it is under way."""
    return each._replace(changes=_changes(each)) if each.is_under_way else each
