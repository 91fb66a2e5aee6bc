"""Signatures are those that the receivers work out."""

from __future__ import annotations

import hashlib
import hmac

from session_monitor.delivery import signatures

SECRET = "SEC0"


def test_dingtalk():
    """The known vector, quoted for the query."""
    signed = signatures.dingtalk(SECRET, 1_795_893_345_000)
    assert signed == "ae6AcoFh1DWlYoD%2BP76AzxLwTwlEHAcW4wgerswfJio%3D"


def test_feishu():
    """The known vector."""
    assert signatures.feishu(SECRET, 1_795_893_345) == "xAj3FDo4x7uRUE6miU9OzjgiQRybShwhHMwLgN70MyY="


def test_body():
    """Of the bytes as they are sent; RFC 4231, test case 2."""
    signed = signatures.of_body("Jefe", b"what do ya want for nothing?")
    assert signed == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signed == "sha256=" + hmac.new(b"Jefe", b"what do ya want for nothing?", hashlib.sha256).hexdigest()
