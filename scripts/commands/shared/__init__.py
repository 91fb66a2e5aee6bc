"""What do all commands share?

Its rooms in reading order, ● those that others may come in by:

    parsers ●   the command line
    filters ●   what is asked about
    two_times ●  which time is held against which other one
    grouping ●  by agent, or by the first parts of ids
    fields ●    which fields of JSON
    currencies ●  in which currency costs are shown
    data ●      which folder, prices and session are meant
    noted ●     what is noted of the sessions that an answer tells of
    known_findings ●  what is known of findings, to stand beside another answer
    output ●    data to stdout, all else to stderr
    output_files ●  a file that somebody names, written wholly or not at all
    failures ●  how a command fails
    working ●     which piece of work is meant, and how one is told
    looking ●   looking again and again, until it is ended
"""
