"""How are requests read and answers written?"""
