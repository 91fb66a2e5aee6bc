"""What does the monitor do while it runs, and what does it show?

Its rooms in reading order, ● those that others may come in by:

    run ●            one run on one data folder: what it begins with, says and ends with
    ingest           one poll: look, read, take, commit
    rereading        what sessions lack that they had once, and what of it comes again
    poll             what one poll did
    piped_log        standard input, kept while it is read
    intake           one line: to its session, and counted
    chain            which calls without any id belong together
    unknown_lines    lines that are none of a gateway's
    lacks            what a pass did not find
    take_in ●        recorded calls become sessions, where no monitor is at work
    alerting         what is done about alerts after each poll
    telemetry        what is done so that calls become spans elsewhere
    replicating        what is done so that a store elsewhere stays equal
    display          what a run shows without a live view, and how fast it goes
    live_view        what it shows on a terminal
    voice ●          what a person should hear
"""
