"""Every way in which a run may end, with an exact account of what must be there afterwards.

A course is a busy life of a log: calls are appended, the log is rotated in several ways, and in between the monitor
looks.  Each look is made to end badly in every way, from the same start each time:

    points   the process is killed at its k-th file operation, before it or in the middle of a write, for each k;
             or this operation fails, writes less than it was told, or is the first on a disk that is full or gone
    power    the power fails at the k-th operation, and of all that was not synced a part reached the disk: some blocks
             of a file, its old or its new size, the first few of the changed names.  Also after a run was killed, and
             while the next one recovers
    kills    the program itself is killed at random moments, alone or among others, while the log grows and is rotated

Where several processes take in what is new, it is any of them that is killed or fails.

After each of them one more run must give what an undisturbed one gives: each call once and unchanged, files that are
valid JSON, right totals, the same read positions.  As a program::

    python3 -m tests.campaigns.crash --points all --power 5000 --kills 1000 --seed 1 --jobs 2

A failure is printed with what leads to it.
"""
