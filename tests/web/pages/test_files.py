"""The files that the pages are made of: texts, markup, modules."""

from __future__ import annotations

import json
import posixpath
import re

from session_monitor.base import data_tables
from session_monitor.insight.basis import limits
from tests.support.page_markup import BEGIN, PAGES, begun
from web import static


def texts_in(language):
    """The texts of a language."""
    return json.loads((PAGES / "texts" / f"texts.{language}.json").read_text(encoding="utf-8"))


def sources():
    """All code and markup of the pages."""
    return {
        path.relative_to(PAGES).as_posix(): begun(path.read_text(encoding="utf-8"))
        for path in PAGES.rglob("*")
        if path.suffix in (".js", ".html") and path != PAGES / BEGIN
    }


def imported(name):
    """The modules that a module imports, by their paths within the folder."""
    folder = posixpath.dirname(name)
    return [
        posixpath.normpath(posixpath.join(folder, path)) for path in re.findall(r'from "([\w./]+)"', sources()[name])
    ]


def test_every_text_is_in_both_languages_and_used():
    """No key lacks a translation, none is left over, and none is asked for that is not there."""
    english, chinese = texts_in("en"), texts_in("zh-CN")
    code = "\n".join(sources().values())
    asked = set(re.findall(r'\bt\(\s*"([^"]+)"', code)) | set(re.findall(r'data-(?:text|label|hint)="([^"]+)"', code))

    assert list(english) == list(chinese)
    assert [key for key in english if f'"{key}"' not in code] == []
    assert asked - set(english) == set()


def test_translations_say_the_same_values():
    """A translation names the values that the original names; what counts has a form for one and for many."""

    def names(text):
        forms = text.values() if isinstance(text, dict) else [text]
        return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}

    english, chinese = texts_in("en"), texts_in("zh-CN")
    assert {
        key: names(english[key]) ^ names(chinese[key]) for key in english if names(english[key]) != names(chinese[key])
    } == {}
    assert [key for key, text in english.items() if isinstance(text, dict) and set(text) != {"one", "other"}] == []


def test_pages_make_no_markup_of_text_and_ask_nobody_else():
    """No way from text to markup or code is used, nothing stands inline, and no other address is named."""
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc|javascript:|https?://(?!www\.w3\.org/2000/svg)"
    for name, text in sources().items():
        assert re.findall(forbidden, text) == [], name
        if name.endswith(".html"):
            assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text) == [], name
    for path in PAGES.rglob("*.css"):
        assert re.findall(r"@import|url\(", path.read_text(encoding="utf-8")) == [], path.name


def test_a_page_is_made_of_its_own_folder_and_of_what_all_share():
    """No page needs a module of another, and what is shared needs no page.

    Of what is shared, elements come first, then words, addresses and answers, what a reader sees and presses, and findings: none
    needs what comes behind it.
    """
    used = {}
    for name in sources():
        used.setdefault(posixpath.dirname(name), set()).update(map(posixpath.dirname, imported(name)))
    shared = ["shared", "shared/text", "shared/net", "shared/ui", "shared/findings"]
    of_session = ["session/rounds", "session/figures", "session/reading", "session"]

    assert set(used) == {
        "",
        "overview",
        "refusal",
        "prices",
        "coverage",
        "compare",
        "alerts",
        "insights",
        *shared,
        *of_session,
    }
    for folder, needed in used.items():
        before = shared.index(folder) + 1 if folder in shared else len(shared)
        own = {"session": of_session, "session/figures": of_session[:1], "session/reading": of_session[:1]}.get(
            folder, []
        )
        assert needed <= {folder, *shared[:before], *own}, folder


def test_no_folder_has_more_modules_than_one_reads_at_a_glance():
    """Sixteen."""
    folders = [posixpath.dirname(name) for name in sources() if name.endswith(".js")]

    assert {folder: folders.count(folder) for folder in folders if folders.count(folder) > 16} == {}


def test_addresses_count_from_the_page():
    """None begins at the root of the host: the pages may stand below another path, behind a proxy."""
    rooted = r"""(?:href|src)="/|(?:href|src|action): ?["`]/|fetch\(["`]/|EventSource\(["`]/"""
    assert {name: found for name, text in sources().items() if (found := re.findall(rooted, text))} == {}


def test_every_address_of_a_file_leads_to_one():
    """What the pages load stands where they look for it."""
    named = {f"/{address}" for text in sources().values() for address in re.findall(r'["`}](static/[^"`]+)', text)}
    languages = {re.sub(r"\$\{[\w.]+\}", tag, address) for address in named for tag in ("en", "zh-CN")}

    assert languages <= set(static.files())
    assert {"/static/texts/texts.en.json", "/static/shared/early.js", "/static/session/session.js"} <= languages


def test_findings_are_named_and_translated():
    """Each kind of finding stands in its group, and each sentence has a translation that names the same values."""
    rules = data_tables.beside(limits.__file__, "rules.json")["rules"]
    code = (PAGES / "shared" / "findings" / "words.js").read_text(encoding="utf-8")
    groups = {
        group: re.findall(r"(\w+): \"kind\.", kinds)
        for group, kinds in re.findall(r"^  (\w+): \{ (.*) \},$", code, re.MULTILINE)
    }
    assert {kind: group for group, kinds in groups.items() for kind in kinds} == {
        kind: rule["group"] for kind, rule in rules.items()
    }
    path = PAGES / "texts" / "findings.zh-CN.json"
    assert values_in(json.loads(path.read_text(encoding="utf-8"))) == values_in(rules)


def values_in(kinds):
    """The values that each sentence names, by its kind, by what it is, and by its variant where there are several."""
    said = {}
    for kind, row in kinds.items():
        for name in ("words", "advice"):
            forms = row.get(name, {})
            for variant, text in forms.items() if isinstance(forms, dict) else [("", forms)]:
                said[kind, name, variant] = set(re.findall(r"\{(\w+)\}", text))
    return said
