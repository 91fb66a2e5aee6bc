"""Is all set up right and sound, what can be mended, and what is taken away?

Its rooms in reading order, ● those that others may come in by:

    checks ●  doctor, verify
    repair ●  mending
    delete ●  delete, prune
"""
