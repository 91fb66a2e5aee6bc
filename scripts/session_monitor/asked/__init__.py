"""What does somebody mean who asks in words, and what is said where there is no answer?

Its rooms in reading order, ● those that others may come in by:

    one_session ●   which session is meant by an id, a part of one, a link, last or current
    standing ●      how a session stands, with what is left of its budgets
    model_prices ●  the prices of a model, as they are told
    problems ●      why there is no answer, as a code and in words
"""
