"""The wording of the letters, in three languages, on one page for whoever has to approve it.

It names no web address: whoever follows a letter types the one they know. The names of buttons are those of the pages.
"""

from portal.brand import Text
from portal.letters.models import Kind

SUBJECT = {
    Kind.PASSWORD: Text("密碼信件", "密码信件", "Password letter"),
    Kind.REBINDING: Text("重新綁定信件", "重新绑定信件", "Rebinding letter"),
}
RUN = Text("信件", "信件", "Letters")
CONFIDENTIAL = Text("機密", "机密", "CONFIDENTIAL")
REFERENCE = Text("參考編號", "参考编号", "Reference")
PRINTED_ON = Text("日期", "日期", "Date")
ACCOUNT = Text("帳戶號碼尾數", "账户号码尾数", "Account number ending in")
CODE = Text("啟動碼", "激活码", "Activation code")
VALID_UNTIL = Text("有效至 {date}", "有效至 {date}", "Valid until {date}")
WHAT_TO_DO = Text("使用方法", "使用方法", "What to do")
HOTLINE_HONG_KONG = Text(
    "客戶服務熱線（香港）：{value}", "客户服务热线（香港）：{value}", "Customer service hotline (Hong Kong): {value}"
)
HOTLINE_MAINLAND = Text(
    "客戶服務熱線（中國內地）：{value}",
    "客户服务热线（中国内地）：{value}",
    "Customer service hotline (Mainland): {value}",
)
HOURS = Text("辦公時間：{value}", "办公时间：{value}", "Office hours: {value}")
PAGE = Text("第 1 頁，共 1 頁", "第 1 页，共 1 页", "Page 1 of 1")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_DEAR_CLIENT = Text("敬啟者：", "敬启者：", "Dear client,")

OPENING = {
    Kind.PASSWORD: (
        _DEAR_CLIENT,
        Text(
            "閣下可憑以下啟動碼設定網上交易的交易密碼。",
            "阁下可凭以下激活码设置网上交易的交易密码。",
            "With the activation code below you can set the trading password for online trading.",
        ),
    ),
    Kind.REBINDING: (
        _DEAR_CLIENT,
        Text(
            "閣下可憑以下啟動碼，將流動保安編碼重新綁定至另一部手機。",
            "阁下可凭以下激活码，将流动保安编码重新绑定至另一部手机。",
            "With the activation code below you can bind the mobile security code to another phone.",
        ),
    ),
}

_OPEN_THE_PAGE = Text(
    "自行輸入本公司登入頁的網址，或使用書籤開啟。切勿按訊息內的連結。",
    "自行输入本公司登录页的网址，或使用书签打开。切勿点击消息中的链接。",
    "Open our login page: type the address yourself or use your bookmark. Never follow a link in a message.",
)

STEPS = {
    Kind.PASSWORD: (
        _OPEN_THE_PAGE,
        Text(
            "選擇「忘記密碼或首次登入」，輸入帳戶號碼，然後選擇「我有信件」。",
            "选择“忘记密码或首次登录”，输入账户号码，然后选择“我有信件”。",
            'Choose "Forgotten password or first login", type your account number and choose "I have a letter".',
        ),
        Text(
            "輸入以上啟動碼，不分大小寫，毋須輸入連字號。",
            "输入以上激活码，不分大小写，无需输入连字符。",
            "Type the activation code. Capitals and hyphens do not matter.",
        ),
        Text(
            "按頁面指示設定新的交易密碼，然後登入。",
            "按页面提示设置新的交易密码，然后登录。",
            "Set a new trading password as the pages tell you, then log in with it.",
        ),
    ),
    Kind.REBINDING: (
        _OPEN_THE_PAGE,
        Text(
            "以帳戶號碼及交易密碼登入，然後選擇「我有重新綁定信件」。",
            "以账户号码及交易密码登录，然后选择“我有重新绑定信件”。",
            'Log in with your account number and trading password, then choose "I have a rebinding letter".',
        ),
        Text(
            "輸入以上啟動碼，不分大小寫，毋須輸入連字號。",
            "输入以上激活码，不分大小写，无需输入连字符。",
            "Type the activation code. Capitals and hyphens do not matter.",
        ),
        Text(
            "按頁面指示綁定手機。完成後，先前綁定的手機即時失效。",
            "按页面提示绑定手机。完成后，先前绑定的手机即时失效。",
            "Bind the phone as the pages tell you. The phone that was bound before stops working at once.",
        ),
    ),
}

CLOSING = (
    Text(
        "啟動碼只可使用一次。請勿向任何人透露，包括本公司職員；使用後請銷毀此信。",
        "激活码只可使用一次。请勿向任何人透露，包括本公司工作人员；使用后请销毁此信。",
        "The code works once. Do not tell it to anyone, not even our staff, and destroy this letter after use.",
    ),
    Text(
        "如閣下並無要求此信，或信封曾被開啟，請即致電客戶服務熱線。",
        "如阁下并无要求此信，或信封曾被开启，请即致电客户服务热线。",
        "If you did not ask for this letter, or the envelope had been opened, call our hotline at once.",
    ),
)
