"""Which sessions and calls are there, and what do they add up to?

Its rooms in reading order, ● those that others may come in by (``selected/``, beneath them, says which calls are meant):

    report ●            the readers' door: it only asks
    session_rows ●      what a list says of a session, and where its rounds stand
    breakdown ●         by model, consumer, vendor, seller, route, tool and time
    agents ●            by agent, as the ids of sessions tell
    session_order ●     which sessions have calls that are meant, in which order
    kept_orders ●       the orders that were asked for, and how they follow what comes
    session_list ●      a page of these sessions, and the sums of their calls
    elsewhere ●         at other models' prices
    live ●              what a live view shows: the latest sessions, how many are active, what an hour costs
    pace ●              what is spent just now, how many sessions talk, and near what the month ends
    dashboard ●         all of the overview page at once
    comparison ●        some models, consumers, times or sessions side by side
    reliability ●       how quickly and how reliably calls were answered
    largest ●           which rounds are the dearest, which results of tools the largest
    drivers ●           why a time cost more or less than the one before it
    session_cost ●      what one session cost, by kind of token and by model
    session_status ●    how one session stands
    session_profile     how one session grew, and where its tokens went
    session_outline ●   what each of its rounds cost and added, where its questions stand, what was big
    session_previews ●  what a list says of each session beside its sums
"""
