"""In which rounds was something said?"""
