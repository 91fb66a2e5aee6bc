"""Which calls are meant, by whose name are they told, and how did they go?

Its rooms in reading order, ● those that others may come in by:

    filters ●     what is asked about
    filter_sql ●  the same as SQL
    states ●      is a session active, idle, stale or ended
    naming ●      by whose name calls are added up
    errors ●      how they failed, by model and code
    unpriced ●    which models have no price, and why
    latency ●     how long calls took: half of them, and 95 of a hundred
"""
