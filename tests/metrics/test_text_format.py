"""What is written reads back as it was, by a parser of somebody else's, whatever strangers called things."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.metrics import families, text_format
from session_monitor.metrics.families import COUNTER, MetricFamily, MetricSample
from tests.support.scraped import Series, parsed

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20)


def test_the_format():
    """What it is stands first, then its series; an empty label is none; quotes, backslashes and line ends are escaped."""
    samples = [
        MetricSample((("model", 'a"\\\nb'), ("consumer", "")), "0.000895"),
        MetricSample((), 3),
        MetricSample((("le", "+Inf"),), 4, "_bucket"),
    ]

    assert text_format.text([MetricFamily("m_total", COUNTER, "A \\ B\nC.", samples)]) == (
        "# HELP m_total A \\\\ B\\nC.\n"
        "# TYPE m_total counter\n"
        'm_total{model="a\\"\\\\\\nb"} 0.000895\n'
        "m_total 3\n"
        'm_total_bucket{le="+Inf"} 4\n'
    )
    assert text_format.text([]) == ""


@given(st.lists(st.tuples(TEXTS, TEXTS), unique=True, max_size=6), TEXTS)
def test_any_label_reads_back(pairs, about):
    """Whatever stands in a label, or in what a metric tells."""
    labelled = [tuple((name, value) for name, value in zip(("model", "consumer"), pair)) for pair in pairs]
    samples = [MetricSample(labels, number) for number, labels in enumerate(labelled)]

    found = parsed(text_format.text([MetricFamily("asm_x", families.GAUGE, about, samples)]))

    expected = {
        Series("asm_x", tuple(sorted(pair for pair in labels if pair[1]))): number
        for number, labels in enumerate(labelled)
    }
    assert found == expected


def test_the_metrics_have_names_as_prometheus_wants_them():
    """Counters end in _total and nothing else does; a histogram has a unit; each tells in a sentence what it is."""
    for name, (kind, about) in families.known().items():
        assert name.startswith("asm_")
        assert name.endswith("_total") == (kind == families.COUNTER)
        assert kind != families.HISTOGRAM or name.endswith("_seconds")
        assert about.endswith(".")
