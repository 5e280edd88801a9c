"""The bind over SMPP as the settings describe it: where, as whom, and how the carrier wants its texts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

#: How the carrier takes GSM-7: a septet to a byte, eight septets in seven bytes, or not at all.
Gsm7 = Literal["unpacked", "packed", "off"]
#: How it wants to hear how long a text is worth sending.
Validity = Literal["relative", "absolute", "none"]
#: How it writes the id of a message in its answers and in its receipts.
Ids = Literal["same", "answer_hex", "receipt_hex"]


@dataclass(frozen=True, slots=True)
class SmppAccount:
    """What the carrier has given us for a bind."""

    host: str
    port: int
    tls: bool
    tls_ca: str  # file with the certificates to trust, empty for those of the system
    system_id: str
    password: str = field(repr=False)
    system_type: str
    pair: bool  # a transmitter and a receiver, instead of one transceiver
    window: int  # texts without an answer at once
    rate: int  # texts a second by contract, 0 for no limit
    enquire_every: int  # seconds
    gsm7: Gsm7
    validity: Validity
    ids: Ids
    refusals: frozenset[int]  # further statuses by which the carrier refuses a number for good
    socket: Path  # where the workers of a host reach its bind
    metrics_address: str

    @property
    def begun(self) -> bool:
        """Whether somebody means to use it."""
        return bool(self.host or self.system_id or self.password)

    def missing(self) -> str:
        """One sentence that names the settings without which nothing leaves, or nothing."""
        if not (self.host and self.system_id and self.password):
            return "Set SMPP_HOST, SMPP_SYSTEM_ID and SMPP_PASSWORD: without them no code leaves."
        return ""
