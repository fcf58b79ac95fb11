"""Benchmarks: what requests, loads and writes cost, beside the ways people do it without this package."""
