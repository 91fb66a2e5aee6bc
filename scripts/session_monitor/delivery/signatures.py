"""How does a receiver know that it was us?  All are HMAC-SHA256; DingTalk and Feishu have key and message swapped."""

from __future__ import annotations

import base64
import hashlib
import hmac
import urllib.parse


def of_body(secret: str, body: bytes) -> str:
    """What X-ASM-Signature holds: of the very bytes that are sent."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def dingtalk(secret: str, milliseconds: int) -> str:
    """What stands in the query as ``sign``, already quoted."""
    code = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256).digest()
    return urllib.parse.quote_plus(base64.b64encode(code))


def feishu(secret: str, seconds: int) -> str:
    """What stands in the body as ``sign``."""
    code = hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(code).decode()
