"""Calls as a store would keep them, one after the other."""

from __future__ import annotations

from session_monitor.sessions import file_names, message_history, session_file, threads
from session_monitor.sessions.record import entry_of
from session_monitor.sessions.summary import Summary


def entries_of(calls, *, is_whole=False):
    """The rounds as a store would number and shorten them; ``is_whole`` as one that keeps all messages with each."""
    return list(_stored(Summary(), calls, is_whole=is_whole))


def summary_of(calls):
    """What these calls add up to."""
    summary = Summary()
    for entry in _stored(summary, calls):
        assert summary.messages_count == entry["round"]
    return summary


def _stored(summary, calls, *, is_whole=False):
    for number, (each, log) in enumerate(calls, 1):
        shared, place, placed = 0, threads.ThreadPlace(), None
        if each.messages:
            texts = message_history.encoded(each.messages)
            placed = threads.place_of(summary.history, summary.threads, each, texts, is_whole=is_whole)
            shared, place = placed.shared, placed.place
        facts, rest = entry_of(each, number, log, shared, place)
        if placed:
            conversation = placed.conversation(facts)
            summary.history = message_history.latest(summary.history, conversation)
        summary.add(facts, log)
        summary.heard(each.chat_round, facts)
        yield {**facts, "messages": each.messages[shared:], **rest}


# -- rounds that are written by hand -----------------------------------------------------------------------------------

_REST = ("question", "answer", "reasoning", "tool_calls", "input_token_details", "output_token_details", "reported")
_REST_WHERE_THERE = ("token_notes", "system", "undecoded", "error", "session_from", "restyled")


def round_of(number, **words):
    """A stored round, usual but for these words; its time is as many seconds behind half past nine as its number says."""
    tokens = {"input_tokens": 100 * number, "output_tokens": 20, "reasoning_tokens": 0, "cached_tokens": 0}
    if "no_tokens" in words or "answered_by" in words:
        tokens = dict.fromkeys(tokens, 0)
    usual = {
        "round": number,
        "timestamp": f"2026-02-01T09:{30 + number // 60}:{number % 60:02}Z",
        **tokens,
        "total_tokens": tokens["input_tokens"] + tokens["output_tokens"],
        "model": "gpt-4o",
        "has_tool_calls": False,
        "response_type": "stream",
        "outcome": "ok",
        "messages": [{"role": "user", "content": f"message {number}"}],
        **dict.fromkeys(("question", "answer", "reasoning")),
        "tool_calls": [],
        **{word: {} for word in _REST[4:]},
        "reported": {"cached_tokens": 0},
    }
    messages = {"messages_total": words.get("messages_from_history", 0) + len(words.get("messages", usual["messages"]))}
    return {**usual, **messages, **words}


def keep(folder, session_id, *rounds):
    """The folder, with a session file that holds these rounds, as a store would have written them."""
    folder.mkdir(exist_ok=True)
    summary, lines = Summary(), []
    for number, entry in enumerate(rounds):
        log = ("by hand", number * 100, number * 100 + 100)
        rest = {word: entry[word] for word in (*_REST, *_REST_WHERE_THERE) if word in entry}
        facts = {word: value for word, value in entry.items() if word not in rest and word != "messages"}
        messages = message_history.encoded(entry["messages"])
        lines.append(session_file.round_line(facts, messages, {**rest, "log": log}))
        summary.add(facts, log)
    head, body = session_file.header(session_id), b"".join(lines)
    end = session_file.footer(summary, len(head), body)
    (folder / file_names.file_name(session_id)).write_bytes(head + body + end)
    return folder


def rounds_of_size(size, number=199):
    """Rounds that take about so many bytes each, in texts that are not cut."""
    texts = [f"line {at} " + "words " * 40 for at in range(max(1, size // 250))]
    return [
        round_of(
            each,
            timestamp=f"2026-02-01T{each // 3600:02}:{each // 60 % 60:02}:{each % 60:02}Z",
            messages=[{"role": "user", "content": f"question {each}"}] if each % 20 == 1 else [],
            messages_from_history=0 if each == 1 else each,
            answer=f"answer {each}\n" + "\n".join(texts[: 1 + each % 7]),
            reasoning="\n".join(texts)[:19_000],
            tool_calls=[
                {"id": f"c{at}", "type": "function", "function": {"name": "read", "arguments": text}}
                for at, text in enumerate(texts[76:])
            ],
        )
        for each in range(1, number + 1)
    ]
