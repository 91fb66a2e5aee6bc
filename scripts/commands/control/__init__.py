"""What may sessions cost, and what is noted of them?

Its rooms in reading order, ● those that others may come in by:

    budget ●        what calls may cost, and what is left of it
    alerts ●        who is to be told of what, and what became of it
    alerting        which alerts hold, what is looked for, what is not told for a while
    notes ●         what people note of sessions
    status ●        how a session stands, and which were given up
"""
