"""At which address is a session's page, or that of all?"""

from __future__ import annotations

import urllib.parse

PAGE = "/session"


def of_all(base: str, key: str | None = None) -> str:
    """The address of the overview, from which all sessions are reached; the key that belongs to it opens everything."""
    return f"{base}/" + (f"?key={key}" if key else "")


def of_session(base: str, session_id: str, key: str | None = None) -> str:
    """The address, with a key where one is given; ``base`` is what stands before it: ``http://localhost:8888``."""
    quoted = urllib.parse.quote(session_id, safe=":", errors="surrogatepass")
    return f"{base}{PAGE}?id={quoted}" + (f"&key={key}" if key else "")
