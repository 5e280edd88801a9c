"""Plain HTTP to the processes of the tests."""

from functools import partial

import httpx

#: Nothing is encrypted here, so that nobody need read the authorities of TLS: 30 ms of CPU at each request.
get = partial(httpx.get, trust_env=False, verify=False)
post = partial(httpx.post, trust_env=False, verify=False)
