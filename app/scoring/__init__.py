"""Scorecards: characteristics with bins and points. A document comes in, a card that scores one
merchant or columns goes out.
"""
