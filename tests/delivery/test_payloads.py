"""Each receiver takes what it is sent, whatever the text holds, and nobody is called by it."""

from __future__ import annotations

import hashlib
import json
import re
import urllib.parse
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.delivery import payloads, receivers, services
from session_monitor.delivery.outbox import Waiting
from tests.support import vendors
from tests.support.alerting import NOW, told
from tests.support.alerting import target as target_of
from tests.support.vendors import Posted, Setup

BASE = "https://receiver.example"
CHATS = ("slack", "discord", "dingtalk", "feishu", "wecom", "telegram", "ntfy", "teams")
NASTY = (
    "🙂" * 9000,
    "预算" * 9000,
    '"\\' * 9000,
    "&<>" * 9000,
    "a\n" * 9000,
    "<!channel> <@U1> @everyone @here <at user_id='all'></at> [click](https://evil.example) <https://evil|here>",
    "\x00\x1b[31m\u202e\ud800 control",
    "",
)


def waiting(*events):
    """What waits of these."""
    return [Waiting("one", each, NOW) for each in events]


def sent(kind, items, **options):
    """The post that tells a receiver, as it comes there."""
    target = target_of(kind, **{**vendors.options(kind, BASE), **options})
    request = payloads.payload(target, items, NOW)
    assert request.url.startswith(BASE)
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert all(value.isascii() and value.isprintable() for value in headers.values())
    return Posted(request.url[len(BASE) :], headers, request.body)


def taken(kind, items, setup=None, **options):
    """What the receiver answers, which must be that it takes it."""
    answer = vendors.ALL[kind](sent(kind, items, **options), setup or Setup(now=NOW / 1000))
    success = receivers.all_kinds()[kind].success
    assert answer.status // 100 == 2 if success == "2xx" else answer.status in success, answer
    code = json.loads(answer.body) if answer.body.startswith(b"{") else {}
    assert code.get("errcode", code.get("code", 0)) == 0, answer
    assert code.get("ok", True)
    return answer


@pytest.mark.parametrize("kind", vendors.ALL)
def test_one_event(kind):
    """Its title is seen, and by whom it is known again; a chat names what it is about."""
    answer = taken(kind, waiting(told()))

    assert "Budget 1 is at 83 %" in answer.seen
    if kind in CHATS:
        for part in (
            "Spent $4.15 of $5 today",
            "[warning]",
            "team-a",
            "gateway-1",
            f"#{waiting(told())[0].delivery_id[:6]}",
        ):
            assert part in answer.seen


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("kind", vendors.ALL)
def test_whatever_the_text_holds(kind, text):
    """It is taken: within the limits, in the form that is wanted, and calling nobody."""
    event = told(
        title=text or "-", text=text, consumer=text or None, session=text[:500], url="https://m.example/s?id=1"
    )
    for state in ("firing", "resolved"):
        answer = taken(kind, waiting(event._replace(state=state)), secret=None)
        assert answer.pinged == ()
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", answer.seen)
        if kind in CHATS:
            assert not re.search(r"@everyone|@here|\]\(https", answer.seen)
            assert answer.seen.count("#") >= 1, "the id by which it is known again is not cut off"


@pytest.mark.parametrize("kind", CHATS)
def test_many_at_once(kind):
    """One message has how many there are, how grave, and as many of their titles as have room."""
    events = [told(number, severity="critical" if number < 3 else "info") for number in range(7)]
    few = taken(kind, waiting(*events, told(9, state="resolved")))
    many = taken(kind, waiting(*(told(number, title="🙂" * 90) for number in range(100))))

    assert "8 alerts: 3 critical, 4 info, 1 resolved" in few.seen
    assert "[resolved] Budget 9 is at 83 %" in few.seen
    assert "100 alerts: 100 warning" in many.seen
    assert "… and " in many.seen
    assert " more" in many.seen


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(CHATS))
def test_any_text(data, kind):
    """Whatever a title, a text, a host and a session hold, it is taken."""
    text = st.text(max_size=6000)
    event = told(title=data.draw(text) or "-", text=data.draw(text), host=data.draw(text), session=data.draw(text))
    assert taken(kind, waiting(event)).pinged == ()


# -- what only some have -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_signed(kind):
    """With the secret it is taken, with another one or a clock that is wrong by more than an hour it is not."""
    items, setup = waiting(told()), Setup(secret="SEC0", now=NOW / 1000)

    taken(kind, items, setup, secret="SEC0")
    for wrong in (sent(kind, items, secret="SEC1"), sent(kind, items)):
        assert b"310000" in vendors.ALL[kind](wrong, setup).body or b"19021" in vendors.ALL[kind](wrong, setup).body
    late = vendors.ALL[kind](sent(kind, items, secret="SEC0"), setup._replace(now=NOW / 1000 + 3700))
    assert b"310000" in late.body or b"19021" in late.body


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_keyword(kind):
    """A word that the receiver wants in each text stands in the title."""
    setup = Setup(keyword="监控", now=NOW / 1000)
    assert "监控 [warning]" in taken(kind, waiting(told()), setup, prefix="监控").seen
    assert json.loads(vendors.ALL[kind](sent(kind, waiting(told())), setup).body).get("errcode", 19024) != 0


def test_lark_is_feishu():
    """The address says where it goes."""
    url = f"https://open.larksuite.com/open-apis/bot/v2/hook/{vendors.TOKEN}"
    assert payloads.payload(target_of("feishu", url=url), waiting(told()), NOW).url == url


def test_ntfy_token():
    """It stands in the header; the priority tells how grave it is."""
    posted = sent("ntfy", waiting(told(severity="critical", url="https://m.example/s")), token="tk_mine")

    assert posted.headers["authorization"] == "Bearer tk_mine"
    assert {name: posted.json()[name] for name in ("priority", "tags", "click")} == {
        "priority": 5,
        "tags": ["rotating_light"],
        "click": "https://m.example/s",
    }


def test_a_thread_of_discord():
    """What an address asks for already stays."""
    url = f"{BASE}/api/webhooks/42/{vendors.TOKEN}?thread_id=7"
    assert sent("discord", waiting(told()), url=url).query == {"thread_id": "7", "wait": "true"}


def test_discord_calls_nobody():
    """It is told so apart from the text, whatever that holds."""
    assert sent("discord", waiting(told())).json()["allowed_mentions"] == {"parse": []}


def test_webhook():
    """It gets the very event, signed, with a key that is the same for each try and another for each telling."""
    event = told(id="rule/预算/1", url="https://m.example/s", text="a\x1b[31m\nb")
    posted = sent("webhook", waiting(event), secret="mine", token="tk")
    again = sent("webhook", waiting(event), secret="mine")
    over = sent("webhook", waiting(event._replace(state="resolved")), secret="mine")

    assert posted.json() == {**event.to_json(), "text": "a\\x1b[31m\nb"}
    assert (posted.headers["x-asm-event"], posted.headers["authorization"]) == ("budget", "Bearer tk")
    assert urllib.parse.unquote(posted.headers["x-asm-delivery"]) == event.id
    assert posted.headers["idempotency-key"] == again.headers["idempotency-key"] != over.headers["idempotency-key"]
    setup = Setup(secret="mine")
    assert vendors.webhook(posted, setup).status == 201
    assert vendors.webhook(posted._replace(body=posted.body + b" "), setup).status == 403
    assert "x-asm-signature" not in sent("webhook", waiting(event)).headers


@pytest.mark.parametrize("event_id", ["a\x1b b", "\ud800", "x" * 5000, " ", "预算"])
def test_an_odd_id(event_id):
    """It comes as it is, as two events are the same by it; the header has it in ASCII, and not too long."""
    posted = sent("webhook", waiting(told(id=event_id)))

    assert posted.json()["id"] == event_id
    assert len(posted.headers["x-asm-delivery"]) <= 255


def test_webhook_in_alertmanagers_form():
    """What takes Alertmanager's posts takes these: all that wait, with what they share."""
    events = [told(1), told(2, state="resolved", model="qwen-max")]
    posted = sent("webhook", waiting(*events), format="alertmanager").json()

    assert (posted["version"], posted["status"], posted["receiver"], posted["truncatedAlerts"]) == (
        "4",
        "firing",
        "one",
        0,
    )
    first, second = posted["alerts"]
    assert (first["status"], first["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")
    assert (second["status"], second["endsAt"]) == ("resolved", events[1].at)
    assert posted["commonLabels"]["alertname"] == "team-a-daily"
    assert "model" not in posted["commonLabels"]
    assert re.fullmatch("[0-9a-f]{16}", first["fingerprint"])
    assert "4.15" not in json.dumps(first["labels"])
    assert sent("webhook", waiting(events[1]), format="alertmanager").json()["status"] == "resolved"


def test_fingerprint():
    """As Prometheus' own library has it, for no labels at all and for some."""
    assert services.fingerprint({}) == "cbf29ce484222325"
    assert services.fingerprint({"a": "b"}) != services.fingerprint({"a": "b", "c": "d"})


def test_alertmanager():
    """The labels are the same when it fires and when it is resolved; what fires holds for a day."""
    event = told(value="4.15", period=None)
    (fires,) = sent("alertmanager", waiting(event)).json()
    (over,) = sent("alertmanager", waiting(event._replace(state="resolved", value="1", title="over"))).json()

    assert fires["labels"] == over["labels"]
    assert "period" not in fires["labels"]
    assert fires["endsAt"] == "2026-11-29T20:02:25.000Z"
    assert over["endsAt"] == event.at
    assert len(sent("alertmanager", waiting(told(1), told(2))).json()) == 2


def test_pagerduty():
    """An incident and its end have one key, however long the id is."""
    event = told(id="x" * 400, severity="critical")
    fires, over = (sent("pagerduty", waiting(each)).json() for each in (event, event._replace(state="resolved")))

    assert (fires["event_action"], over["event_action"]) == ("trigger", "resolve")
    assert fires["dedup_key"] == over["dedup_key"] == hashlib.sha256(b"x" * 400).hexdigest()
    assert fires["payload"]["severity"] == "critical"


def test_command():
    """It reads the event, and its environment tells the same; nothing goes through a shell."""
    event = told(title="a\x00b; rm -rf $HOME", model=None)
    call = payloads.payload(target_of("command", argv=["/bin/notify", "$(id)"]), waiting(event), NOW)

    assert call.argv == ("/bin/notify", "$(id)")
    assert json.loads(call.stdin) == {**event.to_json(), "title": "a\\x00b; rm -rf $HOME"}
    assert call.environment["ASM_ALERT_TITLE"] == "a\\x00b; rm -rf $HOME"
    assert call.environment["ASM_ALERT_ID"] == event.id
    assert "ASM_ALERT_MODEL" not in call.environment
    assert set(call.environment) >= {
        f"ASM_ALERT_{name}" for name in ("RULE", "KIND", "SEVERITY", "STATE", "VALUE", "AT")
    }
    huge = payloads.payload(target_of("command", argv=["a"]), waiting(told(text="预" * 200_000)), NOW)
    assert max(map(len, huge.environment.values())) < 9000


def test_letter():
    """Any reader of mail understands it, and no text makes a header of its own."""
    mail = {"host": "h", "from": "monitor@example.com", "to": ["a@example.com", "b@example.com"], "prefix": "[asm]"}
    event = told(title="预算\r\nBcc: evil@example.com", text="第一行\n.\nlast")
    letter = payloads.payload(target_of("email", **mail), waiting(event), NOW)
    read = message_from_bytes(letter.message.as_bytes(), policy=policy.default)

    assert (letter.sender, letter.recipients) == ("monitor@example.com", ("a@example.com", "b@example.com"))
    assert read["Subject"] == "[asm] [warning] 预算 Bcc: evil@example.com"
    assert read["Bcc"] is None
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Date"].datetime.timestamp() == NOW // 1000
    assert read.get_content().startswith("第一行\r\n.\r\nlast\r\n")


def test_who_is_told_how_many_at_once():
    """People get one short text of all, programs each or a list."""
    webhook = target_of("webhook", url=BASE)
    assert {payloads.folding(target_of(kind)) for kind in (*CHATS, "email")} == {receivers.DIGEST}
    assert {payloads.folding(each) for each in (webhook, target_of("command"), target_of("pagerduty"))} == {
        receivers.NONE
    }
    assert payloads.folding(target_of("webhook", url=BASE, format="alertmanager")) == receivers.BATCH


# -- the receivers of the tests can say no -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("slack", lambda body: {**body, "text": "", "blocks": []}),
        ("slack", lambda body: {**body, "blocks": [{"text": {"text": "a" * 3001}}]}),
        ("discord", lambda body: {"embeds": [{**body["embeds"][0], "description": "🙂" * 2049}]}),
        ("discord", lambda body: {}),
        ("dingtalk", lambda body: {**body, "msgtype": "card"}),
        ("feishu", lambda body: {**body, "msg_type": "card"}),
        ("wecom", lambda body: {"msgtype": "markdown", "markdown": {"content": "预" * 1366}}),
        ("telegram", lambda body: {**body, "text": "🙂" * 2049}),
        ("telegram", lambda body: {**body, "chat_id": "1"}),
        ("ntfy", lambda body: {**body, "message": "预" * 1366}),
        ("ntfy", lambda body: {**body, "priority": 6}),
        ("teams", lambda body: {**body, "more": "a" * 30_000}),
        ("pagerduty", lambda body: {**body, "dedup_key": "a" * 256}),
        ("alertmanager", lambda body: [{**body[0], "labels": {"a-b": "c"}}]),
        ("alertmanager", lambda body: [{**body[0], "labels": {"a": ""}}]),
        ("webhook", lambda body: {**body, "schema_version": 2}),
    ],
)
def test_what_is_wrong_is_not_taken(kind, change):
    """The stand-ins notice it, so that what they take means something."""
    posted = sent(kind, waiting(told()))
    changed = posted._replace(body=json.dumps(change(posted.json()), ensure_ascii=False).encode())

    answer = vendors.ALL[kind](changed, Setup(now=NOW / 1000))

    code = json.loads(answer.body).get("errcode", 0) if answer.status == 200 else answer.status
    assert code != 0
