"""The CPU milliseconds of one bare Argon2id check with the parameters that a login has to meet.

Run as a process of its own: `python -m tests.benchmarks.hashing` prints the median of 50.
"""

import time
from statistics import median

from argon2 import PasswordHasher
from argon2.low_level import Type

CHECKS = 50


def main() -> None:
    """Measure and print."""
    hasher = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1, type=Type.ID)
    known = hasher.hash("Harbour-2026-bench")
    times = []
    for _ in range(CHECKS):
        began = time.process_time()
        hasher.verify(known, "Harbour-2026-bench")
        times.append(time.process_time() - began)
    print(median(times) * 1000)


if __name__ == "__main__":
    main()
