"""Does a look see what the last one saw?

Most looks come when nothing was written.  To ask for the state of each folder and file tells that, where the last look
left nothing to do, and where the system's clock for files would show whatever came since.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .log_file import has_rested, state_of

if TYPE_CHECKING:
    from .tail import Look


def sees_the_same(last: Look, folders: Sequence[tuple[str, os.stat_result]]) -> bool:
    """Whether nothing has changed since that look, by what the folders of the logs are now."""
    if not _has_settled(last) or [(log, state_of(folder)) for log, folder in folders] != [
        (log, state_of(folder)) for log, folder in last.folders
    ]:
        return False
    try:
        return all(state_of(os.stat(place.path)) == last.states[place.path] for place in last.places)
    except OSError:
        return False


def _has_settled(look: Look) -> bool:
    """Whether it left nothing to do or to tell, and whatever changed since must show in a time."""
    if not look.complete or look.problems or look.unread or look.unfinished:
        return False
    if not look.folders or not all(has_rested(folder, look.began) for _, folder in look.folders):
        return False
    if any(place.is_former or place.path not in look.states for place in look.places):
        return False
    return all(file.rested or file.place.compressed for file in look.files)
