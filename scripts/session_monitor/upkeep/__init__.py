"""Is all set up right, is the data sound, and what is to be mended or removed?

Its rooms in reading order, ● those that others may come in by:

    doctor ●           all checks, in the order in which one looks
    log_checks         is the log there, readable, rotated, read
    log_search ●       where it may be, if it is not there
    sample             the last calls
    call_checks        what they lack
    session_id_checks  whose session they are, and what to set for which agent (agents.json)
    alert_checks       can everybody be told who is to be, and were they
    otlp_checks        are calls sent as spans where they are to be
    store_checks       are rounds in the stores where they are to be
    checks ●           one check, and what comes of it
    verification ●     does everything add up
    session_check ●    is one session file sound
    repair ●           what is broken and can be mended
    removal ●          taking sessions away for good
"""
