"""Benchmarks, run by hand (`bin/bench`). Figures of one run are compared with each other, never with a clock."""
