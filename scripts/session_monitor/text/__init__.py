"""How is text written for people?"""
