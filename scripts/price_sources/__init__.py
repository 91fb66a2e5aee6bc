"""Where are shipped prices from?  For maintainers alone.

Its rooms in reading order, ● those that others may come in by:

    wheels ●   the packages as they are published
    litellm ●  what litellm says
    genai ●    what genai-prices says
    by_hand    what was looked up by hand
    rows ●     a source's words as rows of a price list
    offers     what they say of each model
    changes ●  what is new, and what is wrong about it
    sharing    what who sells others' models takes otherwise than their makers
    history    a model's rows, of before and of now
    merge ●    all sources and the table of before, as one
"""
