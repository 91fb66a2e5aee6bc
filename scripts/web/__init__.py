"""What is served in a browser?

Its rooms in reading order, ● those that others may come in by:

    site ●    what is answered at which address, and to whom
    static ●  which files the pages are made of
"""
