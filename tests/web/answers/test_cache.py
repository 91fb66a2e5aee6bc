"""Which answers are remembered."""

from __future__ import annotations

from web.answers.cache import Cache, Kept
from web.server.exchange import AnswerBody


def test_a_cache_forgets_what_was_asked_for_longest_ago():
    """Its size is bounded in bytes; what does not fit at all is not kept."""
    cache = Cache(100)
    for name in "abcd":
        cache.put(name, Kept(AnswerBody(b"x" * 25), 1, 0.0, 0.0))
    assert cache.get("a")
    cache.put("e", Kept(AnswerBody(b"x" * 25), 1, 0.0, 0.0))
    cache.put("large", Kept(AnswerBody(b"x" * 26), 1, 0.0, 0.0))
    cache.put("e", Kept(AnswerBody(b"y" * 5), 2, 0.0, 0.0))

    assert [name for name in "abcde" if cache.get(name)] == ["a", "c", "d", "e"]
    assert cache.get("e").state == 2
    assert cache.get("large") is None
    assert cache._size == 80
