"""Sessions in which something goes wrong, told as those of demo_log are: what the pages of findings are looked at with."""

from datetime import timedelta

from tests.tools.access_log.outer_line import iso_millis
from tests.tools.make_sample import Session

BIG = "\n".join(
    f"2026-11-20T08:{at // 60:02}:{at % 60:02}Z export-{at % 7} row {at} took {at * 37 % 900} ms" for at in range(900)
)
"""The whole of a log, some 12,000 tokens."""
LONG_SYSTEM = "You look after the nightly jobs. " + " ".join(
    f"Rule {number}: before job {number} is started again, read its last run and say what you expect."
    for number in range(1, 90)
)


def step(tool, result, answer="", **arguments):
    """What a turn calls, and what comes back."""
    return {"answer": answer, "calls": [{"name": tool, "arguments": arguments}], "result": result}


def told(steps, pause=4):
    """Turns as ``Session`` has them: what came back for one stands in the next."""
    results = []
    for each in steps:
        turn = {"ms": [700, 4200], **each}
        result = turn.pop("result", None)
        if results:
            turn = {"pause": pause, **turn, "results": results}
        results = [] if result is None else [result]
        yield turn


def loop():
    """An agent that asks the same again and again."""
    missing = "Error: ENOENT: no such file or directory, open 'src/checkout/price.ts'"
    yield {
        "user": "Round the totals of the cart to whole cents.",
        **step("list_files", "cart.ts\nclock.ts\ndiscount.ts", path="src/checkout"),
    }
    for _ in range(9):
        yield step("read_file", missing, "Let me read the file.", path="src/checkout/price.ts")
    yield {"answer": "The file is not there. Where are prices rounded?"}


def dated_system(end):
    """A system prompt that tells the time, so that nothing behind it is in the cache."""
    for number in range(12):
        moment = iso_millis(end - timedelta(minutes=50 - 2 * number))
        made = step("job_status", f'{{"job": {number}, "state": "done", "seconds": {number * 41}}}', job=number)
        user = {"user": "Go through the jobs of last night."} if not number else {}
        yield {**user, **made, "system": f"{LONG_SYSTEM}\nIt is now {moment}.", "cached": 0}
    yield {"answer": "All twelve jobs ran.", "cached": 0, "system": f"{LONG_SYSTEM}\nIt is now {iso_millis(end)}."}


def pauses():
    """Breaks that last longer than the cache is kept."""
    for number in range(5):
        user = {"user": f"Now the minutes of part {number + 1}, please."}
        yield {
            **user,
            "answer": f"Part {number + 1} is done: " + "three decisions, two open questions. " * 40,
            "pause": 400,
            "cached": 0,
        }


def big_result():
    """A whole log that is sent again with each call."""
    yield {"user": "Which exports were slow on Friday?", **step("read_file", BIG, path="logs/export.log")}
    for number in range(24):
        yield step(
            "query_metrics",
            f'{{"export": {number}, "p95": {number * 13}}}',
            "Let me look at the next one.",
            export=number,
        )
    yield {"answer": "Exports 3 and 5 waited for a lock."}


def lines(end):
    """(End of the call, its line) of all of them."""
    stories = (
        ("loop", "claude-sonnet-4-5", loop(), 20, "code-review"),
        ("dated-system", "gpt-5", dated_system(end), 50, "ops-bot"),
        ("pauses", "claude-opus-4-5", pauses(), 120, "docs-writer"),
        ("big-result", "claude-sonnet-4-5", big_result(), 240, "data-team"),
    )
    for number, (name, model, steps, minutes, consumer) in enumerate(stories):
        story = {
            "session_id": f"agent:demo:{name}",
            "model": model,
            "user_agent": "openclaw/2026.11.2 node/22.12.0",
            "consumer": consumer,
            "tool_definitions": 6000,
            "system": LONG_SYSTEM,
            "start": iso_millis(end - timedelta(minutes=minutes)),
            "turns": list(told(steps)),
        }
        yield from Session(500 + number, story).lines()
