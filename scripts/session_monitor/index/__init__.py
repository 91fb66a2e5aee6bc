"""What do the session files say, as rows that can be asked?  Derived, and disposable.

Its rooms in reading order, ● those that others may come in by; beneath them ``tables/`` says how session files become these
rows:

    database ●       an open index: is it sound, current, priced; which session has which number
    access ●         the reader's way in
    keeper ●         the monitor's hand on it
    opening ●        which files it is, read unnoticed, removed
    side_database ●  open a database beside it that follows from it, too
    writable ●       open it for changes, replace it, make one in memory, take sessions out of it
    check ●          whether it says what the files say
    writer ●         how it follows the session files and the prices
    aggregates ●     how its sums follow its rounds
"""
