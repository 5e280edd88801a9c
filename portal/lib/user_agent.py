"""A browser in words, for people: never for a decision."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("MicroMessenger", "WeChat"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def phone_label(user_agent: str) -> str:
    """Like "iPhone"; empty for a computer, and where nothing is recognised."""
    return next((name for mark, name in _SYSTEMS[:3] if mark in user_agent), "")


def device_label(user_agent: str) -> str:
    """Like "Chrome / Windows"; an em dash where nothing is recognised."""
    parts = [next((name for mark, name in table if mark in user_agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return " / ".join(part for part in parts if part) or "—"
