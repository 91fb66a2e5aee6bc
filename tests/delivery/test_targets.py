"""Who is to be told stands in a file that others write into, too: theirs stays, and a mistake is told with what to do."""

from __future__ import annotations

import json
import os
import stat

import pytest

from session_monitor.delivery import receivers, targets
from session_monitor.delivery.targets import BadAlertsFileError, BadTargetError, of_row, of_words
from tests.support.alerting import write_targets

HOOK = "https://hooks.slack.com/services/T0123/B0456/abcdEFGHijklMNOPqrst1234"
SLACK = {"name": "ops", "kind": "slack", "url": HOOK}
MAIL = {"name": "mail", "kind": "email", "host": "mail.example.com", "from": "a@example.com", "to": ["b@example.com"]}


def test_no_file(tmp_path):
    """Nobody is told, and nothing is wrong."""
    assert targets.read(str(tmp_path)) == ([], [], ())


def test_add_and_remove_keep_what_is_others(tmp_path):
    """Rules, silences and what a later version has stay as they are; the file is its owner's alone, in a shared folder too."""
    os.chmod(tmp_path, 0o2750)
    write_targets(tmp_path, MAIL, rules={"a": [1]}, silences=["b"], later={"c": None})

    assert not targets.add(str(tmp_path), of_row(SLACK))
    assert targets.add(str(tmp_path), of_row({**MAIL, "port": 25}))
    assert targets.remove(str(tmp_path), "ops")
    assert not targets.remove(str(tmp_path), "ops")

    file = tmp_path / ".alerts.json"
    assert json.loads(file.read_text()) == {
        "schema_version": 1,
        "targets": [{**MAIL, "port": 25}],
        "rules": {"a": [1]},
        "silences": ["b"],
        "later": {"c": None},
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_another_part_of_the_file(tmp_path):
    """Whoever puts a part of theirs in its place leaves the targets as they are, also those with a mistake."""
    write_targets(tmp_path, SLACK, {"name": "wrong"})

    targets.replace_part(str(tmp_path), "silences", [{"rule": "a"}])

    kept = json.loads((tmp_path / ".alerts.json").read_text())
    assert (kept["targets"], kept["silences"]) == ([SLACK, {"name": "wrong"}], [{"rule": "a"}])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"targets": [', "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "must be an object"),
        ('{"targets": {}}', "targets must be a list"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, text, why):
    """That is the one mistake; nothing is written over it."""
    (tmp_path / ".alerts.json").write_text(text)

    found = targets.read(str(tmp_path))

    assert found.targets == []
    assert len(found.mistakes) == 1
    assert why in found.mistakes[0]
    with pytest.raises(BadAlertsFileError, match=why):
        targets.add(str(tmp_path), of_row(SLACK))
    assert (tmp_path / ".alerts.json").read_text() == text


def test_one_mistake_leaves_the_others(tmp_path):
    """Each is told by its name or its place; the others are told of what happens."""
    write_targets(tmp_path, SLACK, {"kind": "slack"}, {"name": "b", "kind": "pigeon"}, SLACK, MAIL, 7)

    found = targets.read(str(tmp_path))

    assert [target.name for target in found.targets] == ["ops", "mail"]
    assert [text.partition(":")[0] for text in found.mistakes] == ["target 2", "target b", "target ops", "target 6"]
    assert found.named("mail").kind == "email"
    assert found.named("nobody") is None


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({**SLACK, "name": "a b"}, "name must be"),
        ({**SLACK, "kind": "pigeon"}, "kind must be one of command, webhook"),
        ({**SLACK, "channel": "#a"}, "channel is no option of slack: there are url"),
        ({"name": "a", "kind": "telegram"}, "telegram needs token and chat_id"),
        ({**SLACK, "url": "ftp://example.com/a"}, "begins with https"),
        ({**SLACK, "url": "hooks.slack.com"}, "begins with https"),
        ({**SLACK, "url": "https://a:b@example.com"}, "has a user in it"),
        ({**SLACK, "url": "https://[1/"}, "is no address"),
        ({**SLACK, "url": "http://8.8.8.8/hook"}, "would go over the network"),
        ({**SLACK, "url": "https://example.com/a b"}, "begins with https"),
        ({**SLACK, "allow_http": "yes"}, "must be true or false"),
        ({**SLACK, "prefix": "a\nb"}, "on one line"),
        ({"name": "a", "kind": "command", "argv": "rm"}, "must be a list"),
        ({"name": "a", "kind": "command", "argv": []}, "must be a list"),
        ({**MAIL, "port": 99999}, "number from 1 to 65535"),
        ({**MAIL, "port": True}, "number from 1 to 65535"),
        ({**MAIL, "security": "some"}, "one of starttls, tls, none"),
        ({**MAIL, "user": "a"}, "go together"),
        ({**MAIL, "to": ["nobody"]}, "must be addresses"),
        ({**MAIL, "user": "a", "password": "b", "security": "none"}, "a password would go"),
        ("slack", "must be an object"),
    ],
)
def test_what_cannot_be_a_target(row, why):
    """It is said what is wrong, and what there is."""
    with pytest.raises(BadTargetError, match=why) as raised:
        of_row(row)
    assert HOOK not in str(raised.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a", "http://localhost/a", "http://10.1.2.3/", "http://[::1]/x"])
def test_http_to_ones_own(url):
    """What does not leave a network of one's own may go without encryption; so may all, if somebody says so."""
    assert of_row({**SLACK, "url": url}).where().startswith("http://")
    assert of_row({**SLACK, "url": "http://8.8.8.8/hook", "allow_http": True}).kind == "slack"


def test_typed():
    """Options are typed as name=value, and become what they are."""
    mail = of_words("m", "email", ["host=h", "port=587", "from=a@b", "to=c@d, e@f,g@h", "allow_http=true"])
    program = of_words("p", "command", ["argv=/bin/notify --title 'two words'"])

    assert mail.options == {"host": "h", "port": 587, "from": "a@b", "to": ["c@d", "e@f", "g@h"], "allow_http": True}
    assert program.options == {"argv": ["/bin/notify", "--title", "two words"]}
    for words in (["url"], ["url=x"], ["colour=red"]):
        with pytest.raises(BadTargetError):
            of_words("a", "slack", words)
    with pytest.raises(BadTargetError, match="quotation mark"):
        of_words("p", "command", ["argv='a"])


def test_secrets_of_a_target(tmp_path):
    """They are looked up when they are needed, judged as if they stood there, and never shown."""
    target = of_row({"name": "a", "kind": "webhook", "url": "env:HOOK", "secret": "plain-secret-of-mine"})

    assert target.resolved({"HOOK": HOOK}).option("url") == HOOK
    assert target.resolved({"HOOK": HOOK}).known_secrets() == [HOOK, "plain-secret-of-mine"]
    assert target.typed_secrets() == ["secret"]
    assert target.shown() == {"url": "env:HOOK", "secret": "…mine"}
    with pytest.raises(BadTargetError, match="begins with https"):
        target.resolved({"HOOK": "nonsense"})
    bearer = of_row({"name": "a", "kind": "ntfy", "topic": "t", "token": "env:T"})
    with pytest.raises(BadTargetError, match="token has characters") as raised:
        bearer.resolved({"T": "tk_a b"})
    for text in (repr(target), repr(target.resolved({"HOOK": HOOK})), str([target]), str(raised.value)):
        assert "secret-of" not in text
        assert "abcdEFGH" not in text
        assert "tk_a" not in text


def test_words_of_a_program():
    """Somebody may have put a secret among them: the first alone is shown."""
    target = of_row({"name": "a", "kind": "command", "argv": ["/bin/curl", "-H", "Authorization: Bearer x"]})
    assert (target.where(), target.shown()) == ("/bin/curl", {"argv": ["/bin/curl", "…"]})


def test_each_kind_says_where():
    """A row that has all that its kind needs is a target, and shows where it goes without its secrets."""
    words = {"words": ["/bin/true"], "addresses": ["a@b"], "text": "a@0123456789abcdef", "url": HOOK}
    for kind, receiver in receivers.all_kinds().items():
        needed = {name: words[option.form] for name, option in receiver.options.items() if option.required}
        target = of_row({"name": "a", "kind": kind, **needed})
        assert target.where()
        assert "abcdEFGH" not in f"{target.where()}{target.shown() if kind != 'alertmanager' else ''}"
