"""Which prices are behind the costs, and how are they changed?

Its rooms in reading order, ● those that others may come in by:

    command ●  the command with its own commands
    showing    list, show
    changing   set, alias, reset
    converting  rate
    selling    seller
    own_list   the list of one's own that these change
"""
