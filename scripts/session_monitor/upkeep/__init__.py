"""Is all set up right, is the data sound, and what is to be mended or removed?

Its rooms in reading order, ● those that others may come in by:

    doctor ●           all checks, in the order in which one looks
    log_checks         is the log there, readable, rotated, read
    log_search ●       where it may be, if it is not there
    sample             the last calls
    call_checks        what they lack
    session_id_checks  whose session they are, and what to set for which agent (agents.json)
    checks ●           one check, and what comes of it
    verification ●     does everything add up
    session_check ●    is one session file sound
    repair ●           what is broken and can be mended
    removal ●          taking sessions away for good
"""
