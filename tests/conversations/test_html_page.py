"""How does a session read as one HTML file that needs nothing else?"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from session_monitor.conversations import html_page
from session_monitor.text import safe
from tests.support.rendered import COST, ROUND, ROW, SPENT, TEXT

NASTY = "</div></details></style></title><script>alert(1)</script><img src=x onerror=alert(1)><!-- ]]> &lt; '\""
VOID = {"meta"}
OURS = {
    "html": {"lang": "en"},
    "head": {},
    "title": {},
    "style": {},
    "body": {},
    "main": {},
    "h1": {"dir": "auto"},
    "h2": {},
    "h3": {},
    "table": {},
    "tr": {},
    "th": {"scope": "row"},
    "td": {},
    "p": {},
    "bdi": {},
    "summary": {},
    "div": {"class": "text", "dir": "auto"},
}
"""The elements without a varying attribute, with their attributes."""
KINDS = {"failed", "message", "result", "question", "reasoning", "answer", "call"}


class Page(HTMLParser):
    """Reads a page, and says what is not ours."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.texts, self.foreign, self.open, self.ids = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("details", "section"):
            is_ours = attributes.keys() == {"class"} and attributes["class"] in KINDS
        elif tag == "article":
            is_ours = attributes.keys() == {"id"} and re.fullmatch(r"r\d+", attributes["id"])
            self.ids.append(attributes.get("id"))
        elif tag == "a":
            is_ours = attributes.keys() == {"href"} and re.fullmatch(r"#r\d+", attributes["href"])
        elif tag == "meta":
            is_ours = attributes.keys() <= {"charset", "name", "http-equiv", "content"}
        else:
            is_ours = OURS.get(tag) == attributes
        if not is_ours:
            self.foreign.append((tag, attrs))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.foreign.append(f"/{tag}")

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        self.foreign.append(data)

    def handle_pi(self, data):
        self.foreign.append(data)

    def unknown_decl(self, data):
        self.foreign.append(data)


def page(row=(), *, with_messages=True, full=False, **entry):
    """The text of a page of one round that differs from ``ROUND`` in these values."""
    rounds = [({**ROUND, **entry}, COST)]
    return "".join(html_page.pieces({**ROW, **dict(row)}, SPENT, rounds, messages=with_messages, full=full))


def test_a_page_has_its_sums_and_rounds():
    """The sums stand in a table, each round under an anchor of its own, its thoughts and results folded."""
    result = {"role": "tool", "name": "f", "content": "15 degrees"}
    text = page(round=14, model="gpt-4", question="Hi?", answer="Yes.", reasoning="Hm.", messages=[result])

    assert text.startswith("<!doctype html>\n")
    assert '<tr><th scope="row">Total</th><td>2,050 tokens</td></tr>' in text
    assert '<article id="r14">\n<h2><a href="#r14">Round 14</a> · <bdi>gpt-4</bdi> · ' in text
    for kind, told in (
        ("result", "Tool result · <bdi>f</bdi> · 10 characters"),
        ("reasoning", "Reasoning · 3 characters"),
    ):
        assert f'<details class="{kind}">\n<summary>{told}</summary>\n<div class="text" dir="auto">' in text
    for kind, label, said in (("question", "Question", "Hi?"), ("answer", "Answer", "Yes.")):
        section = f'<section class="{kind}">\n<h3>{label}</h3>\n<div class="text" dir="auto">{said}</div>\n</section>'
        assert section in text
    assert Page(text).foreign == []
    assert Page(text).open == []


def test_a_page_needs_nothing_else():
    """It forbids all but its own style, has no script, no event, and names no place but its own rounds."""
    text = page(answer="x")

    assert """content="default-src 'none'; style-src 'unsafe-inline'">""" in text
    assert not re.search(r"<script|<link|<img|<iframe|\bon\w+=|url\(|@import|https?:|//", text)
    assert set(re.findall(r'(?:href|src)="([^"]*)"', text)) == {"#r1"}
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_messages_and_long_texts():
    """Messages may be left out, long texts are clipped, and in full they are folded."""
    prompt = [{"role": "system", "content": "Help."}]

    assert "Help." in page(messages=prompt)
    assert "Help." not in page(messages=prompt, with_messages=False)
    assert "<p>… 4,400 more characters (--full has them)</p>" in page(answer="x" * 5000)
    assert "<summary>Answer · 5,000 characters</summary>" in page(answer="x" * 5000, full=True)
    assert "(the log holds no content of this call)" in page()


def test_a_page_comes_in_pieces():
    """A huge session is written as it is read: no piece holds more than a round."""
    taken = []

    def rounds():
        for number in range(1, 4):
            taken.append(number)
            yield {**ROUND, "round": number}, COST

    pieces = html_page.pieces(ROW, SPENT, rounds(), messages=True, full=False)
    while not taken:
        piece = next(pieces)

    assert taken == [1]
    assert piece.count("<article") == 1


def test_how_a_round_ended_is_seen():
    """That a client left, what the log does not tell, and which conversation it is: each in words of our own."""
    text = page(outcome="left", has_tool_calls=None, at_least=True, token_notes=["cut_short"], thread=2)

    assert " · conversation 2</h2>\n<p>at least 250 in → 160 out · at least $0.00100</p>\n" in text
    assert "<p>Left: the client left before the end (it may have got everything)</p>" in text
    assert "<p>At least: the stream was cut short, and had told these tokens until then</p>" in text
    assert "<p>Tool calls: the log does not tell</p>" in text
    assert Page(text).foreign == []


@given(TEXT)
@example(NASTY)
def test_tools_that_only_a_later_round_tells_are_text(name):
    """Whatever a tool is called, its name makes no element."""
    read = Page(page(has_tool_calls=True, tools_called=[[name, 2]]))

    assert read.foreign == []
    assert f"Tool calls: Yes ({safe.cell(name)} ×2, as a later round tells)" in "".join(read.texts)


@given(st.one_of(TEXT, st.text("<>&\"'/!-[]abc= \n", max_size=60)), TEXT, st.booleans())
@example(NASTY, NASTY, True)
def test_nothing_breaks_out(text, name, full):
    """Whatever was said, no element and no attribute comes of it; it is all there, as text, its controls visible."""
    call = {"id": name, "function": {"name": name, "arguments": text}}
    messages = [{"role": name, "content": text}, {"role": "tool", "name": name, "content": text}, {name: text}]
    more = {"tool_calls": [call, text], "error": text, "model": name, "cut": [text], "undecoded": {"messages": text}}
    texts = dict.fromkeys(("question", "answer", "reasoning"), text)

    found = page({"session_id": name, "models": [name, text]}, full=full, **texts, messages=messages, **more)

    read = Page(found)
    assert read.foreign == []
    assert read.open == []
    assert read.ids == ["r1"]
    assert safe.clean(found, newlines=True) == found
    if full or len(text) < 600:
        assert safe.clean(text, newlines=True) in "".join(read.texts)


def test_a_long_text_tells_how_long_it_is():
    """Where it is clipped it is said how much is left out; folded, how much there is in all, whether shown or not."""
    texts = {"reasoning": "x" * 5000, "answer": "y" * 700}
    clipped, whole = page(**texts), page(full=True, **texts)

    assert "<summary>Reasoning · 5,000 characters</summary>" in clipped
    assert "<p>… 4,400 more characters (--full has them)</p>" in clipped
    assert "<p>… 100 more characters (--full has them)</p>" in clipped
    assert "<summary>Reasoning · 5,000 characters</summary>" in whole
    assert "more character" not in whole
