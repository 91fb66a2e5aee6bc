"""What do the session files say, as rows that can be asked?  Derived, and disposable.

Its rooms in reading order, ● those that others may come in by:

    database ●  an open index: is it sound, current, priced
    schema ●    its tables, and what their numbers mean
    rows ●      session files as rows
    access ●    the reader's way in
    keeper ●    the monitor's hand on it
    opening ●   open it, replace it, take sessions out of it
    check ●     whether it says what the files say
    writer      how rows get into it
    pool        rows of many files, made side by side
"""
