"""Which bytes of which file are new?"""
