"""Speech as a benchmark of a device: corpora, acoustic front ends, protocols, readouts, controls and scores."""
