"""How do lines of a log become rounds in session files?

Its rooms in reading order, ● those that others may come in by:

    ingest ●         one poll: look, read, take, commit
    poll ●           what one poll did
    commit           a batch of lines: to disk, then the read positions, then the index
    index_keeper     what the index is told of that
    rereading        what sessions lack that they had once, and what of it comes again
    intake           one line: to its session, and counted
    chain            which calls without any id belong together
    together         several processes read a log that is far ahead
    worker           one of them: takes its share, and writes it
    shares           whose line it is
"""
