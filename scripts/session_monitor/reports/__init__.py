"""Which sessions and calls are there, and what do they add up to?

Its rooms in reading order, ● those that others may come in by:

    report ●            the readers' door: it only asks
    filters ●           what is asked about
    filter_sql ●        the same as SQL
    session_rows ●      what a list says of a session, and where its rounds stand
    naming ●            by whose name calls are added up
    breakdown ●         by model, consumer, vendor, seller, route, tool and time
    session_list ●      which sessions have calls that are meant, and the sums of these
    elsewhere ●         at other models' prices
    pace                what is spent just now, and near what the month ends
    dashboard ●         all of the overview page at once
    latency             how long calls took: half of them, and 95 of a hundred
    comparison ●        some models, consumers, times or sessions side by side
    unpriced ●          which models have no price, and why
    session_cost ●      what one session cost, by kind of token and by model
    session_profile     how one session grew, and where its tokens went
    session_outline ●   what each of its rounds cost and added, where its questions stand, what was big
    session_previews ●  what a list says of each session beside its sums
    called ●            which sessions, models and consumers are called like this
"""
