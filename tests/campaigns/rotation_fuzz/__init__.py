"""Random histories of a log under rotation, with an exact account of what a monitor must have found.

A history is a list of actions: the gateway writes, something rotates the log, odd things appear beside it, the monitor
polls or dies, its data folder is copied, put back, and robbed of its index.  Each line carries an id of its own.
Before each poll the folder is read, without any of the project's code, for the lines that are on disk at that moment:
those must be found exactly once.  Lines that came and went between two polls may be found, once; what never was a whole
line must not be.  What a backup that was put back does not have, and no log any more, must be told as lost, unless read
positions came back with it, and nobody can tell.  As a program::

    python3 -m tests.campaigns.rotation_fuzz --histories 20000 --seed 1 --at-a-time 2 --jobs 3

A history that fails, or of which the process dies, is shortened, and printed with the seed that makes it.
"""
