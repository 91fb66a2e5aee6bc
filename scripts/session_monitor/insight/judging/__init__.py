"""What goes wrong in a session, by rules that need no file and no clock?

Its rooms in reading order, ● those that others may come in by:

    judgement ●  what comes of it
    judge ●      all rules over one session
    repeats      does an agent do the same over and over
    retries      are calls tried again and again, answered another way, or paid for in vain
    idling       does an agent go on without getting ahead
    events       what happened to a conversation
"""
