"""Answers to the system verification, made ahead: the bench must not compete with the portal for the processors.

They answer challenges that the portal's own code signs with the keys of this run, made so that the second try is
right. What the portal checks, and what that costs it, is the same as for the challenge of its page.
Run as a process of its own, with the environment of the portal: `python -m tests.benchmarks.proofs 1000`.
"""

import sys

import django

django.setup()

from django.utils import timezone  # noqa: E402

from accounts import policy  # noqa: E402
from accounts.services import verification  # noqa: E402
from tests.actors import solve_json  # noqa: E402


def main() -> None:
    """Print so many answers, one a line."""
    policy.PROOF_TRIES = 2
    for _ in range(int(sys.argv[1])):
        print(solve_json(verification.new_proof(timezone.now())))


if __name__ == "__main__":
    main()
