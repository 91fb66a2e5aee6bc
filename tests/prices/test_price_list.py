"""Which prices are known?

data/mistakes.json holds lists with a mistake, line by line, with the line that is told and the message; where
that depends on the Python, or is long, it ends in ``…``.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_monitor.own_prices import price_check
from session_monitor.prices import own_words, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.model_names import canonical
from session_monitor.prices.price_list import BadPriceListError, PriceList, UndecodedPriceList

DATA = Path(__file__).parent / "data"
MISTAKES = json.loads((DATA / "mistakes.json").read_text(encoding="utf-8"))
MODEL = '{"prices": [{"input": "1", "output": "2"}]}'


@pytest.fixture
def path(tmp_path):
    """Where a list is read and written."""
    return str(tmp_path / "prices.json")


def put(path, text):
    """Make a file of text or bytes."""
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())


# --- A list with a mistake --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["name"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_mistake_is_told_with_its_line(path, mistake, line_end):
    """A list with a mistake is refused whole; the message names the file, the line and what is wrong there."""
    put(path, line_end.join(mistake["lines"]))
    place = f"{path}, line {mistake['line']}: " if mistake["line"] else f"{path}: "

    with pytest.raises(BadPriceListError) as raised:
        price_check.read(path)
    if mistake["message"].endswith("…"):
        assert str(raised.value).startswith(place + mistake["message"][:-1])
    else:
        assert str(raised.value) == place + mistake["message"]


@pytest.mark.parametrize(
    "text",
    [
        b"\x00" * 100,
        b"\xff\xfe{\x00}\x00",
        b"\x80\x81",
        "[" * 100_000,
        '{"schema": 1, "models": ' + '{"a":' * 100_000,
        '{"schema": 1, "models": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"schema": 1, "generated": ' + "9" * 5000 + "}",
        '{"schema": ' + "9" * 5000 + "}",
        '{"schema": 1e999}',
        '{"schema": NaN}',
    ],
    ids=["zeros", "UTF-16", "no UTF-8", "deep", "deep objects", "deep and closed", "huge", "huge schema", "inf", "nan"],
)
def test_what_is_no_list_at_all_is_told(path, text):
    """Whatever stands in the file, the answer is that it is no price list."""
    put(path, text)

    with pytest.raises(BadPriceListError, match=r"prices\.json"):
        price_check.read(path)


@given(st.binary(max_size=50) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_told(tmp_path_factory, data):
    """No file breaks the reader: what is no list is called that."""
    path = str(tmp_path_factory.getbasetemp() / "any-bytes.json")
    put(path, data)

    with pytest.raises(BadPriceListError):
        price_check.read(path)


@pytest.mark.parametrize("depth", [10, 100, *range(900, 1000, 7)])
def test_deep_value_in_a_price_is_told(path, depth):
    """A value that can just be decoded, and no deeper one could, does not break the check or its message."""
    put(path, f'{{"schema": 1, "models": {{"m-1": {{"prices": [{{"input": {"[" * depth}{"]" * depth}}}]}}}}}}')

    with pytest.raises(BadPriceListError):
        price_check.read(path)


def test_message_of_a_hostile_name_is_one_error(path):
    """A name that looks like a pattern, or is written with escapes, is found or has no line, but breaks nothing."""
    put(path, '{"schema": 1, "models": {\n"a.*(b": {},\n"\\u0062ad": {}}}')

    with pytest.raises(BadPriceListError, match=r"line 2: a\.\*\(b: prices: must be a list of rows"):
        price_check.read(path)


# --- A good list ------------------------------------------------------------------------------------------------------


def test_no_file_is_an_empty_list(path):
    """A person without prices of their own has an empty list, which knows its place."""
    assert price_check.read(path)._replace(digest="") == PriceList(path)


def test_file_that_cannot_be_read_is_no_empty_list(tmp_path):
    """Prices that cannot be read are not passed over as none."""
    with pytest.raises(OSError, match="is a folder"):
        price_check.read(str(tmp_path))


def test_list_is_read_under_canonical_names(path):
    """A list may use any names for its models; what they lead to stays as it stands."""
    put(
        path,
        f"""{{"schema": 1, "currency": "USD", "unit": "1M tokens", "generated": "2026-11-22",
        "aliases": {{"My GPT": "azure/GPT-4o"}},
        "rates": {{"CNY": [{{"from": "2026-01-01", "usd": "0.14"}}]}},
        "vendor_defaults": {{"somebody": {{"cache_read": "0.5x"}}}},
        "models": {{"Qwen/Qwen3.5 Max": {MODEL}}}}}""",
    )

    assert price_check.read(path)._replace(digest="") == PriceList(
        path,
        {"qwen3-5-max": {"prices": [{"input": "1", "output": "2"}]}},
        {"my-gpt": "azure/GPT-4o"},
        {"CNY": [{"from": "2026-01-01", "usd": "0.14"}]},
        {"somebody": {"cache_read": "0.5x"}},
    )


def test_byte_order_mark_is_passed_over(path):
    """A list that an editor saved with a byte order mark is a list."""
    put(path, b'\xef\xbb\xbf{"schema": 1, "models": {"m-1": ' + MODEL.encode() + b"}}")

    assert list(price_check.read(path).models) == ["m-1"]


def test_shipped_list_reads_like_any_other():
    """The list that comes with the monitor holds what it would if it were checked, and says how old it is."""
    shipped = price_list.shipped()

    assert price_check.read(price_list.SHIPPED) == shipped
    assert len(shipped.models) > 500
    assert shipped.digest


def test_shipped_list_is_as_it_would_be_written():
    """The shipped list has one model a line, in order: a change of one price is a change of one line."""
    text = Path(price_list.SHIPPED).read_bytes()
    document = json.loads(text)
    models = document.pop("models")

    assert price_list.dumped(document, models) == text
    assert text.count(b"\n") == len(models) + len(document) + 2


# --- Writing ----------------------------------------------------------------------------------------------------------

FULL = PriceList(
    models={
        "b-1": {"vendor": "somebody", "note": "für “uns”", "prices": [{"from": None, "input": "1", "output": "2"}]},
        "a-1": {"prices": [{"input": "1", "output": "2"}, {"from": "2026-01-01", "input": "2", "output": "3"}]},
    },
    aliases={"mine": "gpt-4o", "中文": "o3"},
    rates={"CNY": [{"from": "2026-01-01", "usd": "0.14"}]},
    vendor_defaults={"somebody": {"cache_read": "0.5x"}},
    sellers={"*eu*": "azure", "*": "bedrock"},
    assume=({"cache_write": "1h", "model": "m-*"}, {"cache": "beside"}),
)


def test_written_list_has_one_model_a_line(path):
    """A list can be read, compared and corrected by hand: each part and each model on a line of its own, in order."""
    price_list.write(FULL._replace(path=path))

    assert Path(path).read_text(encoding="utf-8").splitlines() == [
        '{"schema": 1,',
        '"currency": "USD",',
        '"unit": "1M tokens",',
        '"vendor_defaults": {"somebody":{"cache_read":"0.5x"}},',
        '"rates": {"CNY":[{"from":"2026-01-01","usd":"0.14"}]},',
        '"aliases": {"mine":"gpt-4o","中文":"o3"},',
        '"sellers": {"*eu*":"azure","*":"bedrock"},',
        '"assume": [{"cache_write":"1h","model":"m-*"},{"cache":"beside"}],',
        '"models": {',
        '"a-1": {"prices":[{"input":"1","output":"2"},{"from":"2026-01-01","input":"2","output":"3"}]},',
        '"b-1": {"vendor":"somebody","note":"für “uns”","prices":[{"from":null,"input":"1","output":"2"}]}',
        "}}",
    ]


def test_written_list_is_private(path):
    """What somebody pays is for their eyes only, whatever the umask and the file before."""
    put(path, "{}")
    os.chmod(path, 0o644)
    old = os.umask(0)
    try:
        price_list.write(FULL._replace(path=path))
    finally:
        os.umask(old)

    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.listdir(os.path.dirname(path)) == ["prices.json"]


@pytest.mark.parametrize("part", ["models", "aliases", "rates", "vendor_defaults", "sellers", "assume"])
def test_list_with_one_part_is_kept(path, part):
    """A list of aliases or rates alone is no empty list."""
    prices = PriceList(path)._replace(**{part: getattr(FULL, part)})
    price_list.write(prices)

    assert price_check.read(path)._replace(digest="") == prices


def test_empty_list_takes_the_file_away(path):
    """Who has taken back all of their prices has no file any more; without one there is nothing to take away."""
    price_list.write(FULL._replace(path=path))
    price_list.write(PriceList(path))
    assert not os.path.exists(path)

    price_list.write(PriceList(path))
    assert not os.path.exists(path)


PRICE = st.builds("{}.{}".format, st.integers(0, 999), st.integers(0, 999_999)) | st.integers(0, 99).map(str)
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=8)
KEY = ANY_TEXT.map(canonical).filter(lambda key: key and canonical(key) == key)
DAY = st.dates().map(lambda day: day.isoformat())


@st.composite
def rows(draw):
    """The rows of a model, by date."""
    days = sorted(draw(st.sets(DAY, max_size=2)))
    return [
        {
            **({"from": day} if day or draw(st.booleans()) else {}),
            "input": draw(PRICE),
            "output": draw(PRICE),
            **draw(st.dictionaries(st.sampled_from(price_check.CACHE_PRICES), PRICE, max_size=2)),
            **draw(st.fixed_dictionaries({}, optional={"source": ANY_TEXT, "note": ANY_TEXT, "observed": DAY})),
        }
        for day in [None, *days]
    ]


@st.composite
def lists(draw):
    """A list of one's own, with names of every kind."""
    names = draw(st.lists(KEY, unique=True, max_size=5))
    cut = draw(st.integers(0, len(names)))
    return PriceList(
        models={name: {"vendor": draw(ANY_TEXT), "prices": draw(rows())} for name in names[:cut]},
        aliases={name: draw(KEY) for name in names[cut:]},
        rates=draw(
            st.dictionaries(
                st.sampled_from(["CNY", "EUR"]), st.builds(lambda day: [{"from": day, "usd": "0.5"}], DAY), max_size=2
            )
        ),
        sellers=draw(
            st.dictionaries(ANY_TEXT.filter(str.strip), st.sampled_from(["azure", "own_machine"]), max_size=2)
        ),
        patterns={pattern: {"prices": draw(rows())} for pattern in draw(st.sets(st.sampled_from(["b*", "a?", "*"])))},
        discounts=draw(st.just(()) | st.lists(st.sampled_from(DISCOUNTS), min_size=1, max_size=3)),
    )


DISCOUNTS = [
    {"seller": "openai", "percent": "15"},
    {"seller": "azure", "percent": "-2.5", "from": "2026-01-01", "until": "2026-01-01", "model": "gpt-*"},
]


def has_circle(prices):
    """Whether second names go in a circle, which is a mistake."""
    return any(own_words.way(name, [prices])[1] for name in prices.aliases)


@given(lists().filter(lambda prices: not has_circle(prices)))
@example(PriceList(models={"\ud800": {"prices": [{"input": "1", "output": "2", "note": "\udcff\\\ude00\n"}]}}))
def test_list_comes_back_as_it_was_written(tmp_path_factory, prices):
    """Whatever is written is read again: no name and no text is changed by the way through the file."""
    prices = prices._replace(path=str(tmp_path_factory.getbasetemp() / "round-trip.json"))
    price_list.write(prices)

    assert price_check.read(prices.path)._replace(digest="") == prices
    if any((prices.models, prices.aliases, prices.rates, prices.sellers, prices.patterns, prices.discounts)):
        lazily = UndecodedPriceList(prices.path, Path(prices.path).read_bytes()).decoded()
        assert lazily._replace(digest="") == prices


def test_models_are_decoded_as_they_are_asked_for(path):
    """A list written one model a line answers for one without the others; a broken one is told with its line."""
    text = price_list.dumped({"schema": 1}, {"a": {"prices": [1]}, "b": {"prices": [2]}, "c": {}}).decode()
    broken = UndecodedPriceList(path, text.replace("[2]", "[2").encode()).decoded()

    assert broken.models["a"] == {"prices": [1]}
    assert sorted(broken.models) == ["a", "b", "c"]
    with pytest.raises(BadPriceListError, match="line 4: not JSON"):
        broken.models["b"]


@pytest.mark.parametrize("models", ['{"a": {}}', '{\n"a": {},\n"a\\u0020b": {}\n}', '{\n"a" : {}\n}', "{\n\n}"])
def test_models_in_another_layout(path, models):
    """However a list is laid out, its models are those that any JSON reader finds."""
    prices = UndecodedPriceList(path, f'{{"schema": 1,\n"models": {models}}}\n'.encode()).decoded()

    assert prices.models == json.loads(models)


def test_sellers_are_a_part_of_what_prices_depend_on(tmp_path, monkeypatch):
    """A list of prices that are the same, with another table of sellers, is another book: what was priced by it is priced anew."""
    before = Book([price_list.undecoded()]).fingerprint
    changed = tmp_path / "sellers.json"
    changed.write_bytes(Path(price_list.SELLERS).read_bytes() + b"\n")
    monkeypatch.setattr(price_list, "SELLERS", str(changed))

    assert Book([price_list.undecoded()]).fingerprint != before
