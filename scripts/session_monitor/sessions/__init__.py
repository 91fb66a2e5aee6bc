"""What stands in the session files, and how does it get there and back?

Its rooms in reading order, ● those that others may come in by:

    store ●            add, flush, discard: which rounds are new to a session
    opening ●          how a session file ends, whether that may be trusted, what is set aside
    lacking            what sessions lack that went back, and whether it may still come
    session_file ●     the format: lines, footer, checksum, recovery
    earlier_facts      which facts earlier versions wrote elsewhere in a round's line
    summary ●          what a session's rounds add up to
    record ●           which words a stored round has, on the long and on the short way
    stored_round ●     what stands in a stored round, as types
    rounds ●           reading stored rounds where they stand, with their full messages
    title ●            with which words a session began
    threads            which of a session's conversations a call goes on with
    message_history ●  which messages were sent before, and the whole lists again
    message_forms      what messages wear: marks, and a text as a list
    file_names ●       the name of a session's file
    deleted ●          which calls were deleted for good
    round_counts ●     how many rounds each file had when it was last written
    write_lock ●       who may change session files now
"""
