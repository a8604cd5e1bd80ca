"""Decide a merchant, record the decision, replay it. The story is on one page: `decide.py`."""
