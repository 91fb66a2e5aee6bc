"""Does the program do the same in two checkouts?  For a change that is to change nothing, such as modules that move.

Both read the same logs: the sample, made-up ones, one that is rotated, one of odd lines.  What they wrote, what every
command says and what the web server answers is held against each other byte by byte; only what ``masks`` names, which
cannot be the same, is left out of that.  Both work at the same time, each in a folder of its own in which all paths are
the same.  BEFORE and AFTER are folders of checkouts of any day; the questions and the logs are those of this one::

    nice python3 -m tests.campaigns.same_answers BEFORE AFTER
    nice python3 -m tests.campaigns.same_answers --megabytes 0 BEFORE AFTER     the two small logs alone: for in between

prints a line for each kind of comparison, and each difference by the first place that differs.  What is asked stands in
``data/*.txt``, a line each; a command or an address of BEFORE that nothing is asked of counts as a difference.
"""
