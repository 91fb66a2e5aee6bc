"""Which sessions are there, in which order, and how does each of them stand?

Its rooms in reading order, ● those that others may come in by:

    session_rows ●      what a list says of a session, and where its rounds stand
    session_order ●     which sessions have calls that are meant, in which order
    kept_orders ●       the orders that were asked for, and how they follow what comes
    session_list ●      a page of these sessions, and the sums of their calls
    session_cost ●      what one session cost, by kind of token and by model
    session_status ●    how one session stands
    session_profile ●   how one session grew, and where its tokens went
    session_outline ●   what each of its rounds cost and added, where its questions stand, what was big
    session_previews ●  what a list says of each session beside its sums
"""
