"""What did a call cost?

Its rooms in reading order, ● those that others may come in by:

    book ●          a model's name and a day -> the prices in force
    lookup          which model's prices a name stands for
    cost ●          a call, its cost, or why that is not known
    rates           tokens times rates, by tier and by window
    readings        what the log leaves open of a call's cache
    assumptions ●   what a person says of that
    price_list ●    a list of prices, as it stands in its file
    own_words ●     which pattern or second name in them holds for a name
    discounts ●     which discount in them holds for a call
    model_names ●   which names mean the same model
    sellers ●       who sold a call
    publishers ●    whose model a reseller's name means
    money ●         integer pico-dollars, exact and printed
"""
