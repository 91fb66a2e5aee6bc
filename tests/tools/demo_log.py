"""Make a log that reads like a week of real work: what the screenshots of the pages and their tests are made of.

    python3 -m tests.tools.demo_log --end 2026-11-23T09:00:00Z > access.log

The texts are made up; ids, times and figures follow from a seed, so the same call gives the same bytes.
"""

import argparse
import random
import sys
from datetime import timedelta

from tests.tools import demo_faults
from tests.tools.access_log.outer_line import iso_millis
from tests.tools.gen_access_log import iso_time
from tests.tools.make_sample import Session

CONSUMERS = ("code-review", "support-desk", "ops-bot", "data-team", "docs-writer")
AGENTS = ("openclaw/2026.11.2 node/22.12.0", "python-openai/2.9.0", "anthropic-sdk/0.74.1")
MODELS = ("claude-sonnet-4-5", "gpt-5", "qwen3-max", "deepseek-chat", "claude-haiku-4-5", "gpt-5-mini")
SYSTEM = "You are a careful engineer's assistant. Look before you change anything, and say what you found."

PROMPTS = (
    "The checkout test fails every third run on CI. Find out why and fix it.",
    "Why did the nightly export take four hours instead of forty minutes?",
    "Summarise yesterday's incident for the status page, in three sentences.",
    "把这份会议纪要整理成待办事项，并标出负责人。",
    "Customer 20418 says the invoice shows the wrong VAT rate. What happened?",
    "Upgrade the HTTP client to version 4 and list what breaks.",
    "Which of our endpoints got slower since last Thursday?",
    "写一个脚本，把 logs 目录里超过 30 天的文件压缩归档。",
    "Draft release notes for 2.14 from the merged pull requests.",
    "Review the retry logic in src/billing/retry.ts for mistakes.",
    "Explain the difference between the two cache layers to a new colleague.",
    "查询北京天气，并给出未来三天的预报。",
    "Translate the onboarding page into German and keep the tone.",
    "How many support tickets mention the new login screen?",
)
FOLLOW_UPS = (
    "Good. Please add a test that would have caught it.",
    "Can you make the explanation shorter?",
    "What about the staging environment?",
    "Please also update the documentation.",
    "谢谢，再检查一遍有没有遗漏。",
    "Show me the change before you commit it.",
)
THOUGHTS = (
    (
        "The failure is not in the code under test: the two runs differ in the order in which the fixtures are made. I should "
        "look at how the clock is set before the cart is created, then run the test alone and in its file."
    ),
    (
        "Three services write to this table. The query plan changed when the row count passed the threshold of the index, so I "
        "need the plan from before and after."
    ),
    "The user wants a short answer. The main point is the timezone of the server, the rest can go into a note.",
    "先确认数据来源，再逐条核对负责人和截止日期，最后按优先级排序。",
)
STEPS = (
    (
        "read_file",
        {"path": "src/checkout/cart.spec.ts"},
        "it('keeps the discount', async () => {{\n  const cart = await makeCart({{ at: now() }});\n  clock.tick({n}_000);\n  expect(cart.total).toBe({n}.90);\n}});",
    ),
    (
        "run_command",
        {"command": "npx vitest run src/checkout --reporter=dot"},
        " RUN  v3.2.4\n\n ·····x···\n\n FAIL  src/checkout/cart.spec.ts > keeps the discount\nAssertionError: expected {n}.9 to be 0\n\n Tests  1 failed | 8 passed (9)\n Duration  {n}.31s",
    ),
    (
        "search_code",
        {"pattern": "Date.now\\(", "path": "src/"},
        "src/checkout/cart.ts:{n}:  const expires = Date.now() + TTL;\nsrc/checkout/discount.ts:17:  if (Date.now() > rule.until) return 0;\nsrc/lib/clock.ts:4:export const now = () => Date.now();",
    ),
    (
        "query_metrics",
        {"query": "histogram_quantile(0.95, rate(http_seconds_bucket[5m]))"},
        '{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{"route":"/export"}},"value":[1763,"{n}.4"]}}]}}}}',
    ),
    (
        "apply_patch",
        {
            "path": "src/checkout/discount.ts",
            "patch": "-  if (Date.now() > rule.until) return 0;\n+  if (clock.now() > rule.until) return 0;",
        },
        '{{"ok": true, "files": 1, "hunks": {n}}}',
    ),
    (
        "web_search",
        {"query": "vitest fake timers date.now order of fixtures"},
        "1. Fake timers | Vitest: vi.useFakeTimers() also mocks Date …\n2. Flaky tests and the clock: {n} patterns …",
    ),
    (
        "get_weather",
        {"location": "Beijing"},
        '{{"location":"Beijing","temperature":-{n},"weather":"晴","wind":"西北风 4 级","aqi":38}}',
    ),
)
FAILED_STEP = (
    "run_command",
    {"command": "docker compose up -d postgres"},
    "Error: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
)
ANSWERS = (
    (
        "I found it. The discount rule compares `Date.now()` with its end, but the test moves the fake clock only after the cart "
        "was made, so every third run crosses the end of the rule.\n\nWhat I changed:\n\n1. `discount.ts` asks the shared clock.\n"
        "2. The fixture sets the clock before it makes the cart.\n\nThe test passed 200 times in a row."
    ),
    (
        "The export waited for a lock that the cleanup job held from 02:10 to 05:25. Nothing is lost; I suggest to move the "
        "cleanup behind the export."
    ),
    (
        "Between 14:02 and 14:31 UTC some payments were declined although cards were valid. We switched to the second provider "
        "and no payment was taken twice."
    ),
    "待办事项：\n\n- 张伟：周五前完成支付回调的压测\n- 李娜：更新部署文档\n- 王磊：确认新机房的带宽报价",
    "Done. I added `keeps the discount when the clock moves` and checked that it fails without the fix.",
    (
        "Three endpoints got slower: `/export` (+310 ms), `/search` (+85 ms) and `/login` (+40 ms). All three began with the "
        "deployment of Thursday, 16:20."
    ),
)
NOW = 2  # sessions that have just begun
INTERIM = (
    "Let me look at the test first.",
    "I will run it to see the failure.",
    "That narrows it down.",
    "Now the change itself.",
    "",
)
SHOWN = (
    {"user": PROMPTS[0], "reasoning": THOUGHTS[0], "answer": INTERIM[0], "calls": [0], "n": 31},
    {"answer": INTERIM[1], "calls": [1], "n": 31},
    {"failure": "rate limit"},
    {"answer": INTERIM[2], "calls": [2], "n": 42},
    {
        "reasoning": "Two clocks: the rule asks Date.now(), the test moves a fake one.",
        "answer": INTERIM[3],
        "calls": [4],
        "n": 1,
    },
    {"answer": "Now the database, for the test with real fixtures.", "calls": [FAILED_STEP]},
    {"answer": "There is no Docker here; the unit tests are enough for this.", "calls": [1], "n": 90},
    {"answer": ANSWERS[0]},
    {"user": FOLLOW_UPS[0], "answer": "", "calls": [0], "n": 31},
    {"answer": INTERIM[3], "calls": [4], "n": 2},
    {"answer": ANSWERS[4]},
)
"""The session of the screenshots, turn by turn; it goes on by chance. Calls are places in STEPS."""


def shown_turns():
    """The turns of SHOWN as ``round_pages`` gives them."""
    for turn in SHOWN:
        if "user" in turn:
            yield {"user": turn["user"], "pause": 60 if turn is not SHOWN[0] else 0}
        made = {key: turn[key] for key in ("answer", "reasoning", "failure") if key in turn}
        for each in turn.get("calls", ()):
            name, arguments, result = STEPS[each] if isinstance(each, int) else each
            made.update(calls=[{"name": name, "arguments": arguments}], result=result.format(n=turn.get("n", 1)))
        yield made


def turns(rng, prompt, prompts, longest):
    """The turns of one conversation: prompts of a person, and the steps of tools that each takes."""
    for number in range(prompts):
        yield {"user": prompt if not number else rng.choice(FOLLOW_UPS), "pause": rng.uniform(20, 400) if number else 0}
        for _ in range(rng.randint(1, longest)):
            name, arguments, result = FAILED_STEP if rng.random() < 0.03 else rng.choice(STEPS)
            number_in_text = rng.randint(3, 90)
            calls = [{"name": name, "arguments": arguments}]
            text = result.format(n=number_in_text)
            if rng.random() < 0.35:
                text += "\n" + "\n".join(
                    f"  at step {at} (src/lib/run.ts:{at * 7})" for at in range(rng.randint(4, 30))
                )
            yield {"calls": calls, "answer": rng.choice(INTERIM), "result": text}
        yield {"answer": rng.choice(ANSWERS)}


def story(rng, number, start, length, model, session_id, first=()):
    """One session as make_sample.Session has it; ``first`` are turns that it begins with."""
    told, results, last = [], [], {}
    prompt = rng.choice(FOLLOW_UPS if first else PROMPTS)
    for turn in (*first, *turns(rng, prompt, max(1, length // 7), 8 if length > 30 else 5)):
        if "user" in turn:
            last = {"user": turn["user"], "pause": turn["pause"]}
            continue
        if results:
            last = {"results": results, "pause": rng.uniform(0.3, 6)}
        if "failure" in turn:
            told.append({**last, "ms": 900, "failure": turn["failure"]})
            last, results = {"pause": 4}, []
            continue
        made = {**last, "ms": [rng.randint(380, 2600), rng.randint(2800, 16000)], "answer": turn["answer"]}
        if "reasoning" in turn:
            made["reasoning"] = turn["reasoning"]
        elif not first and rng.random() < 0.3:
            made["reasoning"] = rng.choice(THOUGHTS)
        results = []
        if "calls" in turn:
            made["calls"] = turn["calls"]
            results = [turn["result"]]
        if rng.random() < 0.015:
            told.append({**last, "ms": 900, "failure": rng.choice(("rate limit", "no upstream"))})
            made = {**{key: value for key, value in made.items() if key not in ("user", "results")}, "pause": 4}
        if model.startswith("gpt") and rng.random() < 0.01 and number % 3 == 0:
            made["model"] = "gpt-5-mini"
        told.append(made)
        last = {}
    return {
        "session_id": session_id,
        "model": model,
        "user_agent": rng.choice(AGENTS),
        "consumer": CONSUMERS[number % len(CONSUMERS)],
        "tool_definitions": rng.randint(6000, 16000),
        "system": SYSTEM,
        "start": iso_millis(start),
        "turns": told,
    }


def session_id(rng, number):
    """Ids as different agents make them."""
    return (
        f"agent:main:discord:channel:14653679930{rng.randint(10**7, 10**8 - 1)}",
        f"agent:ops:telegram:group:-100{rng.randint(10**9, 10**10 - 1)}",
        f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-9{rng.getrandbits(12):03x}-{rng.getrandbits(48):012x}",
    )[number % 3]


def lines(end, days=7, sessions=60, seed=1, *, has_faults=False):
    """Every line, in the order in which the calls ended; where it ``has_faults`` also of sessions in which something goes wrong.

    When sessions start depends on the end, what happens in each does not.
    """
    found = []
    for number in range(sessions):
        rng = random.Random(f"start {number} of {seed}")
        # People work by day, and less at the weekend.
        start = end - timedelta(minutes=rng.randint(8, 30)) if number < NOW else end
        while number >= NOW and start >= end - timedelta(minutes=30):
            day = end - timedelta(days=rng.randint(0, days - 1))
            start = day.replace(
                hour=min(23, max(0, int(rng.gauss(13, 3.2)))), minute=rng.randint(0, 59), second=rng.randint(0, 59)
            )
            if day.weekday() >= 5 and rng.random() < 0.7:
                start = end
        rng = random.Random(f"story {number} of {seed}")
        length = int(rng.paretovariate(1.2) * 8)
        model = rng.choices(MODELS, (5, 4, 4, 3, 2, 2))[0]
        made = story(rng, number, start, min(length, 90), model, session_id(rng, number))
        found += Session(number, made).lines()
    shown = story(
        random.Random(seed),
        0,
        end - timedelta(minutes=24),
        46,
        "claude-sonnet-4-5",
        "agent:main:discord:channel:1465367993012981988",
        tuple(shown_turns()),
    )
    found += Session(999, shown).lines()
    found += demo_faults.lines(end) if has_faults else []
    return [line for moment, line in sorted(found) if moment <= end]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--end", default="2026-11-23T09:00:00Z", help="time of the last line")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", action="store_true", help="also sessions in which something goes wrong")
    options = parser.parse_args()
    end = iso_time(options.end)
    for line in lines(end, options.days, options.sessions, options.seed, has_faults=options.faults):
        sys.stdout.buffer.write(line)


if __name__ == "__main__":
    main()
