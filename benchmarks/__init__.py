"""Benchmarks: what requests, loads and writes cost, beside other ways to do the same.

They need the dependency group `bench`: `pip install --group bench` with pip 25.1 or later, or
`python -m nox -s bench`, which runs them small.
"""
