"""What do all commands share?

Its rooms in reading order, ● those that others may come in by:

    parsers ●   the command line
    filters ●   what is asked about
    fields ●    which fields of JSON
    currencies ●  in which currency costs are shown
    data ●      which folder, prices and session are meant
    output ●    data to stdout, all else to stderr
    failures ●  how a command fails
    looking ●   looking again and again, until it is ended
"""
