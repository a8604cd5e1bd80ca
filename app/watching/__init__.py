"""Watching: the files of a product come in, again after every save; what they now mean goes out."""
