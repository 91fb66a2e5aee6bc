"""How is text written for people?

Its rooms in reading order, ● those that others may come in by:

    safe ●        nothing that strangers wrote steers a terminal
    width ●       how many columns text takes; cutting and wrapping by them
    table ●       rows as a table that fits
    bars ●        a share as a bar
    screen ●      the terminal lent to a live view, and given back as it was
    humanize ●    1,250 calls, 12.3 MB, 3 min ago
    markdown ●    text that stands in Markdown as itself
    live_frame ●  what a live view looks like
    own_names ●   by which names our programs are called here
    help ●        argparse's help, as all programs print it
"""
