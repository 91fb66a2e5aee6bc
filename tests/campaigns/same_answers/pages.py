"""Are the pages the same, and the files that they are made of?

A file may have moved to another folder, so what names the folder is left out, and files are told by their content.
"""

from __future__ import annotations

import collections
import re
import urllib.parse

from tests.campaigns.same_answers.masks import UNLIKE_HEADERS
from tests.campaigns.same_answers.servers import fetch, serving
from tests.campaigns.same_answers.side_by_side import shortly

ELSEWHERE = {"X-Forwarded-For": "203.0.113.9"}
"""The header of a request that comes from another machine."""
_FILE = rb"[\w$.{}-]+\.(?:js|css|json|svg|png)"
_REFERENCE = re.compile(rb"""(["'`(])((?:\.{0,2}/|static/)(?:[\w.-]+/)*)(""" + _FILE + rb""")(?=["'`)])""")
"""How a page, or a file of it, names another file: quote, folders, name."""
_LANGUAGES = ("en", "zh-CN")
_PAGES = ("/", "/session?id=a", "/prices", "/coverage")


def compare_pages(campaign, log):
    """Compare the pages, and the files that they are made of, wherever these lie."""
    with serving(campaign, f"sessions/{log}", "--quiet") as ports:
        for path in _PAGES:
            compare_page(campaign, "pages", ports, path, {})
        before, after = campaign.pool.map(_static, ports)
    for content in sorted((before | after).keys()):
        for number in range(max(before[content], after[content])):
            which = [content if number < contents[content] else None for contents in (before, after)]
            campaign.verdict.compare("files of pages", f"the file {shortly(content[:60])}…", *which)


def compare_page(campaign, kind, ports, path, headers):
    """Ask both servers the same, where the answer may be a page or a file of it, and compare all but what moved."""
    replies = campaign.pool.map(lambda port: fetch(port, path, "GET", headers), ports)
    campaign.verdict.compare(kind, f"GET {path} {headers}", *map(_without_folders, replies))


def _without_folders(reply):
    """An answer without the folders in which files of pages lie, and without what follows from these."""
    kept = reply._replace(body=_REFERENCE.sub(rb"\1\3", reply.body))
    return kept.told((*UNLIKE_HEADERS, "etag", "content-length"))


def _static(port):
    """How often each content is among the files that the pages are made of; and what a stranger gets of them."""
    replies, waiting = {}, list(_PAGES)
    while waiting:
        path = waiting.pop()
        if path not in replies:
            replies[path] = fetch(port, path)
            waiting += [urllib.parse.urljoin(path, name) for name in _named(replies[path].body)]
    files = [path for path in replies if path not in _PAGES]
    strangers = [fetch(port, path, "GET", ELSEWHERE) for path in files]
    return collections.Counter(map(_without_folders, [*(replies[path] for path in files), *strangers]))


def _named(body):
    for _, folder, name in _REFERENCE.findall(body):
        for language in _LANGUAGES if b"${" in name else [""]:
            yield re.sub(r"\$\{\w+\}", language, (folder + name).decode())
