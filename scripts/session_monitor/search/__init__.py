"""In which rounds was something said?

Its rooms in reading order, ● those that others may come in by:

    query ●         the answer: words -> rounds, with excerpts
    words ●         what somebody looks for
    texts ●         what was said in a round, by who said it
    indexed_rounds  which rounds there are to be known by their words, and where they stand
    word_index ●    the words of all rounds, kept
    in_session ●    the same within one session
    in_notes ●      the same in what is noted of sessions
    called ●        which sessions, models and consumers are called like this
"""
