"""How does a call that no gateway logged come to be read as one that a gateway did?

It becomes a line of an access log, in the gateway's shape, in a log of the data folder's own, which the monitor reads with
the others.  Its rooms in reading order, ● those that others may come in by:

    recorded_call ●   what is known of one such call
    log_line ●        the call as a line
    recorded_log ●    the log: lines appended to it, whole, by several at once
    known_calls ●     which calls stand there: none is recorded twice, nor counted once more where a gateway logged it
"""
