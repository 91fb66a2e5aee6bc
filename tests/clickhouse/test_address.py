"""An address says which database, which rounds and who asks; it holds no key, and sends none over an open network."""

from __future__ import annotations

import pytest

from session_monitor.clickhouse import address
from session_monitor.clickhouse.address import BadAddressError
from session_monitor.outgoing.secrets import NoSecretError


@pytest.mark.parametrize(
    ("text", "host", "port", "is_encrypted"),
    [
        ("clickhouse://127.0.0.1/fleet", "127.0.0.1", 8123, False),
        ("clickhouse://[::1]:9/fleet", "::1", 9, False),
        ("clickhouse://10.1.2.3/fleet?tls=yes", "10.1.2.3", 8443, True),
        ("clickhouse://ch.example.com/fleet", "ch.example.com", 8443, True),
        ("clickhouse://8.8.8.8/fleet", "8.8.8.8", 8443, True),
        ("clickhouse://ch/fleet?tls=no", "ch", 8123, False),
    ],
)
def test_where(text, host, port, is_encrypted):
    """On this machine and in networks of one's own without TLS, else with it."""
    found = address.of(text)
    assert (found.host, found.port, found.is_encrypted, found.database) == (host, port, is_encrypted, "fleet")


def test_which_rounds():
    """Gateways and a time, in no order."""
    found = address.of("clickhouse://localhost/fleet?gateway=b&since=2w&gateway=a&gateway=b")
    assert (found.gateways, found.since) == (("a", "b"), 14 * 86_400_000)
    assert found.shown == "clickhouse://localhost:8123/fleet?gateway=a&gateway=b&since=336h"


def test_who(tmp_path):
    """A user and a key are looked up where the address, or else the environment, says."""
    key = tmp_path / "key"
    key.write_text("secret\n")
    found = address.of(f"clickhouse://localhost/fleet?user=env:WHO&key=file:{key}")
    assert found.headers({"WHO": "me"}) == {"X-ClickHouse-User": "me", "X-ClickHouse-Key": "secret"}
    assert "secret" not in found.shown
    assert address.of("clickhouse://localhost/fleet").headers({"CLICKHOUSE_USER": "you"}) == {
        "X-ClickHouse-User": "you"
    }
    with pytest.raises(NoSecretError):
        found.headers({})
    with pytest.raises(NoSecretError, match="no header can hold"):
        found.headers({"WHO": "me\r\nX-Other: 1"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("clickhouse://localhost", "names a host and a database"),
        ("clickhouse:///fleet", "names a host and a database"),
        ("clickhouse://localhost/a;b", "names a host and a database"),
        ("clickhouse://localhost/a/b", "names a host and a database"),
        ("clickhouse://localhost:x/fleet", "is like"),
        ("clickhouse://u:pass@localhost/fleet", "named behind the address"),
        ("clickhouse://localhost/fleet?key=pass", "must not be in an address"),
        ("clickhouse://localhost/fleet?password=pass", "may stand"),
        ("clickhouse://localhost/fleet?tls=maybe", "yes or no"),
        ("clickhouse://8.8.8.8/fleet?tls=no", "anybody can read"),
        ("clickhouse://localhost/fleet?since=0d", "24h, 30d, 8w"),
        ("clickhouse://localhost/fleet?since=ever", "24h, 30d, 8w"),
    ],
)
def test_mistakes(text, why):
    """What is none says why, without what may be a key."""
    with pytest.raises(BadAddressError, match=why) as wrong:
        address.of(text)
    assert "pass" not in str(wrong.value).replace("password", "")
