"""Every call that is stored is sent, at least once and as the same span, whatever the receiver answers or ends the monitor."""

from __future__ import annotations

import json
import os
import stat
import time

import pytest

from session_monitor.shipping import sending, spool
from session_monitor.shipping.otlp import spans
from session_monitor.shipping.otlp.telemetry import Metric, NumberPoint
from session_monitor.shipping.worker import STUCK_FOR
from tests.support.otlp_receiver import CUT, LATE, SLOW, Play
from tests.support.waiting import until


def test_what_comes_is_sent_once(shipped):
    """Each call of each poll, and none twice; files are for this user alone."""
    shipped.poll("a", "b")
    shipped.drain()
    shipped.poll("c")
    shipped.poll("d", session="t")
    shipped.drain()

    assert (shipped.came(), len(shipped.receiver.spans)) == (["a", "b", "c", "d"], 4)
    progress = spool.read(shipped.folder)
    assert (progress.sent, progress.refused, progress.gone, progress.to) == (4, 0, 0, shipped.receiver.url)
    assert not spool.is_waiting(shipped.folder)
    place = spool.folder_of(shipped.folder)
    assert stat.S_IMODE(os.stat(place).st_mode) == 0o700
    assert {stat.S_IMODE(os.stat(os.path.join(place, name)).st_mode) for name in os.listdir(place)} == {0o600}


@pytest.mark.parametrize("play", [429, 502, 503, 504, 500, 408, CUT, LATE])
def test_what_passes(shipped, play):
    """It is tried again, and what had arrived after all is the same span."""
    shipped.receiver.plays.append(play)
    shipped.poll("a", "b")
    shipped.drain()
    assert shipped.came() == ["a", "b"]
    assert spool.read(shipped.folder).tries == 0


def test_waits_grow_and_are_kept(shipped):
    """1, 2, 4 seconds, also over the runs of cron, in which nothing is tried before it is time."""
    shipped.receiver.plays.extend([503] * 4)
    shipped.poll("a")
    waits = []
    for _ in range(4):
        shipped.ship()
        waits.append(shipped.shipper.step())
        assert shipped.shipper.step() == waits[-1]
        shipped.now += waits[-1]
    shipped.ship()
    assert (waits, shipped.shipper.step(), shipped.came()) == ([1000, 2000, 4000, 8000], 0, ["a"])


def test_retry_after(shipped):
    """The receiver says when; no longer than a quarter of an hour."""
    shipped.poll("a")
    for seconds, wait in (("7", 7_000), ("100000", 900_000)):
        shipped.receiver.plays.append(Play(429, headers=(("Retry-After", seconds),)))
        assert shipped.shipper.step() == wait
        shipped.now += wait


@pytest.mark.parametrize("status", [401, 403, 404, 405, 415, 307])
def test_what_a_person_must_mend(shipped, status):
    """Nothing is set aside: it is told why, and tried again some time."""
    shipped.receiver.plays.append(status)
    shipped.poll("a")
    assert shipped.shipper.step() == STUCK_FOR * 1000
    assert str(status) in shipped.shipper.trouble
    assert spool.read(shipped.folder).reason == shipped.shipper.trouble
    shipped.now += round(STUCK_FOR * 1000)
    shipped.drain()
    assert (shipped.came(), shipped.shipper.trouble) == (["a"], "")


def test_one_that_is_refused(shipped):
    """It is found by halves, set aside with its reason, and counted; the others are taken."""
    shipped.receiver.refuses = lambda span: span.attributes["gen_ai.response.id"] == "c"
    shipped.poll("a", "b", "c", "d", "e")
    shipped.drain()
    shipped.ship()
    shipped.drain()

    assert shipped.came() == ["a", "b", "d", "e"]
    progress = spool.read(shipped.folder)
    assert (progress.sent, progress.refused) == (4, 1)
    with open(os.path.join(spool.folder_of(shipped.folder), "refused.jsonl"), encoding="utf-8") as file:
        assert json.loads(file.read())[1:] == ["s", 3, "400 Bad Request: one of them is wrong"]


def test_a_receiver_that_refuses_all(shipped):
    """After twenty nothing more is set aside: it is not the spans."""
    shipped.receiver.refuses = lambda _span: True
    shipped.poll(*(f"{number:02}" for number in range(30)))
    shipped.shipper.step()
    assert (spool.read(shipped.folder).refused, "so it says of every span" in shipped.shipper.trouble) == (20, True)
    shipped.receiver.refuses = lambda _span: False
    shipped.drain()
    assert shipped.came() == [f"{number:02}" for number in range(20, 30)]


def test_a_receiver_that_refuses_all_runs_of_cron(shipped):
    """What each run has is too little to tell; together they do, until one is taken, or the address is another."""
    shipped.receiver.refuses = lambda _span: True
    for number in range(13):
        shipped.ship()
        shipped.poll(f"{number:02}a", f"{number:02}b")
        shipped.drain(1)
    progress = spool.read(shipped.folder)
    assert (progress.refused, "so it says of every span" in progress.reason) == (20, True)
    shipped.ship()
    assert shipped.shipper.step() > 0
    shipped.receiver.refuses = lambda _span: False
    spool.write(shipped.folder, spool.read(shipped.folder)._replace(to="http://elsewhere.example"))
    shipped.ship()
    shipped.drain(1)
    assert (len(shipped.came()), spool.read(shipped.folder).refused_in_row) == (6, 0)


@pytest.mark.parametrize("page", [b"<html>Sign in", b"\r\n <!DOCTYPE html>", b'<?xml version="1.0"?>'])
def test_a_web_page(shipped, page):
    """What answers with a page to everything has taken nothing, whatever its status."""
    shipped.receiver.plays.append(Play(200, page))
    shipped.poll("a")
    assert shipped.shipper.step() == STUCK_FOR * 1000
    assert "200 OK, with a web page (see that the address is" in shipped.shipper.trouble
    assert spool.read(shipped.folder).sent == 0


@pytest.mark.parametrize(
    ("count", "refused"), [(b"Infinity", 0), (b"1e999", 0), (b"-5", 0), (b"99999999999", 2), (b"[]", 0), (b"null", 0)]
)
def test_an_odd_count(shipped, count, refused):
    """However many a receiver says that it did not want: they are no more than came, and no fewer than none."""
    shipped.receiver.plays.append(Play(200, b'{"partialSuccess":{"rejectedSpans":%b}}' % count))
    shipped.poll("a", "b")
    shipped.drain()
    progress = spool.read(shipped.folder)
    assert (progress.sent, progress.refused, len(shipped.receiver.requests)) == (2 - refused, refused, 1)


def test_a_clock_that_is_put_back(shipped):
    """What waits does not wait until it is as late again as it seemed to be."""
    shipped.now += 365 * 86_400_000
    shipped.receiver.plays.append(503)
    shipped.poll("a")
    shipped.shipper.step()
    shipped.now -= 365 * 86_400_000
    shipped.drain()
    assert shipped.came() == ["a"]


def test_what_is_taken_and_not_wanted(shipped):
    """It is told, and not sent again."""
    body = shipped.receiver.traces.ExportTraceServiceResponse()
    body.partial_success.rejected_spans, body.partial_success.error_message = 1, "too old"
    shipped.receiver.plays.append(Play(200, body.SerializeToString()))
    shipped.poll("a", "b")
    shipped.drain()
    progress = spool.read(shipped.folder)
    assert (progress.sent, progress.refused, progress.reason) == (1, 1, "too old")
    assert len(shipped.receiver.requests) == 1


def test_many(shipped, monkeypatch):
    """What does not fit into one request goes in several, each sent from where the last ended, in any run."""
    monkeypatch.setattr(sending, "MOST_SPANS", 3)
    names = [f"{number:02}" for number in range(20)]
    shipped.poll(*names)
    shipped.shipper.step()
    assert spool.read(shipped.folder).mark.rounds == 3
    shipped.ship()
    shipped.receiver.plays.append(503)
    shipped.drain()
    assert (shipped.came(), len(shipped.receiver.spans)) == (names, 20)


def test_sessions_that_were_deleted(shipped):
    """There is nothing to send of them, and they are in nobody's way."""
    shipped.poll("a", session="gone")
    shipped.poll("b")
    (shipped.out / "gone.json").unlink()
    shipped.drain()
    assert (shipped.came(), spool.read(shipped.folder).gone) == (["b"], 1)


def test_one_that_cannot_be_told(shipped, monkeypatch):
    """It is passed over, counted, and in nobody's way."""
    real = spans.of_round
    monkeypatch.setattr(
        spans,
        "of_round",
        lambda session, stored, *rest, **more: real(session, stored, *rest, **more)._replace(
            **{"no such": 1} if stored["chat_id"] == "b" else {}
        ),
    )
    shipped.poll("a", "b", "c")
    shipped.drain()
    assert (shipped.came(), spool.read(shipped.folder).gone) == (["a", "c"], 1)


def test_what_is_not_written_yet_waits(shipped):
    """What was only announced is not passed over, however early somebody looks."""
    real = shipped.ingest._store.flush

    def flush():
        shipped.drain()  # between the word and the deed
        return real()

    shipped.ingest._store.flush = flush
    shipped.poll("a")
    shipped.drain()
    assert shipped.came() == ["a"]


class _Killed(BaseException):
    """The process ends here."""


def _killed_after(owner, name, count=1):
    """Let what has this name do its work so many times, and then end the process."""
    real, left = getattr(owner, name), [count]

    def done(*arguments, **more):
        result = real(*arguments, **more)
        left[0] -= 1
        if not left[0]:
            raise _Killed
        return result

    setattr(owner, name, done)


@pytest.mark.parametrize(
    ("owner", "name", "count"),
    [("_store", "coming", 1), ("_store", "flush", 1), ("_checkpoint", "save", 1), ("_checkpoint", "save", 2)],
)
def test_a_monitor_that_is_killed(shipped, owner, name, count):
    """Between any two steps of a commit: what comes afterwards is sent, and what had been is the same span."""
    shipped.poll("a")
    shipped.drain()
    shipped.write("b", "c")
    _killed_after(getattr(shipped.ingest, owner), name, count)
    with pytest.raises(_Killed):
        shipped.ingest.poll()
    shipped.fresh()
    shipped.drain()
    shipped.poll("d")
    shipped.drain()
    assert shipped.came() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("name", ["write", "remove_before"])
def test_one_who_sends_that_is_killed(shipped, monkeypatch, name):
    """After the receiver has taken it, and before or after that is remembered: it is sent again at most, as the same span."""

    def killed(*_):
        raise _Killed

    shipped.poll("a", "b")
    with monkeypatch.context() as patch:
        patch.setattr(spool, name, killed)
        with pytest.raises(_Killed):
            shipped.drain()
    assert shipped.came() == ["a", "b"]
    shipped.fresh()
    shipped.poll("c")
    shipped.drain()
    assert shipped.came() == ["a", "b", "c"]
    assert len(shipped.receiver.spans) == (5 if name == "write" else 3)


def test_a_mark_that_is_lost(shipped):
    """What the spool still holds is sent again, and is the same to the receiver."""
    shipped.poll("a", "b")
    shipped.drain()
    first = shipped.receiver.once()
    os.unlink(os.path.join(spool.folder_of(shipped.folder), "mark.json"))
    assert spool.is_lost(shipped.folder)
    shipped.ship()
    shipped.drain()
    assert (len(shipped.receiver.spans), shipped.receiver.once()) == (4, first)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"mark":[1]}', b'{"mark":["x",1,2]}', b"\xff"])
def test_a_mark_that_is_damaged(shipped, damage):
    """It is as one that is lost."""
    shipped.poll("a")
    shipped.drain()
    with open(os.path.join(spool.folder_of(shipped.folder), "mark.json"), "wb") as file:
        file.write(damage)
    shipped.ship()
    shipped.drain()
    assert (len(shipped.receiver.spans), shipped.came()) == (2, ["a"])


def test_a_line_that_was_torn(shipped):
    """What a power failure left of a line is passed over, and a new run begins a new part."""
    shipped.poll("a")
    with open(spool.path_of(shipped.folder, 1), "ab") as file:
        file.write(b'[1796000000000,"s","s.js')
    shipped.fresh()
    shipped.poll("b")
    shipped.drain()
    assert shipped.came() == ["a", "b"]
    assert spool.parts(shipped.folder) == [2]
    assert not spool.is_waiting(shipped.folder)


def test_parts_are_removed(shipped, monkeypatch):
    """A spool that goes on for long takes no more room than what waits."""
    monkeypatch.setattr(spool, "LARGE", 100)
    for number in range(10):
        shipped.poll(f"{number}")
        shipped.drain()
    assert len(spool.parts(shipped.folder)) == 1
    assert len(shipped.came()) == 10


def test_oldest(shipped):
    """It is known since when something waits."""
    assert spool.oldest(shipped.folder) is None
    shipped.poll("a")
    assert spool.oldest(shipped.folder).at == shipped.now


METRIC = Metric("asm.rounds", "{call}", "", [NumberPoint({}, 1, 2, 3)])


def test_metrics_follow_the_spans(shipped):
    """Once all that waits is sent, and from the same moment on each time; a pass that sends nothing more sends none again."""
    asked = []

    def measure(since, now):
        asked.append((since, now))
        return since or 7, [METRIC]

    shipped.measure = measure
    shipped.ship()
    shipped.poll("a")
    shipped.drain()
    shipped.ship()
    shipped.poll("b")
    shipped.drain()
    assert asked == [(0, shipped.now), (7, shipped.now)]
    assert [path for path, _, _ in shipped.receiver.requests] == ["/v1/traces", "/v1/metrics"] * 2
    assert [metric.name for metric in shipped.receiver.metrics] == ["asm.rounds"] * 2


def test_metrics_that_are_not_taken(shipped):
    """Spans are sent all the same, and doctor can tell why: the next request says what this one did."""
    shipped.measure = lambda since, _now: (since, [METRIC])
    shipped.ship()
    shipped.poll("a")
    shipped.receiver.plays += [Play(200), Play(405)]
    shipped.drain()
    assert ("405" in spool.read(shipped.folder).metrics, shipped.shipper.trouble) == (True, "")
    shipped.drain()
    assert spool.read(shipped.folder).metrics == ""


def test_metrics_that_cannot_be_told(shipped):
    """Whatever goes wrong with them keeps no span from being sent."""
    shipped.measure = lambda _since, _now: 1 // 0
    shipped.ship()
    shipped.poll("a")
    shipped.drain()
    shipped.poll("b")
    shipped.drain()
    assert shipped.came() == ["a", "b"]
    assert "ZeroDivisionError" in spool.read(shipped.folder).metrics


def test_a_thread_sends(shipped):
    """By itself, once it is woken, and what cannot be sent just now is in nobody's way."""
    shipped.shipper = None
    shipped.receiver.plays.append(SLOW)
    shipped.ship()
    shipped.shipper._now = lambda: round(time.time() * 1000)
    shipped.poll("a")
    shipped.shipper.start()
    until(lambda: len(shipped.receiver.requests) == 1, "a request")
    shipped.poll("b")
    shipped.shipper.wake()
    until(lambda: shipped.came() == ["a", "b"], "both calls")
    assert shipped.shipper.stop(5)


def test_a_thread_that_has_to_wait_ends_at_once(shipped):
    """Whoever ends the monitor does not wait for a back-off."""
    shipped.receiver.plays.append(Play(429, headers=(("Retry-After", "600"),)))
    shipped.shipper._now = lambda: round(time.time() * 1000)
    shipped.poll("a")
    shipped.shipper.start()
    until(lambda: spool.read(shipped.folder).tries == 1, "a try")
    begun = time.monotonic()
    assert shipped.shipper.stop(5)
    assert time.monotonic() - begun < 1


def test_a_folder_that_fails(shipped):
    """It is told, and sending goes on once it is mended."""
    shipped.poll("a")
    place = spool.path_of(shipped.folder, 1)
    os.rename(place, place + ".away")
    os.mkdir(place)
    shipped.drain(0)
    assert "calls-000001" in shipped.shipper.trouble
    os.rmdir(place)
    os.rename(place + ".away", place)
    shipped.drain()
    assert shipped.came() == ["a"]
