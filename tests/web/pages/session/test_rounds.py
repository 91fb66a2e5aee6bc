"""Rounds of a session in a real browser: as lines and opened, what was said and called, what that took."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from tests.support.browser import box_of, ingested, of_session
from tests.support.calls import line, message
from tests.support.page_logs import LONG, MARKUP, SESSION, WORD, at, tool_call, written
from tests.support.stored_rounds import keep, round_of


def test_only_what_is_new_is_shown_and_the_history_on_demand(demo, look, expect):
    """A round counts its new messages; those before them come when they are asked for."""
    page = look(demo, of_session(SESSION, "#r4")).page
    line_of_new = page.locator("#r4 .new-messages")

    expect(line_of_new).to_contain_text("new message")
    before = int(re.search(r"\((\d+) earlier", line_of_new.inner_text())[1])
    line_of_new.get_by_role("button", name="show").click()
    expect(page.locator("#r4 .history > .message")).to_have_count(before)
    line_of_new.get_by_role("button", name="hide").click()
    expect(page.locator("#r4 .history")).to_be_hidden()


def test_what_the_model_was_told_is_shown_where_it_changes(tmp_path, serve, look, expect):
    """Instructions beside the messages are folded, and not said again while they stay the same."""
    start = datetime.now(timezone.utc) - timedelta(minutes=1)
    told = ["Be brief.", "Be brief.", "Be thorough."]
    log = [
        line("s", ["hello"], start_time=at(start + timedelta(seconds=number)), system=system, answer="yes")
        for number, system in enumerate(told)
    ]
    folder = ingested(tmp_path / "sessions", written(tmp_path / "access.log", log))
    page = look(serve(folder), of_session("s")).page

    expect(page.locator("#r1 details.system")).to_contain_text("Be brief.")
    expect(page.locator("#r2 details.system")).to_have_count(0)
    expect(page.locator("#r3 details.system")).to_contain_text("Be thorough.")


def test_calls_stand_with_their_results(demo, look, expect):
    """A tool call says what came back, though the next call of the model brought it."""
    page = look(demo, of_session(LONG, "#r120")).page
    call = page.locator("#r120 details.call")

    expect(call.locator("summary")).to_contain_text("src/part120.py")
    expect(call.locator(".state")).to_have_text("done")
    assert not call.locator(".text").count()
    call.locator("summary").click()
    expect(call).to_contain_text("lines of part 120")


def test_what_an_agent_puts_around_a_question_is_folded(tmp_path, serve, look, expect):
    """One reads what a person asked; the reminders and contexts around it, in one text or in parts, open at a press."""
    reminder = "<system-reminder>Never mention this.</system-reminder>"
    parts = [{"type": "text", "text": reminder}, {"type": "text", "text": "And then?"}]
    call = {"role": "assistant", "content": None, "tool_calls": [tool_call(1)]}
    back = {"role": "tool", "tool_call_id": "c1", "content": "done"}
    rounds = [
        round_of(1, messages=[message(f"{reminder}\nWhat day is it?")], question="What day is it?", answer="Monday"),
        round_of(2, messages=[{"role": "user", "content": parts}], messages_from_history=1, question="And then?"),
        round_of(3, messages=[call, back, message(reminder)], messages_from_history=2),
    ]
    page = look(serve(keep(tmp_path / "sessions", "s", *rounds)), of_session("s")).page

    for number, asked in ((1, "What day is it?"), (2, "And then?")):
        article = page.locator(f"#r{number}")
        article.locator(".toggle").evaluate("button => button.ariaExpanded === 'true' || button.click()")
        expect(article.locator(".said.user .text")).to_have_text(asked)
        expect(article.locator("details.message summary")).to_contain_text("system-reminder")
        expect(page.locator(f'#rail a[href="#r{number}"] .prompt')).to_have_text(asked)
    expect(page.locator('#rail a[href="#r3"] .prompt')).to_have_count(0)


def test_reasoning_is_closed_and_errors_are_seen(tmp_path, serve, look, expect):
    """What a model thought is folded; a call that failed, and one whose tool failed, is not to be overlooked."""
    start = datetime.now(timezone.utc) - timedelta(minutes=2)
    call = tool_call(1, "run_command", command="make test")
    log = [
        line("s", ["do it"], start_time=at(start), reasoning="secret thoughts", answer="running", tool_calls=[call]),
        line(
            "s",
            start_time=at(start + timedelta(seconds=5)),
            messages=[
                message("do it"),
                {"role": "assistant", "content": "running", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c1", "content": "Error: no rule to make target"},
            ],
            code="503",
        ),
        line("s", ["do it"], start_time=at(start + timedelta(seconds=9)), answer="again", model="gpt-4o"),
    ]
    address = serve(ingested(tmp_path / "sessions", written(tmp_path / "access.log", log)))
    page = look(address, of_session("s")).page
    page.locator("#r1 .asked").click()
    page.locator("#r2 .toggle").click()
    reasoning = page.locator("#r1 details.reasoning")
    assert reasoning.get_attribute("open") is None
    reasoning.locator("summary").click()
    expect(reasoning.locator(".text")).to_have_text("secret thoughts")
    expect(page.locator("#r1 .call")).to_contain_text("no rule to make target")
    expect(page.locator("#r1 .call .state")).to_have_text("failed")
    expect(page.locator("#r2 .said.error")).to_contain_text("503")
    expect(page.locator("#r3 .chip.model")).to_contain_text("gpt-4o")
    assert page.locator(".growth .mark.error").count() == 2  # in the chart, and in what explains it
    assert page.locator(".growth .mark.model").count() == 2


def test_rounds_that_call_tools_are_lines(demo, look, expect):
    """A line tells what was said before the call, the tool, its argument, what came back, the new tokens and the cost.

    However much was said: 25 of them fit a usual window.
    """
    page = look(demo, of_session(LONG), size=(1366, 900)).page
    line_of = page.locator("#r2 .toggle")

    expect(line_of.locator(".did")).to_contain_text(
        re.compile(r"Step 2: looked at module.*read_file.*src/part2\.py", re.DOTALL)
    )
    assert line_of.locator(".result-size").inner_text() == str(len("lines of part 2"))
    assert line_of.locator(".added").inner_text() == "+600"
    assert line_of.locator(".line-cost").inner_text().startswith("$0.0")
    expect(page.locator("#r26 .asked")).to_contain_text("Please go on with part 2.")
    shown = page.locator(".round").evaluate_all(
        "rounds => rounds.filter((each) => each.getBoundingClientRect().bottom <= innerHeight).length"
    )
    assert shown >= 25
    assert page.locator(".round footer").count() == 0
    line_of.click()
    expect(page.locator("#r2 footer")).to_be_visible()
    expect(page.locator("#r2 .said.answer .text")).to_contain_text(
        "Step 2: looked at module 2 and found nothing odd. Step 2"
    )
    line_of.click()
    expect(page.locator("#r2 footer")).to_be_hidden()
    page.keyboard.press("e")
    assert page.locator(".round.is-open").count() == page.locator(".round").count()


def test_nothing_is_cut_that_would_say_something_else(demo, look, expect):
    """A sign says that the history was cut before a round that is a line; how often a result was sent again is whole."""
    for width in (768, 1366, 1600):
        page = look(demo, of_session(LONG), size=(width, 900)).page
        expect(page.locator(".context-marks .chip.compaction").first).to_be_attached()
        expect(page.locator(".big-list li").first).to_be_attached()
        cut = """[...document.querySelectorAll(".context-marks .chip, .big-list .what")]
            .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent)"""
        assert page.evaluate(cut) == [], width


def test_lines_on_a_phone_say_what_was_said_above_what_was_done(demo, look, expect):
    """Each takes two short lines, and nothing of it is cut but ends of texts; a link opens one, `j` marks the next one."""
    watched = look(demo, of_session(LONG, "#r30"), size=(375, 812))
    page = watched.page
    expect(page.locator("#r30.is-target .said.answer")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#r31.is-target .toggle")).to_have_attribute("aria-expanded", "false")
    said, called = (box_of(page.locator(f"#r31 .{name}")) for name in ("before", "called"))

    assert called["y"] >= said["y"] + said["height"] - 2
    heights = page.locator(".round:not(.is-open):not(:has(.asked))").evaluate_all(
        "rounds => rounds.map((each) => each.offsetHeight)"
    )
    assert len(heights) > 30
    assert max(heights) <= 48
    assert watched.overflow() <= 0


def test_answers_stay_open_and_calls_that_are_told_later_are_lines(tmp_path, serve, look, expect):
    """The answer without a call is shown in full; one whose calls only a later round tells is a line as others are."""
    long = "All of it is done. " * 40
    rounds = [
        round_of(1, answer=long, has_tool_calls=True, tools_called=[["run", 2], ["read", 1]]),
        round_of(2, answer=long),
    ]
    page = look(serve(keep(tmp_path / "sessions", "s", *rounds)), of_session("s")).page

    expect(page.locator("#r2 .said.answer")).to_be_visible()
    expect(page.locator("#r1.is-open")).to_have_count(0)
    assert page.locator("#r1 .called").inner_text().split() == ["run", "×2", "+1"]


MARKDOWN = """# Found it

It was **the** *clock* in `now()`, see [the guide](https://example.com/a?b=1) and [this](javascript:alert(1)).

1. first
   - inner <b>one</b>
2. second

| file | lines |
|------|-------|
| a.py | 3 |

```python
print("<script>alert(1)</script>")
```
> as said
"""


def test_answers_in_markdown(tmp_path, serve, look, expect):
    """Headings, lists, tables, code and links of an answer are such; markup is text, no link runs code, all is there as written."""
    folder = keep(tmp_path / "sessions", "s", round_of(1, answer=MARKDOWN))
    watched = look(serve(folder), of_session("s"), permissions=["clipboard-read", "clipboard-write"])
    page = watched.page
    text = page.locator("#r1 .said.answer .text")

    expect(text.locator(".heading")).to_have_text("Found it")
    expect(text.locator("ol > li")).to_have_count(2)
    expect(text.locator("ol > li ul > li")).to_have_text("inner <b>one</b>")
    expect(text.locator("td").first).to_have_text("a.py")
    expect(text.locator("em")).to_have_text("clock")
    expect(text.locator("blockquote")).to_have_text("as said")
    assert text.locator("a").evaluate_all("links => links.map((each) => [each.href, each.rel])") == [
        ["https://example.com/a?b=1", "noreferrer noopener"]
    ]
    expect(text).to_contain_text("[this](javascript:alert(1))")
    text.get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == 'print("<script>alert(1)</script>")'
    page.get_by_role("button", name="As written").click()
    assert text.evaluate("node => node.textContent") == MARKDOWN


def test_a_round_says_what_its_cost_rests_on(demo, look, expect):
    """What had to be assumed for a cost is said in words, with both sums where it could be the other way round."""
    page = look(demo, of_session(SESSION, "#r4")).page
    notes = page.locator("#r4 .cost-notes")

    expect(notes).to_contain_text("does not tell cache writes for an hour from those for five minutes")
    expect(page.locator(".facts .assumed").last).to_contain_text(re.compile(r"\$0\.\d+ as counted here; \$0\.\d+ if"))
    expect(notes).to_have_text(
        re.compile(r"\$0\.\d+ as counted here; \$0\.\d+ if what was written to the cache is kept for")
    )


def test_long_texts_are_clamped_and_fetched_on_demand(attacked, look, expect):
    """A text of a megabyte is not sent with its round; a press brings all of it and another folds it."""
    watched = look(attacked, of_session(MARKUP, "#r1"))
    page = watched.page
    expect(page.locator("#r1.is-target")).to_be_visible()
    assert sum(url.endswith("/api/session/text") for url in watched.asked) == 0

    answer = page.locator("#r1 .said.answer")
    assert len(answer.inner_text()) < 10_000
    answer.get_by_role("button", name="Show all").click()
    expect(answer.get_by_role("button", name="Show less")).to_be_visible()
    assert len(answer.locator(".text").evaluate("node => node.textContent")) > len(WORD)
    assert watched.overflow() <= 0
    answer.get_by_role("button", name="Show less").click()
    expect(answer.get_by_role("button", name="Show all")).to_be_visible()


def test_a_sub_agent_stands_below_the_round_that_began_it(tmp_path, serve, look, expect):
    """One line tells its rounds and what they cost, and leads to the first of them; also while the round is closed."""
    task = "Find every place that reads the wall clock."
    start = [{"role": "user", "content": task}]
    rounds = [
        round_of(1, tool_calls=[tool_call(1, "Task", prompt=task)]),
        round_of(2, messages=start, thread=2, history_of=0, tool_calls=[tool_call(2, "Grep", pattern="now")]),
        round_of(3, messages_from_history=1, thread=2, history_of=2, answer="Two places."),
    ]
    page = look(serve(keep(tmp_path / "sessions", "s", *rounds)), of_session("s")).page
    line_of = page.locator("#r1 .sub-agents a")

    expect(line_of).to_have_text(re.compile(r"Sub-agent\s+2 rounds\s*\$0\.00"))
    expect(page.locator("#r1.is-open")).to_have_count(0)
    line_of.click()
    expect(page.locator("#r2.is-target")).to_be_visible()
    page.locator("#r1 .toggle").click()
    expect(line_of).to_be_visible()
    expect(page.locator(".sub-agents")).to_have_count(1)


def test_a_task_that_was_handed_on_is_no_question_of_a_person(tmp_path, serve, look, expect):
    """The first round of a sub-agent says whose task it is: above it, in it, and in the rail, which counts it as no question."""
    task = "Find every place that reads the wall clock."
    said = [{"role": "user", "content": "What tells the time here?"}]
    rounds = [
        round_of(1, messages=said, tool_calls=[tool_call(1, "Task", prompt=task)]),
        round_of(2, messages=[{"role": "user", "content": task}], thread=2, history_of=0, answer="Two places."),
    ]
    page = look(serve(keep(tmp_path / "sessions", "s", *rounds)), of_session("s")).page

    expect(page.locator("#rail")).to_contain_text("1 question")
    expect(page.locator('#rail a[href="#r2"]')).to_have_attribute("title", re.compile("^Sub-agent's task · Find every"))
    expect(page.locator("#r2.is-open .said.user h3")).to_have_text("Sub-agent's task", use_inner_text=True)
    page.locator("#r2 .toggle").click()
    expect(page.locator("#r2 > .asked")).to_contain_text("Sub-agent's task", use_inner_text=True)
    expect(page.locator("#r1 > .asked")).not_to_contain_text("Sub-agent's task", use_inner_text=True)
