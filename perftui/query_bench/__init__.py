"""Benchmarks queries on a server: times, explain's counters beside them, and strategies for one question compared.

It only reads. What is refused, and every bound, is in `docs/benchmarking-mongodb.md`.
"""
