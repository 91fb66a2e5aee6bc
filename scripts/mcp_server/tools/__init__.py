"""What does each tool answer?  One module a tool, or a family of them.

Its rooms in reading order, ● those that others may come in by:

    folder ●    the data folder as it stands when a tool is called
    answers ●   small and harmless: what strangers wrote, cut and cleaned, as much as fits
    asked ●     which session, and which calls, a model means
    sessions ●  which sessions there are, and how one went
    rounds ●    what happened in rounds of a session
    search ●    where something was said
    stats ●     what calls add up to
    cost ●      what a session cost, and why
    insights ●  what goes wrong in sessions, and why they cost that
    budgets ●   what may still be spent
    notes ●     noting something of a session
    pricing ●   what models cost
"""
