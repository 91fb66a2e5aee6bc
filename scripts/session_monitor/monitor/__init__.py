"""What does the monitor do while it runs, and what does it show?

Its rooms in reading order, ● those that others may come in by:

    run ●            one run on one data folder: what it begins with, says and ends with
    piped_log        standard input, kept while it is read
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
