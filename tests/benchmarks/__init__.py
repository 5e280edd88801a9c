"""What a login costs and how fast it is: `make bench`, or `python -m tests.benchmarks`."""
