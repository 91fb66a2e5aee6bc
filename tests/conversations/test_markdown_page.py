"""How does a session read as Markdown, fit for an issue?"""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from session_monitor.base.timestamps import local_time
from session_monitor.conversations import markdown_page
from session_monitor.text import markdown, safe
from tests.support.rendered import COST, ROUND, ROW, SPENT

TEXT = st.text(st.one_of(st.characters(exclude_categories=[]), st.sampled_from("`~|<>&\\\n# -@![]()*_$")), max_size=80)
NASTY = "```\n</details>\n~~~\n# heading\n<script>alert(1)</script>\n| a | b |\n![x](http://x)\n@octocat\n    ````"


def written(row=(), *, with_messages=True, full=False, **entry):
    """A session with one round that differs from ``ROUND`` in these values."""
    rounds = [({**ROUND, **entry}, COST)]
    return "".join(markdown_page.pieces({**ROW, **dict(row)}, SPENT, rounds, messages=with_messages, full=full))


def outside(text):
    """The lines outside of fenced code; every fence closes."""
    lines, fence = [], None
    for line in text.split("\n"):
        ticks = re.fullmatch(r" {0,3}(`{3,})(?:text)?[ \t]*", line)
        if fence is None and ticks:
            fence = ticks[1]
        elif fence is not None and ticks and len(ticks[1]) >= len(fence) and not line.endswith("text"):
            fence = None
        elif fence is None:
            lines.append(line)
    assert fence is None
    return lines


def without_code(line):
    """What is left of a line without its code spans, by CommonMark's rule: between runs of as many backticks."""
    left = re.sub(r"(?<!`)(`+)(?!`)(.*?[^`])\1(?!`)", "", line)
    assert "`" not in left, line
    return left


def cells(line):
    """How many cells a line of a table has: every bar ends one, unless a backslash stands before it."""
    return len(re.findall(r"(?<!\\)\|", line)) - 1


def test_a_session_is_headings_a_table_and_code():
    """A heading, a small table of sums, and for each round a heading, its tokens and cost, and what was said as code."""
    result = {"role": "tool", "name": "f", "content": "15 degrees"}

    row = {"created_at": None, "models": ["gpt-4"]}
    text = written(row, timestamp=None, model="gpt-4", answer="Yes.", messages=[result])

    assert text.split("\n") == [
        "# Session `s`",
        "",
        "|  |  |",
        "| --- | --- |",
        "| Created | - |",
        "| Updated | - |",
        "| Models | `gpt-4` |",
        "| Rounds | 1 |",
        "| Input | 1,250 tokens |",
        "| Output | 800 tokens (150 reasoning) |",
        "| Total | 2,050 tokens |",
        "| Cost | `$0.00100` |",
        "",
        "### Round 1 · `gpt-4` · -",
        "",
        "250 in → 160 out · `$0.00100`",
        "",
        "<details><summary>Tool result · <code>f</code></summary>",
        "",
        "```text",
        "15 degrees",
        "```",
        "",
        "</details>",
        "",
        "**Answer**",
        "",
        "```text",
        "Yes.",
        "```",
        "",
    ]


def test_messages_may_be_left_out():
    """Without messages the prompts and results are not there, the question and the answer are."""
    entry = {"messages": [{"role": "system", "content": "Help."}], "question": "Hi?"}
    with_, without = (written(with_messages=each, **entry) for each in (True, False))

    assert "Help." in with_
    assert "Help." not in without
    assert "Hi?" in without


def test_long_texts_are_clipped_unless_all_is_wanted():
    """A long text says how much of it is missing; in full it is there, folded."""
    assert "… 4,400 more characters (`--full` has them)" in written(answer="x" * 5000)
    assert "<details><summary>Answer</summary>\n\n```text\n" + "x" * 5000 in written(answer="x" * 5000, full=True)


def test_a_round_without_content_says_so():
    """A call of which the log has nothing is told from one in which nothing was said."""
    assert "(the log holds no content of this call)" in written()
    assert "(the log holds no content" not in written(answer="x")


def test_how_a_round_ended_is_seen():
    """That a client left, what the log does not tell, and which conversation it is: each a line of our own words."""
    text = written(outcome="left", has_tool_calls=None, at_least=True, token_notes=["cut_short"], thread=2)

    assert text[text.index("### Round") :].split("\n") == [
        f"### Round 1 · {local_time(ROUND['timestamp'])} · conversation 2",
        "",
        "at least 250 in → 160 out · `at least $0.00100`",
        "",
        "Left: the client left before the end (it may have got everything)",
        "",
        "At least: the stream was cut short, and had told these tokens until then",
        "",
        "Tool calls: `the log does not tell`",
        "",
        "(the log holds no content of this call)",
        "",
    ]


@given(TEXT)
@example(NASTY)
def test_tools_that_only_a_later_round_tells_are_code(name):
    """Whatever a tool is called, its name makes no markup."""
    text = written(has_tool_calls=True, tools_called=[[name, 2]], answer="x")

    (line,) = [each for each in outside(text) if each.startswith("Tool calls:")]
    assert without_code(line) == "Tool calls: "


@given(TEXT, TEXT, st.booleans())
@example(NASTY, NASTY, False)
@example("\\|", "a|`b", True)
@example("`", " ` ", False)
def test_nothing_breaks_out(text, name, full):
    """Whatever was said, every fence closes behind it, every code span ends, every row has its cells, and no more."""
    call = {"id": name, "function": {"name": name, "arguments": text}}
    messages = [{"role": name, "content": text}, {"role": "tool", "name": name, "content": text}, {name: text}]
    more = {
        "tool_calls": [call, text],
        "error": text,
        "model": name,
        "cut": ["answer"],
        "undecoded": {"messages": text},
    }
    texts = dict.fromkeys(("question", "answer", "reasoning"), text)

    found = written({"session_id": name, "models": [name, text]}, full=full, **texts, messages=messages, **more)

    assert safe.clean(found, newlines=True) == found
    lines = outside(found)
    assert lines.count("</details>") == sum(line.startswith("<details>") for line in lines)
    for line in lines:
        if line.startswith("|"):
            assert cells(line) == 2
        elif line.startswith("<details>"):
            assert re.fullmatch(r"<details><summary>[A-Z][a-z ]+( · <code>[^<>]*</code>)?</summary>", line)
        else:
            assert re.fullmatch(r"(#{1,3} )?[\w ,.:+→·…*()/-]*", without_code(line).replace("</details>", ""))


@given(TEXT)
@example("a\\|b")
@example("`|`")
def test_a_cell_is_one_cell(text):
    """A text in a table has no bar that ends its cell, and reads as what it is."""
    cell = markdown.cell(text)

    assert cells(f"| {cell} |") == 1
    if "|" not in text:
        assert without_code(cell) == ""
    else:
        assert re.fullmatch(r"<code>[^|<>`]*</code>", cell)
