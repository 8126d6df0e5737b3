"""Acoustic front ends: samples of a word in, frames of channels out."""
