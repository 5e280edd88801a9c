"""Reading a delivery receipt: in the optional parameters, or in the text that carriers agreed on (SMPP 3.4, B).

`id:IIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:E text: ...`
"""

import re

from portal.lib.smpp import Ids
from portal.messaging.gateways.base import Fate, Receipt, own_reference
from portal.messaging.smpp.fields import receipted_id
from portal.messaging.smpp.pdu import MESSAGE_STATE, RECEIPTED_MESSAGE_ID, Delivery, read_string

_KIND = 0x3C  # bits of esm_class that say what a deliver_sm is
_RECEIPT, _INTERMEDIATE = 0x04, 0x20

#: The client's text may stand behind this word, and say what it likes.
_TEXT = re.compile(r"\btext:", re.IGNORECASE)
_FIELD = {
    name: re.compile(rf"(?:^|\s){name}:\s*([A-Za-z0-9._-]{{1,65}})(?=\s|$)", re.IGNORECASE)
    for name in ("id", "stat", "err")
}
_STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_FATES: dict[str, Fate] = {
    "SCHEDUL": "sent",
    "ENROUTE": "sent",
    "ACCEPTD": "sent",
    "UNKNOWN": "delayed",  # the carrier does not know: neither did the client get it for sure
    "DELIVRD": "delivered",
    "EXPIRED": "failed",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
}


def is_receipt(delivery: Delivery) -> bool:
    """Whether it is about a text of ours, and not a text for us."""
    return delivery.esm_class & _KIND in (_RECEIPT, _INTERMEDIATE) or RECEIPTED_MESSAGE_ID in delivery.tlvs


def read(delivery: Delivery, ids: Ids) -> Receipt:
    """The receipt, without our reference: the carrier has its own. Raises ValueError when it says too little."""
    said = _TEXT.split(delivery.text.decode("latin-1"), maxsplit=1)[0]
    words = {name: match[1] for name, pattern in _FIELD.items() if (match := pattern.search(said))}
    tlv_id = read_string(delivery.tlvs.get(RECEIPTED_MESSAGE_ID, b""))
    tlv_state = delivery.tlvs.get(MESSAGE_STATE, b"")
    received = own_reference(receipted_id(tlv_id or words.get("id", ""), ids))
    stat = _STATES.get(tlv_state[0], "") if tlv_state else words.get("stat", "").upper()[:7]
    if not received or stat not in _FATES:
        raise ValueError("says too little")
    fate = _FATES[stat]
    if fate == "sent" and delivery.esm_class & _KIND == _INTERMEDIATE:
        fate = "delayed"  # it was tried, and the phone was not there
    problem = f"{stat} {words.get('err', '')}".strip() if fate in ("failed", "delayed") else ""
    return Receipt(reference="", gateway_reference=received, state=fate, problem=problem[:80])
