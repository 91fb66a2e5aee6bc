"""What can be asked on the command line?  One module a command, or a family of them.

Its rooms in reading order, ● those that others may come in by:

    list ●        which sessions
    show ●        one session, with what was said
    cost ●        what it cost, in brief
    whatif ●      what it would have cost elsewhere
    statusline ●  one session in one line, for a prompt
    search ●      where something was said
    url ●         the link to a session's page
    export ●      tables for elsewhere
    otlp          calls for elsewhere
    ship ●        rounds in a store elsewhere
    compare ●     one time beside another
    watch ●       what happens now
    tail ●        what is said in one session now
    config ●      the settings of all programs
    man ●         the help as a manual page
"""
