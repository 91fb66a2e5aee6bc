"""The events of a stream are the same however its bytes come apart, and all bytes are there again."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.proxy import injection
from session_monitor.proxy.protocols.events import StreamEvent, StreamEvents, data_of

texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=8)
ends = st.sampled_from(["\n", "\r\n", "\r"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | st.just('"usage": null, '),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(texts | st.just("usage"), each, max_size=3),
    max_leaves=6,
)


@st.composite
def streams(draw):
    """Events as they are sent, with what data each has."""
    end = draw(ends)
    told = []
    for _ in range(draw(st.integers(0, 5))):
        data = draw(st.lists(texts, min_size=1, max_size=3))
        blank = draw(st.sampled_from(["", " "]))
        lines = [f"event: x{end}", f": comment{end}", *(f"data:{blank}{line}{end}" for line in data)]
        told.append(
            ("".join(lines) + end, "\n".join(line[1:] if not blank and line.startswith(" ") else line for line in data))
        )
    return told


@given(streams(), st.data())
def test_events_come_out_whole(told, data):
    """However the network cuts it."""
    stream = "".join(raw for raw, _ in told).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    events = StreamEvents()

    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)]):
        found += events.feed(stream[start:end])
    found += events.end()

    assert b"".join(each.raw for each in found) == stream
    assert [each.data.decode() for each in found if each.data or each.raw.strip()] == [each for _, each in told]


@given(st.dictionaries(texts, values, max_size=4), st.integers(0, 4), st.booleans())
def test_a_null_that_was_asked_for_goes_without_a_trace(chunk, place, dense):
    """The chunk is what it would have been without the question, whatever else it says of usage."""
    chunk.pop("usage", None)
    chunk.setdefault("choices", [{"index": 0}])
    members = list(chunk.items())
    asked = dict([*members[:place], ("usage", None), *members[place:]])
    separators = (",", ":") if dense else None
    event = f"data: {json.dumps(asked, separators=separators)}\n\n".encode()
    plain = f"data: {json.dumps(chunk, separators=separators)}\n\n".encode()

    assert injection.without_usage([StreamEvent(event, data_of(event))]) == plain


def test_what_goes_and_what_stays():
    """The chunk with tokens alone goes; tokens beside choices stay, and all that is no chunk."""

    def left(text):
        raw = f"data: {text}\n\n".encode()
        return injection.without_usage([StreamEvent(raw, data_of(raw))])

    assert left('{"choices": [], "usage": {"total_tokens": 1}}') == b""
    for text in ('{"choices": [{}], "usage": {"total_tokens": 1}}', '{"usage": ', '["usage"]', '"usage"', "[DONE]"):
        assert left(text) == f"data: {text}\n\n".encode()
