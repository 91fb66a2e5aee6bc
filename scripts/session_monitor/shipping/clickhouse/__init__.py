"""How does a ClickHouse database keep the rounds of many gateways?

Its rooms in reading order, ● those that others may come in by:

    tables ●  its tables, how they are made and get new columns (tables.json)
    answers   what it means that something was not done (replies.json)
    database  a database as a store
    stores ●  which store an address means
"""
