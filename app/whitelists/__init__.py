"""The batch: a whole portfolio judged by the active release over one snapshot; written as a file
and stored for the bank.

`columns` a snapshot's table → the engine's columns · `build` judge it · `write` Parquet, CSV,
entries for the database.
"""
