"""How do rows leave?

Its rooms in reading order, ● those that others may come in by:

    tables ●   which rows
    formats ●  as JSON, JSONL, CSV and Markdown
"""
