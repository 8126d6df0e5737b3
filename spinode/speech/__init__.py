"""Speech as a benchmark of a device: front ends, protocols, controls, scores."""
