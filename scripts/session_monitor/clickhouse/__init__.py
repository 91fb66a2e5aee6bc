"""How is a ClickHouse spoken to, and which tables of rounds does it hold?

Who ships rounds and who reads them speak through the same rooms.  In reading order, ● those that others may come in by:

    address ●   which database ``clickhouse://HOST/DB`` means, and who asks
    row_text ●  how a text reads in a row, whatever stands in it
    quoting ●   any text as a literal of SQL that is ASCII, and values of answers as they were
    client ●    one request over the HTTP interface: an answer, rows one by one, rows put in
"""
