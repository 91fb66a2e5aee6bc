"""What is served in a browser?

What comes over a connection is read and written in ``server``, worked out once for all who ask in ``answers``, asked as
``asking`` reads it, and answered in ``api``; ``pages`` are the files that a browser shows.

Its rooms in reading order, ● those that others may come in by:

    site ●    what is answered at which address, and to whom
    static ●  which files the pages are made of
    bundle    what a page's modules are as one file
"""
