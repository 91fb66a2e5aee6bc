"""What each receiver checks of what it is sent, and answers: as their documents have it, written apart from the program.

Each takes a post and what it was set up with, and gives a status, a body and what a person would see; ``pinged`` says whom
the text would have called.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import urllib.parse
from typing import NamedTuple

HOUR = 3600
TOKEN = "0123456789abcdefSECRETtoken0123456789"
CHAT = "-1001234"
ROUTING_KEY = "0123456789abcdefSECRETrouting012"


class Posted(NamedTuple):
    """One request as it came."""

    path: str
    headers: dict
    body: bytes

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query, keep_blank_values=True))

    @property
    def route(self):
        return urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)

    def json(self):
        return json.loads(self.body.decode("utf-8"))


class Setup(NamedTuple):
    """What a receiver was set up with: a secret that signs, a word that each text must hold, and what time it has."""

    secret: str | None = None
    keyword: str | None = None
    now: int = 0


class Answer(NamedTuple):
    """What it answers, what somebody sees of it, and who is called by it."""

    status: int
    body: bytes = b""
    seen: str = ""
    pinged: tuple = ()
    headers: tuple = ()


def utf16(text):
    """UTF-16 units, as JavaScript and Java count."""
    return len(text.encode("utf-16-le")) // 2


def is_json(posted):
    """Whether its type says so."""
    return posted.headers.get("content-type", "").split(";")[0].strip() == "application/json"


def _told(code_of_http, /, **document):
    return Answer(code_of_http, json.dumps(document).encode())


# -- chats -------------------------------------------------------------------------------------------------------------


def slack(posted, setup):
    """Incoming webhooks of Slack: plain words for what is wrong."""
    if posted.route != f"/services/T0/B0/{TOKEN}":
        return Answer(404, b"no_service")
    document = posted.json()
    blocks = document.get("blocks", [])
    texts = [block["text"]["text"] for block in blocks]
    if not document.get("text") and not texts:
        return Answer(400, b"no_text")
    if len(blocks) > 50 or any(not text or utf16(text) > 3000 for text in texts) or len(document["text"]) > 40_000:
        return Answer(400, b"invalid_blocks")
    raw = "\n".join([document["text"], *texts])
    stray = re.sub(r"<https?://[^|>]+\|", "", raw)
    if re.search(r"&(?!amp;|lt;|gt;)", raw):
        return Answer(400, b"invalid_payload")
    return Answer(200, b"ok", raw, tuple(re.findall(r"<[!@#][^>]*>", stray)))


def discord(posted, setup):
    """Webhooks of Discord."""
    if posted.route != f"/api/webhooks/42/{TOKEN}":
        return _told(404, message="Unknown Webhook", code=10015)
    document = posted.json()
    embeds, content = document.get("embeds", []), document.get("content", "")
    if not embeds and not content:
        return _told(400, message="Cannot send an empty message", code=50006)
    total = 0
    for embed in embeds:
        texts = {"title": 256, "description": 4096}
        if any(utf16(embed.get(name, "")) > most for name, most in texts.items()):
            return _told(400, message="Invalid Form Body", code=50035)
        if (
            not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", embed["timestamp"])
            or embed["color"] > 0xFFFFFF
        ):
            return _told(400, message="Invalid Form Body", code=50035)
        total += sum(utf16(embed.get(name, "")) for name in texts)
    if len(embeds) > 10 or total > 6000 or utf16(content) > 2000:
        return _told(400, message="Invalid Form Body", code=50035)
    seen = "\n".join([content, *(f"{embed['title']}\n{embed['description']}" for embed in embeds)])
    pings = (
        re.findall(r"@everyone|@here|<@[!&]?\d+>", seen) if document.get("allowed_mentions") != {"parse": []} else []
    )
    status = 200 if posted.query.get("wait") == "true" else 204
    return Answer(status, b"{}" if status == 200 else b"", seen, tuple(pings))


def dingtalk(posted, setup):  # noqa: PLR0911 -- a check a line
    """Robots of DingTalk: always 200."""
    query, document = posted.query, posted.json()
    if query.get("access_token") != TOKEN:
        return _told(200, errcode=300001, errmsg="token is not exist")
    if setup.secret:
        stamp = query.get("timestamp", "0")
        code = hmac.new(setup.secret.encode(), (stamp + "\n" + setup.secret).encode(), hashlib.sha256)
        signed = base64.b64encode(code.digest()).decode() == query.get("sign")
        if not signed or abs(int(stamp) / 1000 - setup.now) > HOUR:
            return _told(200, errcode=310000, errmsg="sign not match")
    if not is_json(posted):
        return _told(200, errcode=43004, errmsg="invalid content type")
    kind = document.get("msgtype")
    if kind not in ("markdown", "text") or not all(document.get(kind, {}).get(name) for name in ("title", "text")):
        return _told(200, errcode=40035, errmsg="invalid parameter")
    if len(posted.body) > 20_000:
        return _told(200, errcode=460101, errmsg="message too long")
    seen = f"{document[kind]['title']}\n{document[kind]['text']}"
    if setup.keyword and setup.keyword not in seen:
        return _told(200, errcode=310000, errmsg="keywords not in content")
    called = document.get("at", {})
    pinged = (*called.get("atMobiles", []), *(["all"] if called.get("isAtAll") else []))
    return _told(200, errcode=0, errmsg="ok")._replace(seen=seen, pinged=pinged)


def feishu(posted, setup):  # noqa: PLR0911 -- as above
    """Custom bots of Feishu and Lark: 200 or 400, with a code."""
    if posted.route != f"/open-apis/bot/v2/hook/{TOKEN}":
        return _told(400, code=19001, msg="param invalid: incoming webhook access token invalid")
    document = posted.json()
    if setup.secret:
        stamp = document.get("timestamp", "0")
        code = hmac.new((stamp + "\n" + setup.secret).encode(), digestmod=hashlib.sha256).digest()
        signed = base64.b64encode(code).decode() == document.get("sign") and isinstance(stamp, str)
        if not signed or abs(int(stamp) - setup.now) > HOUR:
            return _told(400, code=19021, msg="sign match fail or timestamp is not within one hour from current time")
    if len(posted.body) > 20_480:
        return _told(400, code=9499, msg="Bad Request: too large")
    if document.get("msg_type") == "interactive":
        card = document["card"]
        header = card["header"]
        if header["template"] not in ("blue", "orange", "red", "green") or header["title"]["tag"] != "plain_text":
            return _told(400, code=9499, msg="Bad Request")
        seen = "\n".join([header["title"]["content"], *(each["content"] for each in card["elements"])])
    elif document.get("msg_type") == "text":
        seen = document["content"]["text"]
    else:
        return _told(400, code=9499, msg="Bad Request")
    if setup.keyword and setup.keyword not in seen:
        return _told(400, code=19024, msg="Key Words Not Found")
    answered = _told(200, StatusCode=0, StatusMessage="success", code=0, data={}, msg="success")
    return answered._replace(seen=seen, pinged=tuple(re.findall(r"<at [^>]*>", seen)))


def wecom(posted, setup):
    """Robots of WeCom: 200, with a code."""
    document = posted.json()
    if posted.route != "/cgi-bin/webhook/send" or posted.query.get("key") != TOKEN:
        return _told(200, errcode=93000, errmsg="invalid webhook url")
    kind, most = document.get("msgtype"), {"markdown": 4096, "text": 2048}
    content = document.get(kind, {}).get("content", "")
    if kind not in most or not content or len(content.encode()) > most[kind]:
        return _told(200, errcode=40058, errmsg="markdown.content exceed max length 4096")
    pinged = tuple(re.findall(r"<@[^>]+>", content))
    return _told(200, errcode=0, errmsg="ok")._replace(seen=content, pinged=pinged)


def telegram(posted, setup):
    """Telegram's bots."""
    document = posted.json()
    if posted.route != f"/bot{TOKEN}/sendMessage":
        return _told(404, ok=False, error_code=404, description="Not Found")
    if str(document.get("chat_id")) != CHAT:
        return _told(400, ok=False, error_code=400, description="Bad Request: chat not found")
    text = document.get("text", "")
    if not text.strip() or utf16(text) > 4096:
        return _told(400, ok=False, error_code=400, description="Bad Request: message is too long")
    if "parse_mode" in document:
        return _told(400, ok=False, error_code=400, description="Bad Request: can't parse entities")
    return _told(200, ok=True, result={})._replace(seen=text, pinged=tuple(re.findall(r"(?<!\w)@\w+", text)))


def ntfy(posted, setup):
    """A server of ntfy; what is too long would become a file."""
    document = posted.json()
    if setup.secret and posted.headers.get("authorization") != f"Bearer {setup.secret}":
        return _told(401, code=40101, http=401, error="unauthorized")
    if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", document.get("topic", "")):
        return _told(400, code=40009, http=400, error="invalid request: topic invalid")
    if document.get("priority", 3) not in range(1, 6) or not isinstance(document.get("tags", []), list):
        return _told(400, code=40007, http=400, error="invalid priority parameter")
    if len(document["message"].encode()) > 4096:
        return _told(413, code=41301, http=413, error="attachment too large")
    return _told(200, id="x")._replace(seen=f"{document.get('title')}\n{document['message']}")


def teams(posted, setup):
    """A workflow of Microsoft Teams."""
    document = posted.json()
    if len(posted.body) > 28 * 1024:
        return Answer(413, b"RequestEntityTooLarge")
    (attachment,) = document["attachments"]
    card = attachment["content"]
    fine = attachment["contentType"] == "application/vnd.microsoft.card.adaptive" and card["type"] == "AdaptiveCard"
    if document["type"] != "message" or not fine or not all(each["text"] for each in card["body"]):
        return Answer(400, b'{"error":{"code":"InvalidTemplate"}}')
    return Answer(202, b"", "\n".join(each["text"] for each in card["body"]))


# -- programs ----------------------------------------------------------------------------------------------------------


def pagerduty(posted, setup):
    """PagerDuty's events, second version."""
    document = posted.json()
    wrong = []
    if posted.route != "/v2/enqueue":
        return Answer(404)
    if document.get("routing_key") != ROUTING_KEY:
        wrong.append("Invalid routing key")
    if document.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        wrong.append("'event_action' is invalid")
    if not document.get("dedup_key") or len(document["dedup_key"]) > 255:
        wrong.append("'dedup_key' is missing or longer than 255")
    payload = document.get("payload", {})
    if not payload.get("summary") or len(payload["summary"]) > 1024 or not payload.get("source"):
        wrong.append("'payload.summary' or 'payload.source' is missing or blank")
    if payload.get("severity") not in ("critical", "error", "warning", "info"):
        wrong.append("'payload.severity' is invalid")
    if wrong:
        return _told(400, status="invalid event", message="Event object is invalid", errors=wrong)
    told = _told(202, status="success", message="Event processed", dedup_key=document["dedup_key"])
    return told._replace(seen=payload["summary"])


def alertmanager(posted, setup):
    """Alertmanager's second API, as the one in Debian answers."""
    if posted.route != "/api/v2/alerts":
        return Answer(404)
    if not is_json(posted):
        return Answer(415, b'{"code":415,"message":"unsupported media type"}')
    for alert in posted.json():
        labels = {name: value for name, value in alert["labels"].items() if value}
        if any(not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) for name in alert["labels"]):
            return Answer(400, b'"invalid label set: invalid name"')
        if not labels:
            return Answer(400, b'"at least one label pair required"')
        if alert.get("endsAt") and alert["endsAt"] < alert["startsAt"]:
            return Answer(400, b'"start time must be before end time"')
    return Answer(200, b"", "\n".join(alert["annotations"]["summary"] for alert in posted.json()))


def webhook(posted, setup):
    """Somebody's own: it holds the event's signature against the secret, over what came."""
    code = hmac.new((setup.secret or "").encode(), posted.body, hashlib.sha256).hexdigest()
    if setup.secret and posted.headers.get("x-asm-signature") != f"sha256={code}":
        return Answer(403, b"bad signature")
    document = posted.json()
    if document.get("version") == "4":
        return Answer(200, b"", "\n".join(alert["annotations"]["summary"] for alert in document["alerts"]))
    if document.get("schema_version") != 1 or not posted.headers.get("idempotency-key"):
        return Answer(400, b"no event")
    return Answer(201, b"", document["title"])


ALL = {
    each.__name__: each
    for each in (slack, discord, dingtalk, feishu, wecom, telegram, ntfy, teams, pagerduty, alertmanager, webhook)
}
PATHS = {
    "slack": f"/services/T0/B0/{TOKEN}",
    "discord": f"/api/webhooks/42/{TOKEN}",
    "dingtalk": f"/robot/send?access_token={TOKEN}",
    "feishu": f"/open-apis/bot/v2/hook/{TOKEN}",
    "wecom": f"/cgi-bin/webhook/send?key={TOKEN}",
    "teams": f"/workflows/{TOKEN}/triggers/manual/paths/invoke?sig={TOKEN}",
    "webhook": f"/hooks/{TOKEN}",
}
MORE = {
    "telegram": {"token": TOKEN, "chat_id": CHAT},
    "ntfy": {"topic": "topic-of-mine"},
    "pagerduty": {"routing_key": ROUTING_KEY},
}
"""What a target of a kind needs beside its address."""


def options(kind, base):
    """The options of a target that reaches one of them at this address."""
    return {"url": base + PATHS.get(kind, ""), **MORE.get(kind, {})}
