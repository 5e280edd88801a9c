"""The wording of every notice, in three languages, on one page for whoever has to approve it.

No text carries a link or asks for a code. Every text message fits one segment (see `segments`).
"""

from dataclasses import dataclass
from enum import StrEnum

from portal import brand

#: What a single segment carries: 160 GSM-7 septets, or 70 UCS-2 units (3GPP TS 23.038).
GSM_SEGMENT = 160
UCS2_SEGMENT = 70
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€\f")  # two septets each


class Notice(StrEnum):
    """What a client is told without asking."""

    LOGIN = "login"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    FROZEN = "frozen"
    UNFROZEN = "unfrozen"
    UNFINISHED_LOGIN = "unfinished_login"
    FROZEN_LOGIN = "frozen_login"
    METHOD_CHANGED = "method_changed"
    TOKEN_BOUND = "token_bound"  # noqa: S105
    TOKEN_REMOVED = "token_removed"  # noqa: S105
    PHONE_LOST = "phone_lost"
    FROZEN_BY_US = "frozen_by_us"
    METHOD_WITHDRAWN = "method_withdrawn"
    LETTER_SPOILT = "letter_spoilt"
    PASSWORD_RESET = "password_reset"  # noqa: S105
    MOBILE_CHANGED = "mobile_changed"
    EMAIL_CHANGED = "email_changed"
    ADDRESS_CHANGED = "address_changed"
    PASSWORD_OLD = "password_old"  # noqa: S105
    PASSWORD_LETTER_POSTED = "password_letter_posted"  # noqa: S105
    REBINDING_LETTER_POSTED = "rebinding_letter_posted"
    PASSWORD_VOIDED = "password_voided"  # noqa: S105
    FROZEN_RESET = "frozen_reset"
    TEST = "test"


_EVENTS: dict[Notice, dict[str, str]] = {
    Notice.LOGIN: {
        "zh-hant": "成功登入",
        "zh-hans": "成功登录",
        "en": "there was a login",
    },
    Notice.PASSWORD_CHANGED: {
        "zh-hant": "交易密碼已更改",
        "zh-hans": "交易密码已修改",
        "en": "the trading password was changed",
    },
    Notice.FROZEN: {
        "zh-hant": "網上登入已被凍結",
        "zh-hans": "网上登录已被冻结",
        "en": "online login was frozen",
    },
    Notice.UNFROZEN: {
        "zh-hant": "網上登入已解除凍結",
        "zh-hans": "网上登录已解除冻结",
        "en": "online login was unfrozen",
    },
    Notice.UNFINISHED_LOGIN: {
        "zh-hant": "有人以正確密碼嘗試登入，但未完成驗證",
        "zh-hans": "有人以正确密码尝试登录，但未完成验证",
        "en": "someone used the right password but did not complete the verification",
    },
    Notice.FROZEN_LOGIN: {
        "zh-hant": "有人以正確密碼嘗試登入已凍結的帳戶",
        "zh-hans": "有人以正确密码尝试登录已冻结的账户",
        "en": "someone used the right password while online login is frozen",
    },
    Notice.METHOD_CHANGED: {
        "zh-hant": "已變更認證方式",
        "zh-hans": "已变更认证方式",
        "en": "the verification method was changed",
    },
    Notice.TOKEN_BOUND: {
        "zh-hant": "已綁定流動保安編碼",
        "zh-hans": "已绑定流动保安编码",
        "en": "a mobile security code was bound",
    },
    Notice.TOKEN_REMOVED: {
        "zh-hant": "已移除流動保安編碼",
        "zh-hans": "已移除流动保安编码",
        "en": "the mobile security code was removed",
    },
    Notice.PHONE_LOST: {
        "zh-hant": "已報失手機，流動保安編碼已停用",
        "zh-hans": "已报失手机，流动保安编码已停用",
        "en": "the phone was reported lost and its mobile security code stopped",
    },
    Notice.FROZEN_BY_US: {
        "zh-hant": "我們已凍結網上登入",
        "zh-hans": "我们已冻结网上登录",
        "en": "we froze online login",
    },
    Notice.METHOD_WITHDRAWN: {
        "zh-hant": "我們已停用原有認證方式",
        "zh-hans": "我们已停用原有认证方式",
        "en": "we withdrew the verification method",
    },
    Notice.LETTER_SPOILT: {
        "zh-hant": "重新綁定信件多次輸錯啟動碼，已失效",
        "zh-hans": "重新绑定信件多次输错激活码，已失效",
        "en": "the rebinding letter is void after too many wrong codes",
    },
    Notice.PASSWORD_RESET: {
        "zh-hant": "交易密碼已重設",
        "zh-hans": "交易密码已重置",
        "en": "the trading password was reset",
    },
    Notice.MOBILE_CHANGED: {
        "zh-hant": "登記流動電話號碼已更改",
        "zh-hans": "登记手机号码已修改",
        "en": "the mobile number on file was changed",
    },
    Notice.EMAIL_CHANGED: {
        "zh-hant": "登記電郵地址已更改",
        "zh-hans": "登记电邮地址已修改",
        "en": "the e-mail address on file was changed",
    },
    Notice.ADDRESS_CHANGED: {
        "zh-hant": "登記通訊地址已更改",
        "zh-hans": "登记通讯地址已修改",
        "en": "the correspondence address on file was changed",
    },
    Notice.PASSWORD_OLD: {
        "zh-hant": "交易密碼已超過90天未更改，建議更改",
        "zh-hans": "交易密码已超过90天未修改，建议修改",
        "en": "the trading password is more than 90 days old, consider changing it",
    },
    Notice.PASSWORD_LETTER_POSTED: {
        "zh-hant": "已寄出密碼信件",
        "zh-hans": "已寄出密码信件",
        "en": "a password letter was posted to you",
    },
    Notice.REBINDING_LETTER_POSTED: {
        "zh-hant": "已寄出重新綁定信件",
        "zh-hans": "已寄出重新绑定信件",
        "en": "a rebinding letter was posted to you",
    },
    Notice.PASSWORD_VOIDED: {
        "zh-hant": "交易密碼應要求作廢，請於登入頁選「忘記密碼或首次登入」",
        "zh-hans": "交易密码应要求作废，请于登录页选“忘记密码或首次登录”",
        "en": "the trading password was voided on request, choose Forgotten password on our login page",
    },
    Notice.FROZEN_RESET: {
        "zh-hant": "有人要求重設密碼，但網上登入已凍結，請致電",
        "zh-hans": "有人要求重置密码，但网上登录已冻结，请致电",
        "en": "a password reset was asked for, but online login is frozen, please call us",
    },
    Notice.TEST: {
        "zh-hant": "這是測試通知，帳戶沒有任何變動",
        "zh-hans": "这是测试通知，账户没有任何变动",
        "en": "this is a test notice, nothing was changed",
    },
}

_SUBJECT = {"zh-hant": "【{name}】{event}", "zh-hans": "【{name}】{event}", "en": "[{name}] {event}"}
_OPENING = {
    "zh-hant": "{customer}：\n\n你尾數為 {tail} 的帳戶有以下紀錄：{event}。\n時間：{when}（香港時間）",
    "zh-hans": "{customer}：\n\n您尾号为 {tail} 的账户有以下记录：{event}。\n时间：{when}（香港时间）",
    "en": "Dear {customer},\n\nThis is about your account ending {tail}: {event}.\nTime: {when} (Hong Kong time)",
}
_DETAIL = {
    "zh-hant": "驗證方式：{method}　裝置：{device}",
    "zh-hans": "验证方式：{method}　设备：{device}",
    "en": "Verification method: {method}. Device: {device}.",
}
_REFERENCE = {
    "zh-hant": "參考編號：{reference}",
    "zh-hans": "参考编号：{reference}",
    "en": "Reference number: {reference}",
}
_NOT_YOU = {
    "zh-hant": "如非本人操作或有疑問，請即致電客戶服務熱線 {hotline}。",
    "zh-hans": "如非本人操作或有疑问，请立即致电客户服务热线 {hotline}。",
    "en": "If this was not you, or you are in doubt, call our customer service hotline now: {hotline}.",
}
_ALERT = {
    "zh-hant": "{name}：尾數{tail}帳戶{event}。",
    "zh-hans": "{name}：尾号{tail}账户{event}。",
    "en": "{name}: {event} (account ending {tail}).",
}
_ALERT_NOT_YOU = {
    "zh-hant": "如非本人操作，請即致電 {hotline}。",
    "zh-hans": "如非本人操作，请立即致电 {hotline}。",
    "en": " Not you? Call {hotline} now.",
}
FOOT = {
    "zh-hant": "本電郵不含連結。我們不會向你索取密碼或驗證碼。如需登入，請自行輸入網址或使用書籤。",
    "zh-hans": "本电邮不含链接。我们不会向您索取密码或验证码。如需登录，请自行输入网址或使用书签。",
    "en": "This e-mail has no links. We never ask for your password or codes. To log in, type our address or "
    "use your bookmark.",
}
_METHODS = {
    "sms": {"zh-hant": "手機短訊", "zh-hans": "手机短信", "en": "text message (SMS)"},
    "soft_token": {"zh-hant": "流動保安編碼", "zh-hans": "流动保安编码", "en": "mobile security code"},
}


@dataclass(frozen=True, slots=True)
class Detail:
    """What a notice may add: the method and device of a login, the reference of a freeze."""

    method: str = ""
    device: str = ""
    reference: str = ""


def notice_email(
    notice: Notice, *, language: str, customer: str, tail: str, when: str, detail: Detail
) -> tuple[str, str]:
    """Subject and body of a notice by e-mail. Neither holds an account number, a link or a code."""
    words = brand.current()
    event = _EVENTS[notice][language]
    paragraphs = [_OPENING[language].format(customer=customer, tail=tail, when=when, event=event)]
    if detail.method:
        method = _METHODS[detail.method][language]
        paragraphs.append(_DETAIL[language].format(method=method, device=detail.device))
    if detail.reference:
        paragraphs.append(_REFERENCE[language].format(reference=detail.reference))
    hotline = " / ".join(words.hotlines)
    if hotline:
        paragraphs.append(_NOT_YOU[language].format(hotline=hotline))
    paragraphs.append(FOOT[language])
    subject = _SUBJECT[language].format(name=words.sms_name.in_language(language), event=event)
    return subject, "\n\n".join(paragraphs) + "\n"


def notice_sms(notice: Notice, *, language: str, tail: str) -> str:
    """A notice as a text message: what happened on which account, and whom to call."""
    words = brand.current()
    event = _EVENTS[notice][language]
    text = _ALERT[language].format(name=words.sms_name.in_language(language), tail=tail, event=event)
    return text + (_ALERT_NOT_YOU[language].format(hotline=words.hotline) if words.hotline else "")


def is_gsm(text: str) -> bool:
    """Whether the GSM alphabet has every letter; any other text travels as UCS-2."""
    return all(letter in _GSM or letter in _GSM_EXTENDED for letter in text)


def every_phone_shows(text: str) -> bool:
    """Whether no letter is one that networks are known to change: those of the GSM extension, such as the euro sign,
    and those beyond the first plane, such as emoji."""
    return not any(letter in _GSM_EXTENDED or ord(letter) > 0xFFFF for letter in text)


def segments(text: str) -> int:
    """How many segments a text message takes on the air. A long one loses room to its headers in each."""
    if is_gsm(text):
        units = sum(2 if letter in _GSM_EXTENDED else 1 for letter in text)
        single, part = GSM_SEGMENT, 153
    else:
        units = len(text.encode("utf-16-be")) // 2
        single, part = UCS2_SEGMENT, 67
    return 1 if units <= single else -(-units // part)
