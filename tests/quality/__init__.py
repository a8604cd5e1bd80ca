"""Data quality: planted harm is found, clean data raise nothing."""
