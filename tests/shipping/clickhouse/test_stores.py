"""An address means a store, or it is said what is wrong with it."""

from __future__ import annotations

import pytest

from session_monitor.shipping.clickhouse import stores
from session_monitor.shipping.clickhouse.stores import BadStoreError


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("clickhouse://ch.example.com/fleet", "clickhouse://ch.example.com:8443/fleet"),
        ("clickhouse://127.0.0.1/fleet?user=a&key=env:K", "clickhouse://127.0.0.1:8123/fleet"),
        ("file:/var/spool/rounds", "file:/var/spool/rounds"),
    ],
)
def test_stores(address, shown):
    """What is shown holds nothing that is secret."""
    assert stores.of(address, {}).shown == shown


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://x/fleet", "must begin with clickhouse:// or file:"),
        ("file:", "name a folder"),
        ("clickhouse://host", "names a host and a database"),
        ("clickhouse://me:SECRET@host/fleet", "behind the address"),
        ("clickhouse://host/fleet?key=SECRET", "a key must not be in an address"),
        ("clickhouse://host/fleet?gateway=a", "--gateway"),
        ("clickhouse://93.184.216.34/fleet?tls=no", "as anybody can read it"),
    ],
)
def test_what_is_none(address, words):
    """It is said what to do, without any secret."""
    with pytest.raises(BadStoreError) as raised:
        stores.of(address, {})
    assert words in str(raised.value)
    assert "SECRET" not in str(raised.value)


def test_the_gateways_name():
    """It is this machine's where none is given, and no name that cannot be told."""
    assert stores.gateway_named("gw 1") == "gw 1"
    assert stores.gateway_named("")
    for name in ("a\nb", "x" * 201):
        with pytest.raises(BadStoreError, match="printable"):
            stores.gateway_named(name)
