"""What do the calls that are meant add up to, by whatever one asks?

Its rooms in reading order, ● those that others may come in by:

    breakdown ●    by model, consumer, vendor, seller, route, tool and time
    agents ●       by agent, as the ids of sessions tell
    elsewhere ●    at other models' prices
    pace ●         what is spent just now, how many sessions talk, and near what the month ends
    dashboard ●    all of the overview page at once
    comparison ●   some models, consumers, times or sessions side by side
    reliability ●  how quickly and how reliably calls were answered
    largest ●      which rounds are the dearest, which results of tools the largest
    drivers ●      why a time cost more or less than the one before it
"""
