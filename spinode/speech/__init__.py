"""Spoken words as data: corpora on disk, acoustic front ends, and features with a cache."""
