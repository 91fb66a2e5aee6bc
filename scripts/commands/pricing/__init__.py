"""Which prices are behind the costs, and how are they changed?"""
