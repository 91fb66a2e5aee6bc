"""What is sent to a target to tell it of some events: a request, the input of a program, or a letter?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Union

from session_monitor import __version__
from session_monitor.outgoing.posting import HttpPost

from . import chats, limits, messages, receivers, services, signatures
from .outbox import Waiting
from .targets import Target

if TYPE_CHECKING:
    from email.message import EmailMessage


class ProgramCall(NamedTuple):
    """A program that is run: its words, what it reads, and what its environment has more."""

    argv: tuple[str, ...]
    stdin: bytes
    environment: dict[str, str]


class Letter(NamedTuple):
    """An e-mail, and from whom to whom it goes."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


Payload = Union[HttpPost, ProgramCall, Letter]
_SERVICES = {"webhook": services.webhook, "alertmanager": services.alertmanager, "pagerduty": services.pagerduty}


def folding(target: Target) -> str:
    """How several events become one message for it."""
    if target.kind == "webhook" and target.option("format") == "alertmanager":
        return receivers.BATCH
    return target.receiver.folding


def payload(target: Target, items: Sequence[Waiting], now: int) -> Payload:
    """What tells a target, which has its secrets, of these events; several only where it can be told of several."""
    if target.kind == "command":
        return _program(target, items[0])
    if target.kind == "email":
        return _letter(target, items, now)
    if target.kind in chats.KINDS:
        return _request(chats.post(target, items, now), None)
    secret = target.option("secret") if target.kind == "webhook" else None
    return _request(_SERVICES[target.kind](target, items, now), secret)


def _request(post: chats.Post, secret: str | None) -> HttpPost:
    try:
        body = chats.encoded(post.document)
    except UnicodeEncodeError:  # half a surrogate pair in an id
        body = json.dumps(post.document, separators=(",", ":")).encode()
    signed = {"X-ASM-Signature": signatures.of_body(secret, body)} if secret else {}
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": f"agent-session-monitor/{__version__}"}
    return HttpPost(post.url, body, {**headers, **post.headers, **signed})


_MOST_OF_A_VARIABLE = 8000


def _program(target: Target, item: Waiting) -> ProgramCall:
    told = services.cleaned(item.event)
    values = {"delivery": item.delivery_id, **told._asdict(), "id": services.key_of(told)}
    variables = {
        f"ASM_ALERT_{name.upper()}": limits.cut(value, _MOST_OF_A_VARIABLE, limits.BYTES)
        for name, value in values.items()
        if value is not None
    }
    stdin = json.dumps(told.to_json()).encode() + b"\n"
    return ProgramCall(tuple(target.option("argv")), stdin, variables)


def _letter(target: Target, items: Sequence[Waiting], now: int) -> Letter:
    import email.utils  # noqa: PLC0415 -- few targets are written to
    from email.message import EmailMessage  # noqa: PLC0415
    from email.policy import SMTP  # noqa: PLC0415

    most = target.receiver.limits
    message = messages.of(items, target.option("prefix"), most_of_title=most["title"], unit=most["unit"])
    sender, recipients = target.option("from"), tuple(target.option("to"))
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"], letter["Subject"] = sender, ", ".join(recipients), message.title
    letter["Date"] = email.utils.formatdate(now / 1000)
    letter["Message-ID"] = f"<{items[0].delivery_id}.{len(items)}@agent-session-monitor>"
    letter["Auto-Submitted"] = "auto-generated"
    link = f"\n{message.url}" if message.url else ""
    letter.set_content(message.text(most["text"], most["unit"]) + link + "\n")
    return Letter(sender, recipients, letter)
