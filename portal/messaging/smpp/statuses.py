"""What a carrier's `command_status` means for us (SMPP 3.4, 5.1.3)."""

_NAMES = {
    0x01: "ESME_RINVMSGLEN",
    0x02: "ESME_RINVCMDLEN",
    0x03: "ESME_RINVCMDID",
    0x04: "ESME_RINVBNDSTS",
    0x05: "ESME_RALYBND",
    0x08: "ESME_RSYSERR",
    0x0A: "ESME_RINVSRCADR",
    0x0B: "ESME_RINVDSTADR",
    0x0D: "ESME_RBINDFAIL",
    0x0E: "ESME_RINVPASWD",
    0x0F: "ESME_RINVSYSID",
    0x14: "ESME_RMSGQFUL",
    0x43: "ESME_RINVESMCLASS",
    0x45: "ESME_RSUBMITFAIL",
    0x48: "ESME_RINVSRCTON",
    0x49: "ESME_RINVSRCNPI",
    0x50: "ESME_RINVDSTTON",
    0x51: "ESME_RINVDSTNPI",
    0x53: "ESME_RINVSYSTYP",
    0x58: "ESME_RTHROTTLED",
    0x61: "ESME_RINVSCHED",
    0x62: "ESME_RINVEXPIRY",
    0x64: "ESME_RX_T_APPN",
    0x65: "ESME_RX_P_APPN",
    0x66: "ESME_RX_R_APPN",
    0xFF: "ESME_RUNKNOWNERR",
}

OK = 0x00
UNKNOWN_COMMAND = 0x03
SYSTEM_ERROR = 0x08
QUEUE_FULL = 0x14
THROTTLED = 0x58
TRY_LATER = 0x64

#: Too much at once: the same message passes a little later.
SLOW_DOWN = frozenset({QUEUE_FULL, THROTTLED})

#: About the number: no other gateway reaches it either. Everything else is about us, our settings or the carrier. A
#: carrier may have words of its own for such numbers (SMPP_REFUSALS).
BAD_NUMBER = frozenset({0x0B})

_BIND = {
    0x05: "the carrier believes that this system id is bound already",
    0x0D: "the carrier refuses the bind without saying why",
    0x0E: "SMPP_PASSWORD is wrong",
    0x0F: "the carrier does not know SMPP_SYSTEM_ID",
    0x53: "SMPP_SYSTEM_TYPE is not what the carrier wants",
}


def name(status: int) -> str:
    """The status as the specification calls it, or its number: `ESME_RTHROTTLED`, `status 0x00000401`."""
    return _NAMES.get(status, f"status 0x{status:08X}")


def why_not_bound(status: int) -> str:
    """Why a bind was refused, for whoever can put it right."""
    return f"{_BIND.get(status, 'the carrier refuses the bind')} ({name(status)})"


def label(status: int) -> str:
    """The status as a label of a figure: of words there are few, of numbers too many."""
    return _NAMES.get(status, "other") if status else "accepted"
