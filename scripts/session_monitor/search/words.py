"""Which words does somebody look for, and where do they stand in a text?

SQLite's FTS5 tells words apart: letters and digits in a row, in any case and with or without accents.  What is written
without spaces between words (Chinese, Japanese, Korean, Thai, …) is taken letter by letter, so that any part of it is
found; both texts and queries are spaced out for that.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

TOKENIZER = "unicode61"
"""As all versions of FTS5 have it; ``remove_diacritics 2`` came with SQLite 3.27."""

WIDTH = 160
"""Characters of an excerpt."""
_LEAD = 50
"""Characters of them before the first word that was looked for."""
MOST = 32
"""Words that are looked for at a time: each is looked for in every text that is shown, and takes its time to get ready."""
_LONGEST = 24
"""So far from where it should be an excerpt may begin or end in order not to cut a word."""
_LOOK = 200_000
"""Characters of a text in which places are looked for."""
_PLACES = 50
"""Places of one word that are looked at."""

_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_ALONE}]+")
_LETTER = rf"(?![{_ALONE}])(?:[^\W_]|[\u0300-\u036f])"
_TOKEN = re.compile(rf"(?![\W_])[{_ALONE}]|[^\W_](?:{_LETTER})*")
_PIECE = re.compile(rf"[{_ALONE}]+|[^\W_](?:{_LETTER})*")
_WORD = re.compile(r'["“”]([^"“”]*)["“”](\*?)|([^\s"“”]+)')


class Word(NamedTuple):
    """What is looked for: a word, or several that follow each other; of the last one perhaps only the beginning."""

    text: str
    is_beginning: bool = False

    @property
    def may_go_on(self) -> bool:
        """Whether a longer word could begin like this, which is not found."""
        return not (self.is_beginning or _RUN.search(self.text))


def words(text: str) -> tuple[Word, ...]:
    """What a person looks for: words, ``"words in this order"``, ``beginning*``; what holds no letter or digit is none."""
    wanted = []
    for quoted, star, plain in _WORD.findall(text.replace("\0", " ")):
        if _TOKEN.search(quoted or plain):
            wanted.append(Word(quoted or plain, bool(star) or plain.endswith("*")))
    return tuple(dict.fromkeys(wanted))


def are_too_many(wanted: Iterable[Word]) -> bool:
    """Whether these are more than ``MOST``: words in quotes, and parts of one such as ``a-b``, count one by one.

    What is written without spaces between words counts as one, since it takes no longer.
    """
    return sum(len(_PIECE.findall(word.text)) for word in wanted) > MOST


def match(wanted: Iterable[Word], column: str | None = None) -> str:
    """The FTS5 query for texts with all of these words, in one column or wherever.

    Each word is a string to FTS5, in which nothing is syntax, and is told apart there as the texts are.
    """
    phrases = " ".join(f'"{spaced(word.text)}"{"*" if word.is_beginning else ""}' for word in wanted)
    return f"{column} : ({phrases})" if column and phrases else phrases or '""'


def spaced(text: str) -> str:
    """The text as it is indexed."""
    if text.isascii():
        return text
    apart = _RUN.sub(lambda run: f" {' '.join(run[0])} ", unicodedata.normalize("NFC", text))
    return apart.encode("utf-8", "replace").decode()  # half a surrogate pair, which JSON may hold, has no UTF-8


# -- excerpts ----------------------------------------------------------------------------------------------------------


Place = tuple[int, int, int]
"""Where a word stands: first character, the one behind the last; and which of the words it is."""


class Excerpt(NamedTuple):
    """A part of a text, on one line, with the spans of it in which words were found; of how many words."""

    text: str
    matches: list[tuple[int, int]]
    words: int


class Finder:
    """One Finder knows some words and finds them in texts, much as FTS5 does."""

    def __init__(self, wanted: Iterable[Word]) -> None:
        """Of a query's words."""
        self._patterns = [re.compile(_pattern(word)) for word in wanted]

    def excerpt(self, text: str) -> Excerpt:
        """The part of a text in which most of the words stand close together; its beginning where none is found."""
        text = unicodedata.normalize("NFC", text)
        matches = self._places(text[:_LOOK])
        first, last = _closest(matches)
        start = _edge(text, max(0, first - _LEAD), -1)
        end = _edge(text, min(len(text), max(start + WIDTH, last)), 1)
        part = " ".join(text[start:end].split())
        shown = ("…" if start else "") + part + ("…" if end < len(text) else "")
        places = self._places(shown)
        return Excerpt(shown, list(_joined(places)), len({word for _, _, word in matches}))

    def _places(self, text: str) -> list[Place]:
        """Where words stand, in order."""
        lowered = text.lower()
        text = lowered if len(lowered) == len(text) else text
        return sorted(
            (*place.span(), number)
            for number, pattern in enumerate(self._patterns)
            for place in itertools.islice(pattern.finditer(text), _PLACES)
        )


def _pattern(word: Word) -> str:
    """An expression for what FTS5 takes for this word, in lower case."""
    tokens = _TOKEN.findall(unicodedata.normalize("NFC", word.text).lower())
    parts = [
        token if _RUN.match(token) else f"(?<!{_LETTER}){''.join(map(_variants, token))}(?!{_LETTER})"
        for token in tokens
    ]
    if word.is_beginning:
        parts[-1] = parts[-1].replace(f"(?!{_LETTER})", f"(?:{_LETTER})*")
    return r"[\W_]*".join(parts)


def _variants(char: str) -> str:
    """A letter with and without accents."""
    plain = unicodedata.normalize("NFD", char)[0]
    return f"[{plain}{_accented().get(plain, '')}]" if plain.isascii() else char


@functools.lru_cache(1)
def _accented() -> dict[str, str]:
    """For each letter those that are the same but for an accent."""
    accented: dict[str, str] = {}
    for char in map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))):
        parts = unicodedata.normalize("NFD", char)
        if len(parts) == 2 and parts[0].islower():
            accented[parts[0]] = accented.get(parts[0], "") + char
    return accented


def _closest(places: Sequence[Place]) -> tuple[int, int]:
    """Where the first place begins and ends that has most of the words within an excerpt; 0 where there is none."""
    best, most = (0, 0), 0
    for at, (start, end, _) in enumerate(places):
        behind = start + WIDTH - _LEAD
        near = {word for begins, _, word in itertools.islice(places, at, at + _PLACES) if begins < behind}
        if len(near) > most:
            best, most = (start, end), len(near)
    return best


def _edge(text: str, at: int, step: int) -> int:
    """The nearest place in this direction that is not within a word."""
    place = at
    for _ in range(_LONGEST):
        if not (0 < place < len(text) and _is_letter(text[place - 1]) and _is_letter(text[place])):
            return place
        place += step
    return at


def _is_letter(char: str) -> bool:
    return char.isalnum() and not _RUN.match(char)


def _joined(places: Iterable[Place]) -> Iterator[tuple[int, int]]:
    """The spans without overlaps."""
    behind = 0
    for start, end, _ in places:
        if end > behind:
            yield max(start, behind), end
            behind = end
