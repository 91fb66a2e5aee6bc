"""Which prices are behind the costs, and how are they changed?

Its rooms in reading order, ● those that others may come in by:

    command ●    the command with its own commands
    showing      list, show
    setting      set
    dropping     what a price that is set does not have, and the shipped one has
    changing     alias, reset
    converting   rate
    selling      seller
    discounting  discount
    assuming     assume
    typed        tiers and percents, as they are typed
    own_list     the list of one's own that these change
"""
