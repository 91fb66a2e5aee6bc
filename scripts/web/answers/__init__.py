"""How are answers worked out once, and remembered?

Its rooms in reading order, ● those that others may come in by:

    desk ●      who works out an answer, and when it is worked out anew
    workers     who works something out, once for all who ask for it
    cache       which answers are remembered
    folder ●    how the data folder stands just now
    follower ●  who brings the index of a database up to date before somebody asks
    titles ●    what each session began with
"""
