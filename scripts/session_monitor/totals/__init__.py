"""What do calls cost together, and how is that told?

Its rooms in reading order, ● those that others may come in by:

    spending ●      what calls cost together
    usage_totals ●  calls, tokens and cost together
    what_if ●       the same calls at other models' prices
    currency ●      money in another currency
    wording ●       a cost in words
"""
