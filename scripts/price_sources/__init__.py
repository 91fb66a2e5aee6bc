"""Where are shipped prices from?  For maintainers alone.

Its rooms in reading order, ● those that others may come in by:

    wheels ●   the packages as they are published
    litellm ●  what litellm says
    genai ●    what genai-prices says
    by_hand    what was looked up by hand
    rows ●     a source's words as rows of a price list
    merge ●    all sources and the table of before, as one
"""
