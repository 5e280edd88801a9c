"""The wording of the client information update form, in three languages, on one page for whoever has to approve it."""

from portal.brand import Text

TITLE = Text("客戶資料更新表格", "客户资料更新表格", "Client Information Update Form")
PURPOSE = Text(
    "用以更改流動電話號碼、電郵地址或通訊地址。請以正楷填寫，並親筆簽署。",
    "用以更改手机号码、电邮地址或通讯地址。请用正楷填写，并亲笔签署。",
    "To change your mobile number, e-mail address or correspondence address. Write in block letters and sign by hand.",
)
REFERENCE = Text("參考編號", "参考编号", "Reference")
CLIENT = Text("1. 客戶", "1. 客户", "1. Client")
NAME = Text("姓名／公司名稱", "姓名／公司名称", "Name, or name of the company")
NUMBER = Text("帳戶號碼", "账户号码", "Account number")
CHANGES = Text(
    "2. 更改資料（請只在需要更改的項目加上剔號並填寫）",
    "2. 更改资料（请只在需要更改的项目打勾并填写）",
    "2. What changes (tick and fill in only what you want to change)",
)
MOBILE = Text("新流動電話號碼", "新手机号码", "New mobile number")
MOBILE_HINT = Text(
    "連國家或地區號碼，須可接收短訊",
    "连国家或地区号码，须可接收短信",
    "With country or area code; it must receive text messages",
)
EMAIL = Text("新電郵地址", "新电邮地址", "New e-mail address")
ADDRESS = Text("新通訊地址", "新通讯地址", "New correspondence address")
SIGNATURE = Text("3. 聲明及簽署", "3. 声明及签署", "3. Declaration and signature")
DECLARATION = Text(
    "本人／吾等要求按以上所填更改資料，並確認所填資料真確無誤。",
    "本人／我们要求按以上所填更改资料，并确认所填资料真确无误。",
    "I/We ask you to change the particulars as written above, and confirm that they are true and correct.",
)
SIGN_HERE = Text(
    "親筆簽署（須與簽名式樣相符）", "亲笔签署（须与签名样式相符）", "Signature by hand (as on the specimen)"
)
DATE = Text("日期", "日期", "Date")
CHECKS = Text(
    "收到表格後，我們會核對簽署及身分證明文件，並致電更改前已登記的電話號碼與閣下確認。親身遞交時請攜同身分證明文件。"
    "切勿在表格上寫下密碼或驗證碼。",
    "收到表格后，我们会核对签署及身份证明文件，并致电更改前已登记的电话号码与阁下确认。亲身递交时请携带身份证明文件。"
    "切勿在表格上写下密码或验证码。",
    "We compare the signature and your identity document, and call you at the number that was on file before. If you "
    "come in person, bring your identity document. Never write a password or a code on this form.",
)
RETURN = Text("4. 交回表格", "4. 交回表格", "4. Where to return the form")
BY_EMAIL = Text(
    "電郵（已簽署表格的掃描本）：{value}",
    "电邮（已签署表格的扫描件）：{value}",
    "E-mail (a scan of the signed form): {value}",
)
BY_FAX = Text("傳真：{value}", "传真：{value}", "Fax: {value}")
BY_HAND = Text("郵寄或親身遞交：{value}", "邮寄或亲身递交：{value}", "By post or in person: {value}")
OFFICE = Text("本公司專用", "本公司专用", "For office use")
OFFICE_BOXES = (
    Text("收件日期", "收件日期", "Received on"),
    Text("經辦人", "经办人", "Maker"),
    Text("覆核人", "复核人", "Checker"),
    Text("個案編號", "个案编号", "Case number"),
)
PAGE = Text("第 1 頁，共 1 頁", "第 1 页，共 1 页", "Page 1 of 1")
