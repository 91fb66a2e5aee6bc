"""What stands in a file of a data folder that people may write: a JSON object of a version that is known?"""

from __future__ import annotations

import json
import os
from typing import Any

from . import files
from .files import MistakeInFileError


def read(path: str, schema: int, kind: type[MistakeInFileError]) -> dict[str, Any] | None:
    """The object, whose ``schema_version`` is this one; None where there is no file.

    Raises a mistake of this kind for anything else, and ``OSError`` where it cannot be read.
    """
    try:
        with files.reading(path) as file:
            text = file.read()
    except FileNotFoundError:
        return None
    except files.OddFileError as odd:
        raise kind(str(odd)) from None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise mistake(path, f"this is no JSON: {error}", kind) from None
    if not isinstance(document, dict) or document.get("schema_version") != schema:
        raise mistake(path, f"schema_version must be {schema}: this version knows no other", kind)
    return document


def asked(path: str, schema: int, kind: type[MistakeInFileError]) -> dict[str, Any] | None:
    """The same where a file that cannot be read is a mistake in it as well."""
    try:
        return read(path, schema, kind)
    except OSError as error:
        raise kind(f"{path}: {error.strerror or error}. See that this user may read it") from None


def mistake(path: str, text: str, kind: type[MistakeInFileError]) -> MistakeInFileError:
    """What says where something is wrong in it, and what to do."""
    return kind(f"{path}: {text}. Correct it there, or take the file away")


def stamp(path: str) -> tuple[int, int, int] | None:
    """Changes when the file does; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
