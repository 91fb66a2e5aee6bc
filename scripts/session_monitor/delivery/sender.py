"""Who sends what waits?  One thread, never in the way of who raises something; or a pass of cron, before it ends.

At least once: what was sent is logged, and then leaves the outbox.  Whoever is killed before the log sends it again, with the
same id; whoever is killed after it does not.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Callable

from session_monitor.base import data_folder, files, timestamps
from session_monitor.outgoing import retrying, secrets
from session_monitor.outgoing.posting import Outcome

from . import answers, delivery_log, messages, pacing, payloads, receivers, targets, transport
from .answers import Verdict
from .event import Event
from .outbox import Outbox, Waiting
from .payloads import Payload
from .targets import Target, Targets

DIGEST_FROM = 4
"""So many that wait for one who reads are told at once."""
LOOK_AGAIN = 60_000
"""Milliseconds after which it is looked again where nobody says that there is something."""
_LOCK = ".sender.lock"
Send = Callable[[Target, Payload, Mapping[str, str]], Outcome]


class Sender:
    """One Sender sends what waits in one outbox, in a thread of its own (``start``) or before ``drain`` comes back."""

    def __init__(
        self,
        outbox: Outbox,
        environment: Mapping[str, str],
        *,
        send: Send = transport.send,
        now: Callable[[], int] = timestamps.now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.delivered = self.failed = self.unlogged = 0
        """How many were taken, were given up, and could not be written into the log."""
        self.trouble = ""
        """Why nothing can be sent at all."""
        self._outbox = outbox
        self._environment = environment
        self._send = send
        self._now = now
        self._chance = chance
        self._buckets: dict[str, pacing.Bucket] = {}
        self._moved: dict[str, str] = {}
        self._read: tuple[object, Targets] | None = None
        self._wake = threading.Event()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    # -- a pass --------------------------------------------------------------------------------------------------------

    def drain(self, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Send what may be sent within so many seconds; what has to wait for longer stays for the next pass.

        A message that is begun is ended.
        """
        end = self._now() + round(seconds * 1000)
        with self._alone() as is_alone:
            while is_alone:
                wait = self.step()
                if wait is None or self._now() + wait >= end:
                    return
                if wait:
                    sleep(wait / 1000)

    # -- a thread ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Send from now on in a thread, until ``stop``."""
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def stop(self, patience: float) -> bool:
        """Send no more; whether the thread came to its end in so many seconds.  What waits stays on disk."""
        self._is_ending = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(patience)
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        while not self._is_ending:
            with self._alone() as is_alone:
                while is_alone and not self._is_ending:
                    self._wake.clear()
                    wait = self._careful_step()
                    if wait != 0:
                        self._wake.wait((LOOK_AGAIN if wait is None else min(wait, LOOK_AGAIN)) / 1000)
            self._wake.clear()
            if not self._is_ending:
                self._wake.wait(LOOK_AGAIN / 1000)

    def _careful_step(self) -> int | None:
        try:
            wait = self.step()
            self.trouble = ""
        except OSError as error:
            self.trouble = f"{error.filename or self._outbox.folder}: {error.strerror}"
            return LOOK_AGAIN
        return wait

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody else sends what waits in this folder; while the block runs nobody else does."""
        if not self._outbox.waiting() and self._thread is None:
            yield False
            return
        folder = os.path.join(self._outbox.folder, data_folder.ALERTS_FOLDER)
        with contextlib.ExitStack() as stack:
            try:
                files.make_folder_within(folder)
                stack.enter_context(files.lock(os.path.join(folder, _LOCK), f"{os.getpid()}"))
                self._outbox.tidy_up()
            except files.LockHeldError as held:
                self.trouble = f"another program sends alerts: {held}"
            except OSError as error:
                self.trouble = f"{error.filename or folder}: {error.strerror}"
            else:
                self.trouble = ""
            yield not self.trouble

    # -- one step ------------------------------------------------------------------------------------------------------

    def step(self) -> int | None:
        """One message to each target that may have one now; milliseconds until there is more, None where nothing waits.

        Raises ``OSError`` where the outbox cannot be changed.
        """
        waits = []
        for name, items in self._outbox.to_send().items():
            if self._is_ending:
                return 0
            known = self._targets()
            target = known.named(name)
            if target is not None:
                waits += self._told(target, items)
            elif known.mistakes:  # it may be one of them, and right again soon
                waits.append(LOOK_AGAIN)
            else:
                self._ended(items, "", delivery_log.FAILED, "there is no target of this name any more")
        if not waits and self._outbox.to_send():  # it came meanwhile
            return 0
        return min(waits, default=None)

    def _targets(self) -> Targets:
        path = targets.file_of(self._outbox.folder)
        try:
            state = os.stat(path)
            mark: object = (state.st_mtime_ns, state.st_size, state.st_ino)
        except OSError:
            mark = None
        if self._read is None or self._read[0] != mark:
            self._read = mark, targets.read(self._outbox.folder)
        return self._read[1]

    def _told(self, target: Target, items: Sequence[Waiting]) -> list[int]:
        """Tell a target, if it may be told now; in how many milliseconds it may be told again, where something is left."""
        now = self._now()
        receiver = target.receiver
        bucket = self._buckets.setdefault(target.name, pacing.Bucket(receiver.burst, receiver.a_minute, now))
        # What came later does not go before what has to wait: their order is kept.
        wait = max(max(item.next_try for item in items) - now, bucket.wait(now))
        if wait > 0:
            return [wait]
        bucket.take(now)
        batch = _batch(target, items)
        return self._tried(target, batch) + ([0] if len(items) > len(batch) else [])

    def _tried(self, target: Target, batch: Sequence[Waiting]) -> list[int]:
        self._outbox.take(batch)
        try:
            verdict = self._verdict(target, batch)
            tried = [item._replace(tries=item.tries + 1) for item in batch]
            if verdict.what == answers.TAKEN:
                self.delivered += len(batch)
                self._ended(tried, target.kind, delivery_log.DELIVERED, verdict.reason or None)
                return []
            if verdict.what == answers.STOP:
                self._ended(tried, target.kind, delivery_log.FAILED, verdict.reason)
                return []
            return self._put_off(target, tried, verdict)
        finally:
            self._outbox.take([])

    def _verdict(self, target: Target, batch: Sequence[Waiting]) -> Verdict:
        verdict = told(self._with_its_name(target), batch, self._environment, self._send, self._now)
        if verdict.moved is not None and verdict.moved != self._moved.get(target.name):
            self._moved[target.name] = verdict.moved
            reason, verdict = (
                verdict.reason,
                told(self._with_its_name(target), batch, self._environment, self._send, self._now),
            )
            verdict = verdict._replace(reason=verdict.reason or reason)
        return verdict

    def _with_its_name(self, target: Target) -> Target:
        """The target by the name that it has told."""
        moved = self._moved.get(target.name)
        return target if moved is None else target._replace(options={**target.options, "chat_id": moved})

    def _put_off(self, target: Target, tried: Sequence[Waiting], verdict: Verdict) -> list[int]:
        """Keep for later what may be tried again, and give up the rest."""
        now = self._now()
        tries = max(item.tries for item in tried)
        seconds = retrying.back_off(tries, self._chance()) if verdict.wait is None else max(verdict.wait, 1)
        kept = []
        for item in tried:
            again = item._replace(
                unanswered=item.unanswered + verdict.unanswered,
                next_try=now + round(seconds * 1000),
                reason=verdict.reason,
            )
            if again.unanswered > 1 and target.receiver.is_for_people:
                why = f"it may have arrived: no answer came to two tries, and more could annoy somebody ({verdict.reason})"
                self._ended([again], target.kind, delivery_log.FAILED, why)
            elif pacing.is_over(item.queued, item.tries, now):
                self._ended([again], target.kind, delivery_log.FAILED, f"given up: {verdict.reason}")
            else:
                kept.append(again)
        with contextlib.suppress(OSError):  # a disk that is full: it is known while this program lives
            self._outbox.put_off(kept)
        return [round(seconds * 1000)] if kept else []

    def _ended(self, items: Sequence[Waiting], kind: str, outcome: str, reason: str | None) -> None:
        """Log what became of these, and then let them leave."""
        if outcome == delivery_log.FAILED:
            self.failed += len(items)
        entries = [item.entry(kind, outcome, self._now(), reason, len(items)) for item in items]
        try:
            delivery_log.append(self._outbox.folder, entries)
        except OSError:  # it is told all the same, and must not be told for ever because a disk is full
            self.unlogged += len(entries)
        self._outbox.done(items)


def _batch(target: Target, items: Sequence[Waiting]) -> Sequence[Waiting]:
    """Those that the next message tells of."""
    folding = payloads.folding(target)
    if folding == receivers.BATCH or (folding == receivers.DIGEST and len(items) >= DIGEST_FROM):
        return items[: messages.AT_ONCE]
    return items[:1]


def told(
    target: Target, batch: Sequence[Waiting], environment: Mapping[str, str], send: Send, now: Callable[[], int]
) -> Verdict:
    """Tell a target of these events now; what that means."""
    known: list[str] = []
    try:
        with_secrets = target.resolved(environment)
        known = with_secrets.known_secrets()
        outcome = send(with_secrets, payloads.payload(with_secrets, batch, now()), environment)
        return answers.judge(target.receiver, outcome, now(), known)
    except (targets.BadTargetError, secrets.NoSecretError) as mistake:
        return Verdict(answers.AGAIN, str(mistake))
    except Exception as mistake:  # noqa: BLE001 -- one that cannot be told must not keep the others waiting
        return Verdict(answers.STOP, f"it could not be sent: {type(mistake).__name__}")


def try_once(
    folder: str,
    target: Target,
    event: Event,
    environment: Mapping[str, str],
    send: Send = transport.send,
    now: Callable[[], int] = timestamps.now,
) -> Verdict:
    """Tell one target of one event at once, past all that waits, and log it.  Raises ``OSError`` where that cannot be."""
    item = Waiting(target.name, event, now(), tries=1)
    verdict = told(target, [item], environment, send, now)
    outcome = delivery_log.DELIVERED if verdict.what == answers.TAKEN else delivery_log.FAILED
    delivery_log.append(folder, [item.entry(target.kind, outcome, now(), verdict.reason or None)])
    return verdict
