"""Sessions of agents that are well, of many kinds, made up from a seed; and such in which something went wrong at a round.

They are scripts (``scripted_sessions``).  The provider caches as its rules say, prompts are as long as those of real agents.
"""

from __future__ import annotations

import random

WORDS = (
    *(
        "checkout",
        "cart",
        "discount",
        "price",
        "invoice",
        "export",
        "clock",
        "order",
        "tax",
        "stock",
        "queue",
        "worker",
    ),
    *("retry", "index", "schema", "user", "token", "page", "report", "filter", "parser", "cache", "router", "form"),
    *("field", "button", "layout", "theme", "search", "result", "score", "rank", "label", "batch", "event"),
)
_FORMS = ("openai", "openai", "anthropic", "anthropic", "responses")


def script(seed):
    """The kind and the script of a healthy session."""
    seeded = random.Random(seed)
    kind = seeded.choice(tuple(KINDS))
    made = {"form": seeded.choice(_FORMS), "unseen": seeded.choice((1500, 6000, 12_000, 25_000))}
    if seeded.random() < 0.6:
        made["system"] = "You are a careful agent. " + _text(seeded, 30, 200)
    if seeded.random() < 0.2:
        made["consumer"] = seeded.choice(("team-a", "team-b"))
    made.update(KINDS[kind](seeded, made))
    return kind, made


def with_fault(seed):
    """A healthy session of an agent that works with tools, in which something goes wrong: what, its first round, the script."""
    seeded = random.Random(seed)
    made = {"form": seeded.choice(_FORMS), "unseen": 12_000, "system": "You are a careful agent."}
    steps = list(_work(seeded, seeded.randint(3, 12)))
    fault = seeded.choice(tuple(FAULTS))
    first = 1 + seeded.randint(1, len(steps))
    before = [_question(seeded, steps[0]), *steps[1:]][: first - 1]
    return fault, first, {**made, "steps": [*before, *FAULTS[fault](seeded), *_work(seeded, 3), _done(seeded)]}


# -- pieces ------------------------------------------------------------------------------------------------------------


def _text(seeded, least, most):
    return " ".join(seeded.choice(WORDS) for _ in range(seeded.randint(least, most)))


def _path(seeded):
    return f"src/{seeded.choice(WORDS)}/{seeded.choice(WORDS)}_{seeded.randrange(1000)}.py"


def _question(seeded, step=None):
    return {**(step or {}), "user": f"Please look at the {_text(seeded, 4, 60)}."}


def _done(seeded):
    return {"say": f"Done: {_text(seeded, 5, 80)}."}


def _ask(name, arguments, result, **more):
    return {"ask": [[name, arguments]], "get": [result], **more}


def _read(seeded):
    return _ask("read_file", {"path": _path(seeded)}, _text(seeded, 20, 300))


def _edit(seeded):
    return _ask(
        "edit_file",
        {"path": _path(seeded), "old": _text(seeded, 3, 9), "new": _text(seeded, 3, 9)},
        "The file was edited.",
    )


def _search(seeded):
    found = _text(seeded, 0, 60) if seeded.random() < 0.6 else "No matches found"
    return _ask("grep", {"pattern": _text(seeded, 1, 2), "path": "src"}, found)


def _failing(seeded):
    path = _path(seeded)
    return _ask("read_file", {"path": path}, f"Error: no such file: {path}")


def _shell(seeded):
    return _ask(
        "bash",
        {"command": f"python {_path(seeded)}"},
        f"[{{time}}] {_text(seeded, 5, 200)} in 0.{seeded.randrange(100)}s",
    )


def _work(seeded, steps):
    """Steps of an agent that gets ahead; now and then it does something twice, or fails twice in a row."""
    while steps > 0:
        chance = seeded.random()
        step = seeded.choice((_read, _read, _edit, _search, _shell))(seeded)
        if chance < 0.05:
            yield step
            steps -= 1
        elif chance < 0.1:
            step = _failing(seeded)
        elif chance < 0.2:
            others = [_read(seeded) for _ in range(seeded.randint(1, 4))]
            step = {"ask": [each["ask"][0] for each in others], "get": [each["get"][0] for each in others]}
        yield {**step, "wait": seeded.choice((1, 2, 5, 20))}
        steps -= 1


def _turns(seeded, turns, steps):
    for _ in range(turns):
        first, *others = [*_work(seeded, seeded.randint(1, steps)), _done(seeded)]
        yield _question(seeded, first)
        yield from others


# -- kinds -------------------------------------------------------------------------------------------------------------


def _coding(seeded, _made):
    return {"steps": list(_turns(seeded, seeded.randint(1, 5), 12))}


def _chat(seeded, _made):
    steps = [
        {**_question(seeded), "say": f"It is {_text(seeded, 5, 150)}.", "wait": seeded.choice((10, 40, 200))}
        for _ in range(seeded.randint(1, 15))
    ]
    return {"steps": steps, "unseen": 0}


def _polling(seeded, _made):
    step = seeded.choice(
        (
            _ask("get_build_status", {"build": seeded.randrange(999)}, '{"status": "running"}'),
            _ask("bash", {"command": f"sleep 60 && gh run view {seeded.randrange(999)}"}, "in progress"),
            _ask("write_stdin", {"session_id": 4, "chars": ""}, ""),
            _ask("list_new_messages", {"channel": "ops"}, "[]"),
        )
    )
    waits = {"times": seeded.randint(3, 15), "steps": [{**step, "wait": seeded.choice((5, 60, 250))}]}
    return {"steps": [_question(seeded, _shell(seeded)), waits, *_work(seeded, 3), _done(seeded)]}


def _paging(seeded, _made):
    name, argument = seeded.choice((("list_orders", "cursor"), ("search_issues", "page"), ("read_file", "offset")))
    page = _ask(name, {argument: "{n}00", "limit": 100}, seeded.choice(("[]", "page {n} " + _text(seeded, 20, 100))))
    return {
        "steps": [_question(seeded, _read(seeded)), {"times": seeded.randint(3, 20), "steps": [page]}, _done(seeded)]
    }


def _batch(seeded, _made):
    each = _ask("update_item", {"id": "{uuid}", "state": "done"}, '{"ok": true}')
    return {
        "steps": [_question(seeded, _read(seeded)), {"times": seeded.randint(3, 25), "steps": [each]}, _done(seeded)]
    }


def _test_and_fix(seeded, _made):
    said = seeded.choice(("{n} of 20 passed", "1 failed"))
    fails = f'{{"exit_code": 1, "output": "{said}"}}'
    fix = _ask("edit_file", {"path": _path(seeded), "new": "{n}"}, "The file was edited.")
    rounds = {"times": seeded.randint(2, 10), "steps": [_ask("run_tests", {}, fails), fix]}
    return {"steps": [_question(seeded, _read(seeded)), rounds, _ask("run_tests", {}, "all passed"), _done(seeded)]}


def _heartbeat(seeded, _made):
    look = _ask("list_tasks", {}, "nothing to do")
    beat = {"user": "HEARTBEAT: is there anything to do?", "wait": seeded.choice((300, 1800)), **look}
    return {"steps": [{"times": seeded.randint(2, 15), "steps": [beat, {"say": "HEARTBEAT_OK"}]}]}


def _long_task(seeded, _made):
    return {"steps": [_question(seeded, _read(seeded)), *_work(seeded, 100), _done(seeded)], "unseen": 6000}


def _untold_cache(seeded, _made):
    model = seeded.choice(("qwen3-max", "deepseek-chat", "gemini-2.5-pro"))
    return {"form": "openai", "cache": "untold", "model": model, **_coding(seeded, _made)}


def _cold_starts(seeded, _made):
    return {"steps": [{**step, **({"wait": 9000} if "user" in step else {})} for step in _turns(seeded, 4, 4)]}


def _fallback(seeded, made):
    other = "claude-haiku-4-5" if made["form"] == "anthropic" else "gpt-5-mini"
    steps = list(_turns(seeded, 2, 8))
    at = seeded.randint(1, len(steps) - 1)
    refused = [{"status": seeded.choice((429, 503, 529)), "wait": 1} for _ in range(seeded.randint(1, 3))]
    while at < len(steps) - 1 and "user" in steps[at]:
        at += 1
    if "user" in steps[at]:
        return {"steps": steps}
    return {"steps": [*steps[:at], *refused, {**steps[at], "model": other}, *steps[at + 1 :]]}


def _retries(seeded, _made):
    steps = []
    for step in _turns(seeded, 2, 8):
        if "user" not in step and seeded.random() < 0.2:
            steps += [{"status": 429, "wait": 1 + at} for at in range(seeded.randint(1, 3))]
        steps.append(step)
    return {"steps": steps}


def _compaction(seeded, _made):
    keep = seeded.choice((0, 2))
    cut = {"compact": f"So far: {_text(seeded, 40, 120)}", "keep": keep}
    return {"steps": [_question(seeded, _read(seeded)), *_work(seeded, 25), cut, *_work(seeded, 10), _done(seeded)]}


def _sub_agents(seeded, _made):
    steps, names = [_question(seeded, _read(seeded))], ("a", "b", "c")[: seeded.randint(1, 3)]
    look = _read(seeded)  # they begin with a look at the same file
    steps += [
        {**look, "thread": name, "user": f"Part {name}: {_text(seeded, 5, 20)}", "beside": True} for name in names
    ]
    for _ in range(seeded.randint(1, 5)):
        steps += [{**step, "thread": name, "beside": True} for name in names for step in list(_work(seeded, 1))[:1]]
    steps += [{"thread": name, "say": f"Seen: {_text(seeded, 4, 20)}"} for name in names]
    return {"steps": [*steps, *_work(seeded, 3), _done(seeded)]}


def _not_streamed(seeded, _made):
    return {"form": "anthropic", "steps": [{**step, "untold": True} for step in _turns(seeded, 2, 8)]}


KINDS = {
    "coding agent": _coding,
    "chat": _chat,
    "polling": _polling,
    "paging": _paging,
    "one tool for many things": _batch,
    "tests and fixes": _test_and_fix,
    "heartbeat": _heartbeat,
    "a hundred rounds": _long_task,
    "cache not reported": _untold_cache,
    "cold starts": _cold_starts,
    "fallback to another model": _fallback,
    "retries of an SDK": _retries,
    "compaction": _compaction,
    "sub-agents": _sub_agents,
    "answers not logged": _not_streamed,
}


# -- faults ------------------------------------------------------------------------------------------------------------


def _loop(seeded):
    return [{"times": seeded.randint(3, 9), "steps": [_read(seeded)]}]


def _same_error(seeded):
    text = f"Error: {_text(seeded, 4, 12)}"
    return [{"times": seeded.randint(3, 7), "steps": [_ask("bash", {"command": "make {n}"}, text)]}]


def _cycle(seeded):
    return [{"times": seeded.randint(3, 5), "steps": [_read(seeded) for _ in range(seeded.randint(2, 4))]}]


def _storm(seeded):
    return [{"times": seeded.randint(4, 9), "steps": [{"status": seeded.choice((429, 500, 503)), "wait": 2}]}]


def _monologue(seeded):
    return [{"times": seeded.randint(4, 6), "steps": [{"say": f"I will go on with the {_text(seeded, 3, 9)}."}]}]


def _silence(seeded):
    return [{"times": seeded.randint(2, 4), "steps": [{"out": seeded.randrange(4)}]}]


FAULTS = {
    "repeat_call": _loop,
    "repeat_error": _same_error,
    "cycle": _cycle,
    "retry_storm": _storm,
    "monologue": _monologue,
    "no_answer": _silence,
}
