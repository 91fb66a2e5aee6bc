"""How are answers worked out once, and remembered?

Its rooms in reading order, ● those that others may come in by:

    desk ●    where questions about a folder are asked
    workers   who works them out
    cache     answers that are kept
    folder ●  the data folder as it is now
    titles ●  what sessions are about
"""
