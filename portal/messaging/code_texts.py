"""The wording of every message with a code, in three languages, on one page for whoever has to approve it.

It says what the code is for, how long it is valid, its reference, and that nobody should be told. No text carries a
link. Every text message fits one segment (see `texts.segments`).
"""

from portal import brand
from portal.messaging.texts import FOOT

_CODE: dict[str, dict[str, str]] = {
    "login": {
        "zh-hant": "{code} 是{name}登入驗證碼，3分鐘內有效。參考編號 {reference}。切勿轉發或告訴他人，包括職員。",
        "zh-hans": "{code} 是{name}登录验证码，3分钟内有效。参考编号 {reference}。切勿转发或告诉他人，包括工作人员。",
        "en": "{code} is your {name} login code, valid for 3 minutes. Reference {reference}. "
        "Never forward it or tell anyone, even our staff.",
    },
    "change_password": {
        "zh-hant": "{code} 是{name}「更改密碼」驗證碼，3分鐘內有效。參考編號 {reference}。"
        "切勿轉發或告訴他人，包括職員。",
        "zh-hans": "{code} 是{name}“修改密码”验证码，3分钟内有效。参考编号 {reference}。"
        "切勿转发或告诉他人，包括工作人员。",
        "en": "{code} is your {name} password change code, valid for 3 minutes. Reference {reference}. "
        "Never forward it or tell anyone, even our staff.",
    },
    "change_method": {
        "zh-hant": "{code} 是{name}「變更認證方式」驗證碼，3分鐘內有效。參考編號 {reference}。"
        "切勿轉發或告訴他人，包括職員。",
        "zh-hans": "{code} 是{name}“变更认证方式”验证码，3分钟内有效。参考编号 {reference}。"
        "切勿转发或告诉他人，包括工作人员。",
        "en": "{code} is your {name} code to change the verification method, valid for 3 minutes. "
        "Reference {reference}. Never forward it or tell anyone.",
    },
    "new_method": {
        "zh-hant": "{code} 是{name}「確認新認證方式」驗證碼，3分鐘內有效。參考編號 {reference}。"
        "切勿轉發或告訴他人，包括職員。",
        "zh-hans": "{code} 是{name}“确认新认证方式”验证码，3分钟内有效。参考编号 {reference}。"
        "切勿转发或告诉他人，包括工作人员。",
        "en": "{code} is your {name} code to confirm your new verification method, valid for 3 minutes. "
        "Reference {reference}. Never forward it or tell anyone.",
    },
    "change_contact": {
        "zh-hant": "{code} 是{name}「修改聯絡資料」驗證碼，3分鐘內有效。參考編號 {reference}。"
        "切勿轉發或告訴他人，包括職員。",
        "zh-hans": "{code} 是{name}“修改联系资料”验证码，3分钟内有效。参考编号 {reference}。"
        "切勿转发或告诉他人，包括工作人员。",
        "en": "{code} is your {name} code to change your contact details, valid for 3 minutes. "
        "Reference {reference}. Never forward it or tell anyone.",
    },
    "new_mobile": {
        "zh-hant": "{code} 是{name}「確認新電話號碼」驗證碼，3分鐘內有效。參考編號 {reference}。"
        "切勿轉發或告訴他人，包括職員。",
        "zh-hans": "{code} 是{name}“确认新手机号码”验证码，3分钟内有效。参考编号 {reference}。"
        "切勿转发或告诉他人，包括工作人员。",
        "en": "{code} is your {name} code to confirm your new mobile number, valid for 3 minutes. "
        "Reference {reference}. Never forward it or tell anyone.",
    },
    "reset": {
        "zh-hant": "{code} 是{name}「重設密碼」驗證碼，3分鐘內有效。參考編號 {reference}。"
        "切勿轉發或告訴他人，包括職員。",
        "zh-hans": "{code} 是{name}“重置密码”验证码，3分钟内有效。参考编号 {reference}。"
        "切勿转发或告诉他人，包括工作人员。",
        "en": "{code} is your {name} password reset code, valid for 3 minutes. Reference {reference}. "
        "Never forward it or tell anyone, even our staff.",
    },
}

#: Codes by e-mail, which have room for a sentence more. None says who the client is: the address may be mistyped.
_CODE_SUBJECT = {
    "zh-hant": "【{name}】驗證碼（參考編號 {reference}）",
    "zh-hans": "【{name}】验证码（参考编号 {reference}）",
    "en": "[{name}] Your code (reference {reference})",
}
_CODE_EMAIL: dict[str, dict[str, str]] = {
    "new_email": {
        "zh-hant": "{code} 是{name}「確認新電郵地址」驗證碼，10分鐘內有效。參考編號 {reference}。\n\n"
        "請在提出更改的網頁輸入。切勿轉發或告訴他人，包括職員。\n\n"
        "如果你沒有提出更改，請忽略本電郵：沒有這個驗證碼，你的電郵地址不會被登記。",
        "zh-hans": "{code} 是{name}“确认新电邮地址”验证码，10分钟内有效。参考编号 {reference}。\n\n"
        "请在提出修改的网页输入。切勿转发或告诉他人，包括工作人员。\n\n"
        "如果您没有提出修改，请忽略本电邮：没有这个验证码，您的电邮地址不会被登记。",
        "en": "{code} is your {name} code to confirm your new e-mail address, valid for 10 minutes. "
        "Reference {reference}.\n\n"
        "Enter it on the page where you asked for the change. Never forward it or tell anyone, even our staff.\n\n"
        "If you asked for no change, ignore this e-mail: without the code your address is not registered.",
    },
    "reset_email": {
        "zh-hant": "{code} 是{name}「重設交易密碼」驗證碼，10分鐘內有效。參考編號 {reference}。\n\n"
        "請在提出重設的網頁輸入。切勿轉發或告訴他人，包括職員。\n\n"
        "如果你沒有提出重設，請忽略本電郵：單憑這個驗證碼不能重設密碼。如果你多次收到本電郵，請致電我們。",
        "zh-hans": "{code} 是{name}“重置交易密码”验证码，10分钟内有效。参考编号 {reference}。\n\n"
        "请在提出重置的网页输入。切勿转发或告诉他人，包括工作人员。\n\n"
        "如果您没有提出重置，请忽略本电邮：单凭这个验证码不能重置密码。如果您多次收到本电邮，请致电我们。",
        "en": "{code} is your {name} code to reset your trading password, valid for 10 minutes. "
        "Reference {reference}.\n\n"
        "Enter it on the page where you asked for the reset. Never forward it or tell anyone, even our staff.\n\n"
        "If you did not ask, ignore this e-mail: the code alone does not reset a password. If you get it again and "
        "again, call us.",
    },
}

_TRIAL = {
    "zh-hant": "這是{name}的測試短訊，參考編號 {reference}，毋須理會。",
    "zh-hans": "这是{name}的测试短信，参考编号 {reference}，无需理会。",
    "en": "{name} test message, reference {reference}. Nothing to do.",
}


def code_text(purpose: str, *, code: str, reference: str, language: str, origin: str = "") -> str:
    """The text message for one code. `origin` is the host of the origin-bound last line, empty for none.

    Raises KeyError for a purpose or language that has no text.
    """
    text = _CODE[purpose][language].format(
        code=code, reference=reference, name=brand.current().sms_name.in_language(language)
    )
    return f"{text}\n@{origin} #{code}" if origin else text


def code_email(purpose: str, *, code: str, reference: str, language: str) -> tuple[str, str]:
    """Subject and body of the e-mail for one code. The subject does not hold it: lists of mail are read by others.

    Raises KeyError for a purpose or language that has no text.
    """
    name = brand.current().sms_name.in_language(language)
    text = _CODE_EMAIL[purpose][language].format(code=code, reference=reference, name=name)
    return _CODE_SUBJECT[language].format(name=name, reference=reference), f"{text}\n\n{FOOT[language]}\n"


def trial_text(reference: str, language: str) -> str:
    """The text message with which somebody tries a gateway. It goes to a phone of ours. Raises KeyError."""
    return _TRIAL[language].format(name=brand.current().sms_name.in_language(language), reference=reference)


def code_purposes() -> list[str]:
    """Every purpose that has a text message."""
    return list(_CODE)


def email_purposes() -> list[str]:
    """Every purpose whose code goes by e-mail."""
    return list(_CODE_EMAIL)
