"""What is posted to each kind of chat?  A function a kind, each gives the address and the document."""

from __future__ import annotations

import html
import json
import urllib.parse
from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

from . import limits, messages, signatures
from .messages import Notice
from .outbox import Waiting
from .targets import Target


class Post(NamedTuple):
    """What is posted as JSON, and where."""

    url: str
    document: Any
    headers: dict[str, str] = {}  # noqa: RUF012 -- nobody writes into it


_COLOURS = {"info": 0x3498DB, "warning": 0xE67E22, "critical": 0xE74C3C, messages.RESOLVED: 0x2ECC71}
_TEMPLATES = {"info": "blue", "warning": "orange", "critical": "red", messages.RESOLVED: "green"}
_PRIORITIES = {"info": 3, "warning": 4, "critical": 5, messages.RESOLVED: 3}
_TAGS = {"info": "information_source", "warning": "warning", "critical": "rotating_light"}
_TAG_OF_RESOLVED = "white_check_mark"


def post(target: Target, items: Sequence[Waiting], now: int) -> Post:
    """What tells a chat of these events, at this moment."""
    return _MAKERS[target.kind](target, items, now)


def _message(target: Target, items: Sequence[Waiting], written: limits.Written = str) -> Notice:
    most = target.receiver.limits
    prefix = target.option("prefix")
    return messages.of(items, prefix, most_of_title=most["title"], unit=most["unit"], written=written)


def _text(target: Target, message: Notice, before: str = "", written: limits.Written = str) -> str:
    """The text below what is ``before``, which is written already, so that both are no more than the receiver takes."""
    most = target.receiver.limits
    return before + written(message.text(most["text"] - limits.size(before, most["unit"]), most["unit"], written))


def _with_link(message: Notice) -> Notice:
    """The same with the address below, where a chat makes a link of it by itself."""
    return message._replace(foot=f"{message.foot}\n{message.url}") if message.url else message


def _fitted(target: Target, message: Notice, make: Callable[[str], Any], written: limits.Written = str) -> Any:
    """What ``make`` makes of the text, as the whole body in no more bytes than the receiver takes."""
    most = target.receiver.limits
    length = most["text"]
    while True:
        document = make(message.text(length, most["unit"], written))
        if len(encoded(document)) <= most["body"] or length < 200:
            return document
        length = length * 3 // 4


def encoded(document: Any) -> bytes:
    """A document as it is sent."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


# -- each kind ---------------------------------------------------------------------------------------------------------


def _slack(target: Target, items: Sequence[Waiting], _now: int) -> Post:
    def written(text: str) -> str:
        return html.escape(text.replace("<\u200b", "<"), quote=False)  # an escaped one calls nobody

    message = _message(target, items, written)
    title = written(message.title)
    head = f"<{written(message.url)}|{title}>" if message.url else f"*{title}*"
    text = _text(target, message, head + "\n", written)
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return Post(target.option("url"), {"text": title, "blocks": [block], "unfurl_links": False})


def _discord(target: Target, items: Sequence[Waiting], _now: int) -> Post:
    message = _message(target, items)
    embed = {
        "title": message.title,
        "description": _text(target, message),
        "color": _COLOURS[message.level],
        "timestamp": message.at,
        **({"url": message.url} if message.url else {}),
    }
    return Post(_with_query(target.option("url"), "wait=true"), {"embeds": [embed], "allowed_mentions": {"parse": []}})


def _with_query(url: str, more: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(query=f"{parts.query}&{more}" if parts.query else more))


def _dingtalk(target: Target, items: Sequence[Waiting], now: int) -> Post:
    message = _with_link(_message(target, items))

    def make(text: str) -> Any:
        body = f"#### {message.title}\n\n" + text.replace("\n", "  \n")
        return {"msgtype": "markdown", "markdown": {"title": message.title, "text": body}, "at": {"isAtAll": False}}

    url, secret = target.option("url"), target.option("secret")
    if secret:
        url = _with_query(url, f"timestamp={now}&sign={signatures.dingtalk(secret, now)}")
    return Post(url, _fitted(target, message, make))


def _feishu(target: Target, items: Sequence[Waiting], now: int) -> Post:
    message = _with_link(_message(target, items))
    secret, seconds = target.option("secret"), now // 1000
    signed = {"timestamp": str(seconds), "sign": signatures.feishu(secret, seconds)} if secret else {}
    header = {"title": {"tag": "plain_text", "content": message.title}, "template": _TEMPLATES[message.level]}

    def make(text: str) -> Any:
        elements = [{"tag": "markdown", "content": text}]
        card = {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}
        return {**signed, "msg_type": "interactive", "card": card}

    return Post(target.option("url"), _fitted(target, message, make))


def _wecom(target: Target, items: Sequence[Waiting], _now: int) -> Post:
    message = _with_link(_message(target, items))
    content = _text(target, message, f"**{message.title}**\n")
    return Post(target.option("url"), {"msgtype": "markdown", "markdown": {"content": content}})


def _telegram(target: Target, items: Sequence[Waiting], _now: int) -> Post:
    message = _with_link(_message(target, items))
    text = _text(target, message, message.title + "\n")
    token = urllib.parse.quote(target.option("token"), safe=":")
    document = {"chat_id": target.option("chat_id"), "text": text, "disable_web_page_preview": True}
    return Post(f"{target.option('url').rstrip('/')}/bot{token}/sendMessage", document)


def _ntfy(target: Target, items: Sequence[Waiting], _now: int) -> Post:
    message = _message(target, items)
    token = target.option("token")
    document = {
        "topic": target.option("topic"),
        "title": message.title,
        "message": _text(target, message),
        "priority": _PRIORITIES[message.level],
        "tags": [_TAGS.get(message.level, _TAG_OF_RESOLVED)],
        **({"click": message.url} if message.url else {}),
    }
    return Post(target.option("url"), document, {"Authorization": f"Bearer {token}"} if token else {})


def _teams(target: Target, items: Sequence[Waiting], _now: int) -> Post:
    message = _message(target, items)
    link = [{"type": "Action.OpenUrl", "title": "Open", "url": message.url}] if message.url else []

    def make(text: str) -> Any:
        title = {"type": "TextBlock", "text": message.title, "weight": "Bolder", "size": "Medium", "wrap": True}
        below = {"type": "TextBlock", "text": text.replace("\n", "\n\n"), "wrap": True}
        card = {"type": "AdaptiveCard", "version": "1.4", "body": [title, below], "actions": link}
        content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return {"type": "message", "attachments": [content]}

    return Post(target.option("url"), _fitted(target, message, make))


_MAKERS: dict[str, Callable[[Target, Sequence[Waiting], int], Post]] = {
    "slack": _slack,
    "discord": _discord,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
    "wecom": _wecom,
    "telegram": _telegram,
    "ntfy": _ntfy,
    "teams": _teams,
}
KINDS = frozenset(_MAKERS)
