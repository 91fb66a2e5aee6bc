"""Are words found as people write them, where they stand, and is no text ever syntax?"""

from __future__ import annotations

import contextlib
import re
import sqlite3

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_monitor.search import words as full_text
from session_monitor.search.words import Finder, Word

ANYTHING = st.text(st.characters(codec=None), max_size=60)  # half surrogate pairs as well
TEXT = (
    st.text(st.sampled_from("aäAÄzZ19 _-.*\"'“”():^+\n\0{}中文天気がカ서울ไทย🙂\u0301\udc80"), max_size=40) | ANYTHING
)


TABLE = f"CREATE VIRTUAL TABLE text USING fts5(a, b, content = '', tokenize = '{full_text.TOKENIZER}')"


def is_found(query, a, b="", column=None):
    """Whether a row with these texts matches, in a full-text table as the search index has it."""
    expression = full_text.match(full_text.words(query), column)
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.execute(TABLE)
        db.execute("INSERT INTO text(rowid, a, b) VALUES (1, ?, ?)", (full_text.spaced(a), full_text.spaced(b)))
        return db.execute("SELECT rowid FROM text WHERE text MATCH ?", (expression,)).fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("beijing  weather", [Word("beijing"), Word("weather")]),
        ('say "connection refused" now', [Word("say"), Word("connection refused"), Word("now")]),
        ("“connection refused”", [Word("connection refused")]),
        ("weath*", [Word("weath*", is_beginning=True)]),
        ('"bad wea"*', [Word("bad wea", is_beginning=True)]),
        ("AND OR NOT NEAR(a)", [Word("AND"), Word("OR"), Word("NOT"), Word("NEAR(a)")]),
        ("answer:x", [Word("answer:x")]),
        ("北京天气", [Word("北京天气")]),
        ("twice twice", [Word("twice")]),
        ('- * " ☀️ ""', []),
        ("", []),
    ],
)
def test_what_a_query_means(text, words):
    """Words, phrases in quotes of any kind, beginnings; what holds no letter or digit is left out."""
    assert full_text.words(text) == tuple(words)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("zurich", "in Zürich;"),
        ("ZÜRICH", "in zurich"),
        ("get_weather", "get_weather({})"),
        ("weath*", "bad Weather"),
        ('"bad wea"*', "bad weather"),
        ("天气", "查询北京天气，并"),
        ("京天", "查询北京天气，并"),
        ("北京 weather", "weather in 北京"),
        ("天気", "今日の天気は"),
        ("ありが", "ありがとう"),
        ("서울", "서울은 춥다"),
        ("v1.2", "release v1.2 is out"),
        ("e\u0301tude", "\u00e9tude"),
        ("\u00e9tude", "e\u0301tude"),
        ("か\u3099", "が"),
    ],
)
def test_what_is_found(query, text):
    """Case, accents and composition do not matter, and any part of a text without spaces is found and is marked."""
    assert is_found(query, text)
    excerpt = Finder(full_text.words(query)).excerpt(text)
    assert excerpt.matches
    assert excerpt.words == len(full_text.words(query))


@pytest.mark.parametrize(
    ("query", "text"),
    [("weath", "weather"), ("eather", "weather"), ("北京", "北方的南京"), ('"a c"', "a b c"), ("天氣", "天气")],
)
def test_what_is_not_found(query, text):
    """A word is found whole, and a phrase only as it stands."""
    assert not is_found(query, text)
    assert not Finder(full_text.words(query)).excerpt(text).matches


def test_words_stand_in_any_column_or_in_one():
    """All of the words have to be there, wherever; with a column, in that one."""
    assert is_found("cold beijing", "cold", "beijing")
    assert not is_found("cold beijing", "cold", "warm")
    assert not is_found("cold beijing", "cold", "beijing", column="a")
    assert is_found("cold beijing", "beijing is cold", column="a")
    assert not is_found("cold", "", "cold", column="a")


@given(TEXT)
@example('"')
@example("a\0b")
@example("* ^ - + : ( ) { } NEAR AND")
def test_no_query_is_ever_an_error(query):
    """Whatever somebody types, FTS5 takes it for words."""
    has_words = bool(full_text.words(query))
    assert is_found(query, query) <= has_words
    assert not is_found(query, query, column="b")


@given(TEXT, st.data())
def test_every_word_of_a_text_finds_it(text, data):
    """What stands between spaces in a text is found as it stands there."""
    words = [word for word in re.split(r"[\s\0\"“”]+", text) if full_text.words(word)]
    if words:
        word = data.draw(st.sampled_from(words)).rstrip("*")
        assert is_found(word, text)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1), ANYTHING, st.data())
def test_every_part_of_a_chinese_text_finds_it(chinese, around, data):
    """There are no words to be told apart: any characters that follow each other are found."""
    start = data.draw(st.integers(0, len(chinese) - 1))
    end = data.draw(st.integers(start + 1, len(chinese)))
    assert is_found(chinese[start:end], around + chinese + around)


# -- excerpts ----------------------------------------------------------------------------------------------------------


@given(TEXT, TEXT)
def test_an_excerpt_of_anything(query, text):
    """An excerpt is one line, its matches are spans of it in order, and none is empty."""
    excerpt = Finder(full_text.words(query)).excerpt(text)
    assert "\n" not in excerpt.text
    ends = [0, *(place for span in excerpt.matches for place in span), len(excerpt.text)]
    assert ends == sorted(ends)
    assert all(start < end for start, end in excerpt.matches)


def test_an_excerpt_shows_where_the_words_stand():
    """Some words before the first match, some behind it, none of them cut, and the same of Chinese."""
    text = "lorem ipsum " * 100 + "the needle here " + "dolor sit " * 100
    excerpt = Finder(full_text.words("needle")).excerpt(text)
    (start, end) = excerpt.matches[0]
    assert excerpt.text[start:end] == "needle"
    assert 140 < len(excerpt.text) < 200
    assert set(excerpt.text.strip("…").split()) == {"lorem", "ipsum", "the", "needle", "here", "dolor", "sit"}
    assert excerpt.text[0] == excerpt.text[-1] == "…"

    chinese = Finder(full_text.words("天气")).excerpt("好" * 500 + "天气" + "坏" * 500)
    assert [chinese.text[start:end] for start, end in chinese.matches] == ["天气"]
    assert 150 < len(chinese.text) < 170


@pytest.mark.parametrize("into", range(1, 9))
def test_a_word_that_the_beginning_of_an_excerpt_would_cut(into):
    """It is shown whole."""
    between = "x" * (full_text._LEAD - len("beginning") + into - 2)
    text = f"{'z ' * 50}beginning {between} needle {'y ' * 200}"
    assert Finder(full_text.words("needle")).excerpt(text).text.startswith(f"…beginning {between} needle")


def test_an_excerpt_shows_where_most_words_stand_together():
    """A place with both words goes before an earlier one with one of them; all are marked."""
    text = "red " + "x " * 300 + "Red and blue, RED" + " y" * 300
    excerpt = Finder(full_text.words("blue red")).excerpt(text)
    assert [excerpt.text[start:end] for start, end in excerpt.matches] == ["Red", "blue", "RED"]
    assert excerpt.words == 2


def test_an_excerpt_without_a_match_is_the_beginning():
    """What FTS5 finds and this does not is shown from its beginning."""
    excerpt = Finder(full_text.words("none")).excerpt("a\tb\n c " * 100)
    assert excerpt.text.startswith("a b c a b c")
    assert excerpt.matches == []
    assert excerpt.words == 0


@pytest.mark.parametrize("word", ["w{}", "w{}*", "天气 w{}", "a-{}"])
def test_too_many_words(word):
    """Each word costs some time for every text that is shown, also one in quotes, or between other signs."""
    pieces = 1 if word.startswith("w") else 2

    def query(count, around="{}"):
        return full_text.words(around.format(" ".join(word.format(number) for number in range(count))))

    most = full_text.MOST // pieces
    assert not full_text.are_too_many(query(most, '"{}"'))
    assert full_text.are_too_many(query(most + 1, '"{}"'))
    if word != "天气 w{}":  # the same word twice is one
        assert not full_text.are_too_many(query(most))
        assert full_text.are_too_many(query(most + 1))


@pytest.mark.parametrize("text", ["天气" * 500, "same " * 500, "- " * 500, '"' * 500, "ไทย" * 500])
def test_what_is_one_word_or_none(text):
    """What is written without spaces may be as long as somebody likes."""
    assert not full_text.are_too_many(full_text.words(text))


@pytest.mark.parametrize("text", ["*a" * 300, "a_" * 300, '"' + "a " * 300 + '"'])
def test_words_in_disguise(text):
    """However they are put together, they are many."""
    assert full_text.are_too_many(full_text.words(text))
