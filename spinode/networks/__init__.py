"""Networks of oscillators, and their synchronization."""
