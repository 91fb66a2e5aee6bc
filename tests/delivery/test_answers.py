"""What an answer means: taken, to be tried again and when, or never; and no secret is in what is told of it."""

from __future__ import annotations

import json

import pytest

from session_monitor.delivery import answers, receivers
from session_monitor.delivery.answers import AGAIN, STOP, TAKEN
from session_monitor.outgoing.posting import Outcome
from tests.support.alerting import NOW

KINDS = receivers.all_kinds()
HTTP = [kind for kind in KINDS if kind not in ("command", "email")]


def judged(kind, status, body=b"", retry_after=None, known=()):
    """What an answer means."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answers.judge(KINDS[kind], Outcome(status, body, retry_after, was_sent=True), NOW, known)


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        *(("slack", 200, b"ok"), ("discord", 204, b""), ("discord", 200, {"id": "1"})),
        *(("dingtalk", 200, {"errcode": 0, "errmsg": "ok"}), ("feishu", 200, {"code": 0, "StatusCode": 0})),
        *(("wecom", 200, {"errcode": 0}), ("telegram", 200, {"ok": True}), ("ntfy", 200, {"id": "x"})),
        *(("teams", 202, b""), ("pagerduty", 202, {"status": "success"}), ("alertmanager", 200, b"")),
        *(("webhook", 200, b"x"), ("webhook", 299, b""), ("command", 0, b"noise"), ("email", 250, b"")),
    ],
)
def test_taken(kind, status, body):
    """What each kind says where all is well."""
    assert judged(kind, status, body).what == TAKEN


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_passes(kind, status):
    """Such a status is tried again, whatever the body holds."""
    for body in (b"", b"<html>busy</html>", b"[1]", b"\xff", b"[" * 100_000):
        assert judged(kind, status, body).what == AGAIN


@pytest.mark.parametrize("kind", HTTP)
@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 410, 413])
def test_what_stays(kind, status):
    """It is not tried again: the address or what is sent is wrong, and too many such tries lead to a ban."""
    verdict = judged(kind, status, b"no")
    assert verdict.what == STOP
    assert str(status) in verdict.reason


@pytest.mark.parametrize(
    ("kind", "status", "body", "what", "reason"),
    [
        ("slack", 200, b"invalid_payload", STOP, "invalid_payload"),
        ("slack", 200, b"<html>log in</html>", AGAIN, "it answered no ok"),
        ("slack", 404, b"no_service", STOP, "no_service"),
        ("dingtalk", 200, {"errcode": 310000, "errmsg": "sign not match"}, STOP, "check the clock"),
        ("dingtalk", 200, {"errcode": 300001, "errmsg": "token"}, STOP, "see url"),
        ("dingtalk", 200, {"errcode": 430102, "errmsg": "text"}, STOP, "430102"),
        ("dingtalk", 200, {"errcode": -1, "errmsg": "busy"}, AGAIN, "-1: busy"),
        ("dingtalk", 200, {"errcode": False}, AGAIN, "without errcode"),
        ("dingtalk", 200, b"<html>", AGAIN, "without errcode"),
        ("feishu", 400, {"code": 19021, "msg": "sign"}, STOP, "check the clock"),
        ("feishu", 200, {"code": 19024, "msg": "Key Words Not Found"}, STOP, "see prefix"),
        ("feishu", 200, {"code": 9499, "msg": "Bad Request"}, STOP, "9499"),
        ("feishu", 500, {"code": 0}, AGAIN, "500"),
        ("wecom", 200, {"errcode": 93000, "errmsg": "invalid"}, STOP, "see url"),
        ("wecom", 200, {"errcode": 40058, "errmsg": "long"}, STOP, "40058"),
        ("telegram", 200, {"ok": False, "error_code": 403, "description": "blocked"}, STOP, "blocked"),
        ("telegram", 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}, STOP, "Unauthorized"),
        ("telegram", 200, b"{", AGAIN, "without ok"),
        ("command", 1, b"no route", AGAIN, "exit code 1: no route"),
        ("command", 127, b"", STOP, "exit code 127"),
        ("command", -9, b"", AGAIN, "signal 9"),
        ("email", 421, b"try later", AGAIN, "421: try later"),
        ("email", 550, b"no such user", STOP, "550: no such user"),
    ],
)
def test_what_is_in_the_body(kind, status, body, what, reason):
    """A 200 with an error in it is an error, and it is said what to look at."""
    verdict = judged(kind, status, body)
    assert verdict.what == what
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("kind", "status", "body", "header", "wait"),
    [
        ("slack", 429, b"", "7", 7),
        ("slack", 503, b"", "Sat, 28 Nov 2026 20:03:25 GMT", 60),
        ("slack", 503, b"", "Sat, 28 Nov 2026 20:00:00 GMT", 0),
        ("slack", 429, b"", "86400", 900),
        ("slack", 429, b"", "soon", None),
        ("slack", 429, b"", "nan", None),
        ("slack", 429, b"", "-5", 0),
        ("discord", 429, {"retry_after": 1.5, "global": False}, None, 1.5),
        ("discord", 429, {"retry_after": 7500}, "7.5", 7.5),
        ("dingtalk", 200, {"errcode": 130101}, None, 600),
        ("dingtalk", 200, {"errcode": 90030}, None, 600),
        ("feishu", 400, {"code": 11232}, None, 60),
        ("feishu", 200, {"code": 99991400}, "3", 3),
        ("wecom", 200, {"errcode": 45009}, None, 60),
        ("telegram", 429, {"ok": False, "parameters": {"retry_after": 12}}, None, 12),
        ("telegram", 429, {"ok": False, "parameters": {"retry_after": "x"}}, None, None),
    ],
)
def test_when_again(kind, status, body, header, wait):
    """As long as the receiver asks for, in any of its ways, but no more than a quarter of an hour."""
    verdict = judged(kind, status, body, header)
    assert (verdict.what, verdict.wait) == (AGAIN, wait)


def test_a_chat_that_has_moved():
    """It says by which name, and is told at once by that."""
    body = {"ok": False, "error_code": 400, "description": "upgraded", "parameters": {"migrate_to_chat_id": -1009}}
    verdict = judged("telegram", 400, body)
    assert (verdict.what, verdict.moved, verdict.wait) == (AGAIN, "-1009", 0)


def test_no_answer():
    """What may have been taken is told apart from what cannot have been; what trying changes nothing at, stops."""
    for outcome, what, unanswered in [
        (Outcome(None, trouble="no answer", was_sent=True), AGAIN, True),
        (Outcome(None, trouble="refused"), AGAIN, False),
        (Outcome(None, trouble="no https", is_final=True), STOP, False),
    ]:
        verdict = answers.judge(KINDS["slack"], outcome, NOW)
        assert (verdict.what, verdict.unanswered, verdict.reason) == (what, unanswered, outcome.trouble)


def test_an_answer_that_repeats_the_secret():
    """It is not in what is told, which is short and steers nothing."""
    secret = "xoxb-0123456789-secret"
    verdict = judged("webhook", 403, f"no: {secret}\x1b[2J {'x' * 500}".encode(), known=[secret])

    assert secret not in verdict.reason
    assert "\x1b" not in verdict.reason
    assert len(verdict.reason) <= 200
