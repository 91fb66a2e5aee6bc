"""What did a call cost?"""
