"""Which prices does a person state, and which count now?

Its rooms in reading order, ● those that others may come in by:

    own_lists ●     the lists of prices that a person keeps
    price_check ●   whether a list can be used
    current_book ●  the prices of now; on a mistake, those of before
"""
