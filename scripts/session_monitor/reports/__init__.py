"""Which sessions and calls are there, and what do they add up to?

Its rooms in reading order, ● those that others may come in by; beneath them ``selected/`` says which calls are meant, ``sums/``
what they add up to, and ``sessions/`` how their sessions stand:

    report ●  the readers' door: it only asks
    live ●    what a live view shows: the latest sessions, how many are active, what an hour costs
"""
