"""What may calls cost, and what have they cost of that?

Its rooms in reading order, ● those that others may come in by:

    budget ●        one budget: its period, its limits, and whose calls count
    budget_file ●   the budgets that a person has set
    spent           what calls cost in a budget's period
    wording ●       a budget in words
    status ●        how much of each is left, and where it will end
    of_session ●    which of them count a session, and how they stand
"""
