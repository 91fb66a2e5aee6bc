"""How is something put on disk, timed, hashed and matched?  The ground, which knows no other wing.

Its rooms in reading order, ● those that others may come in by:

    files ●         how something is put on disk so that it stays whole and private
    data_folder ●   what the files in a data folder are called, and whether a monitor is at work there
    stated_file ●   what stands in a file of a data folder that people may write
    last_run ●      where the last run of a monitor looked, and what it did not find
    timestamps ●    RFC 3339 in UTC, milliseconds since 1970, and now
    periods ●       hours, days, weeks and months of a time zone
    mounts ●        which folders stand for what is kept elsewhere
    utf8 ●          text with half a surrogate pair in it, as bytes and back
    compact_json ●  JSON without spaces, as the session files have it
    data_tables ●   files that lie beside the code, in a folder or in a zip file
    hashing ●       hashes, without what a pass need not load
    lazy_regex ●    patterns that are made when they are first used
    settings ●      what the environment and config files say where no argument does
    side_by_side ●  work that several processes share
    signals ●       how a program waits, and ends, by signals
"""
