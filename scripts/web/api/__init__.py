"""What does each address of the API answer?

Its rooms in reading order, ● those that others may come in by:

    routes ●      the table: address -> question
    questions ●   what a question is, and how an answer reads
    parameters ●  what the query of a request asks for
    overview      what all sessions add up to
    sessions      which sessions there are
    session       one session, and what was said in it
    prices        what has a price, and what the totals speak for
    compare       some models, consumers, times or sessions side by side
    search        where something was said
    names         what is called like this
    export ●      a session as a file
    redaction     what is left where texts are not served
"""
