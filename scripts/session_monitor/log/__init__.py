"""Which bytes of which file are new, and which lines did the gateway write there?

Its rooms in reading order, ● those that others may come in by:

    tail ●          one look: open, match, give up; the new lines
    look ●          what one look found, and whether the next one finds the same
    rotation ●      which files belong to a log
    beneath         whether a name leads to a file beneath a folder
    log_file ●      bytes, lines and hashes of one file, compressed or not
    compressed      what text a compressed file holds, and how much of it can be had
    verdicts ●      whether a compressed file can be read, remembered
    generation ●    what is known of one generation of a log
    piped ●         how much of what came in on standard input was read before
    matching ●      which file holds which generation
    beginnings      which files may begin as which generations do
    checkpoint ●    how far each generation was read
    wrapped_lines   what a container engine or a shipper wrapped a line in
    joined_lines ●  lines that were cut into pieces, put together
"""
