"""What benchmarks found, as it is written: figures, comparisons, and the documents of `perftui bench`."""
