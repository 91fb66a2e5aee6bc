"""What does each address of the API answer?

Its rooms in reading order, ● those that others may come in by:

    routes ●      the table: address -> question
    overview      what all sessions add up to
    sessions      which sessions there are
    session       one session, and what was said in it
    prices        what has a price, and what the totals speak for
    compare       some models, consumers, times or sessions side by side
    changes       how quickly and reliably calls were answered, and why a time cost more than the one before
    insights      what goes wrong in sessions, and why they cost that
    budgets       how each budget stands
    work          what came of the work that a session was begun for
    alerts ●      what fires, what was told, and to whom
    search        where something was said
    names         what is called like this
    colours       which model has which colour
    export ●      a session as a file
    metrics ●     what Prometheus reads off
"""
