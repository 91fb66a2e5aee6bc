"""How many faults in the code do the tests notice?

One small fault at a time is put into a copy of the code, and the tests that run the faulty line are run.  What no test
notices is a survivor: it shows a promise that no test proves, or changes nothing.

    faults      which faults can be put where
    covering    which tests run which lines
    trial       one fault, and whether the tests notice it
    twice       who fails must fail twice
    programs    pytest, ended with all that its tests have started
    __main__    many of them, on all cores
"""
