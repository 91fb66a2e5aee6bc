"""How is a file read that lies beside the code that uses it, also where that code lies in a zip file?"""

from __future__ import annotations

import json
import os
from typing import Any


def beside(module: str, name: str) -> Any:
    """What the JSON file of this name holds, in the folder of the module whose ``__file__`` is given."""
    return json.loads(content(os.path.join(os.path.dirname(module), name)))


def content(path: str) -> bytes:
    """What a file beside the code holds.  Raises OSError."""
    loader: Any = __spec__.loader
    return loader.get_data(_as_loaded(path))  # type: ignore[no-any-return]


def names_below(folder: str) -> list[str]:
    """The files in a folder beside the code, as ``shared/dom.js``: by their folders below this one."""
    archive = _archive()
    if archive is None:
        paths = (os.path.join(within, name) for within, _, names in os.walk(folder) for name in names)
        return sorted(os.path.relpath(path, folder).replace(os.sep, "/") for path in paths)
    import zipfile  # noqa: PLC0415 -- a folder needs none

    above = os.path.relpath(folder, archive).replace(os.sep, "/") + "/"
    with zipfile.ZipFile(archive) as file:
        names = file.namelist()
    return sorted(name[len(above) :] for name in names if name.startswith(above) and not name.endswith("/"))


def _archive() -> str | None:
    """The zip file that this code was loaded from."""
    return getattr(__spec__.loader, "archive", None)


def _as_loaded(path: str) -> str:
    """The same path beginning as the zip file's own does, by which alone its loader knows it."""
    archive = _archive()
    return path if archive is None else os.path.join(archive, os.path.relpath(path, archive))
