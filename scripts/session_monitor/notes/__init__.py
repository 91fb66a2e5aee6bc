"""What do people note of their sessions?

Its rooms in reading order, ● those that others may come in by:

    session_notes ●  what is noted of one session: a name, a star, tags, notes, that it is over
    notes_file ●     what is noted of all of them, in one file
    wording ●        what is noted, in words
"""
