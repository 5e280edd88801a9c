"""SMPP 3.4: a bind that is kept open in a process of its own, for the gateway of that name.

Our own codec and session: the library that was tried (smpplib 2.2.4) loses the place in the stream when a read times
out inside a PDU, takes any first PDU for the answer to a bind, does not notice a carrier that stopped answering, drops
what arrives while it unbinds, and writes passwords and texts to its debug log. What is left of it is the shape of nine
PDUs. None of these modules knows a table: receipts leave through a callback.
"""
