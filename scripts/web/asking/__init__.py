"""What does a request ask for, and what may be answered?

Its rooms in reading order, ● those that others may come in by:

    questions ●   what a question is, and how an answer reads
    parameters ●  what the query of a request asks for
    noted ●       what is noted of sessions
    redaction ●   what is left where texts are not served
"""
