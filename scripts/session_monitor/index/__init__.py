"""What do the session files say, as rows that can be asked?  Derived, and disposable.

Its rooms in reading order, ● those that others may come in by:

    database ●       an open index: is it sound, current, priced; which session has which number
    schema ●         its tables, and what their numbers mean
    ways ●           a route and the cluster behind it as one name
    rows ●           session files as rows
    round_flags ●    what has to be told of a round, in bits
    round_costs ●    what rounds cost
    round_sums       what they add up to
    access ●         the reader's way in
    keeper ●         the monitor's hand on it
    opening ●        which files it is, read unnoticed, removed
    side_database ●  open a database beside it that follows from it, too
    writable ●       open it for changes, replace it, make one in memory, take sessions out of it
    check ●          whether it says what the files say
    writer ●         how it follows the session files and the prices
    aggregates ●     how its sums follow its rounds
    latencies ●      how long calls took, as histograms that add up
    numbering        numbers for names
    tool_rows ●      what rounds had to do with tools
    pool             rows of many files, made side by side
"""
