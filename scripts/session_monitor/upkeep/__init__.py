"""Is all set up right, is the data sound, and what is to be mended or removed?"""
