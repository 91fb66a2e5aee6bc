"""What is kept of sessions, so that only what is new in them has to be judged?

Its rooms in reading order, ● those that others may come in by:

    contents ●       what of each round matters, in little room
    kept_sessions ●  what is kept of sessions, and how it gets there
    insights_file ●  where that stands
"""
