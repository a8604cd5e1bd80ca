"""Waybills: files of carriers come in; clean, deduplicated rows go into the lake, by month."""
