"""Features: waybills of the lake come in; monthly rollups, then one immutable snapshot per as-of
day, go out.
"""
