"""Is an address one that something may be sent to, and is it of this machine or a network of one's own?"""

from __future__ import annotations

import ipaddress
import re
import urllib.parse

NO_ADDRESS = "is no address such as https://example.com/hook"
NO_HTTP = "must be an address that begins with https://, or with http:// for this machine"
HAS_USER = "has a user in it, which is not sent"
IS_OPEN = "would go over the network as anybody can read it: use https"
"""What may be wrong with an address."""
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


def mistake_in(url: str, *, is_http_allowed: bool) -> str | None:
    """What is wrong with an address, with nothing of it in the words, as it may be secret; None where nothing is."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return NO_ADDRESS
    if parts.scheme not in ("http", "https") or not host or not _PRINTABLE.fullmatch(url):
        return NO_HTTP
    if parts.username is not None:
        return HAS_USER
    if parts.scheme == "http" and not is_http_allowed and is_private(host) is False:
        return IS_OPEN
    return None


def is_private(host: str) -> bool | None:
    """Whether an address is of this machine or a network of one's own; None for a name that would have to be looked up."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return address.is_private or address.is_loopback or address.is_link_local
