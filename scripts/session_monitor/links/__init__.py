"""Under which address is a session's page, and which key opens it?

Its rooms in reading order, ● those that others may come in by:

    keys ●       the keys of a data folder, and those of its sessions
    addresses ●  the address of a session's page, and of all
"""
