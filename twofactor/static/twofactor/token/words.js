'use strict';
// Every word of the app in zh-Hant, zh-Hans and English. `{name}` is filled in.
const Words = (() => {
  const LANGUAGES = { hant: 'zh-Hant-HK', hans: 'zh-Hans', en: 'en' };
  const WORDS = {
    title: ['保安編碼', '保安编码', 'Security codes'],
    language: ['語言', '语言', 'Language'],
    accounts: ['帳戶', '账户', 'Accounts'],
    ending: ['帳戶尾號 {digits}', '账户尾号 {digits}', 'Account ending {digits}'],
    copy: ['複製', '复制', 'Copy'],
    copied: ['已複製編碼。', '已复制编码。', 'Code copied.'],
    copyRefused: ['瀏覽器不允許複製，請自行輸入編碼。', '浏览器不允许复制，请自行输入编码。', 'The browser does not allow copying. Type the code instead.'],
    remove: ['移除', '移除', 'Remove'],
    add: ['新增帳戶', '添加账户', 'Add an account'],
    cancel: ['取消', '取消', 'Cancel'],
    dismiss: ['知道了', '知道了', 'OK'],

    emptyTitle: ['尚未新增帳戶', '尚未添加账户', 'No account yet'],
    emptyText: [
      '請登入網站，選擇「客戶服務」>「雙重認證申請」>「流動保安編碼」。網站會顯示二維碼和密鑰，供你在此新增帳戶。',
      '请登录网站，选择“客户服务”>“双重认证申请”>“流动保安编码”。网站会显示二维码和密钥，供您在此添加账户。',
      'Log in to the web site and choose Customer service > 2FA application > Mobile security code. It shows a QR code and a key with which you add your account here.'],
    helpTitle: ['使用須知', '使用须知', 'Good to know'],
    helpOffline: ['編碼每 30 秒更新一次，毋須上網或短訊，在外地亦可使用。', '编码每 30 秒更新一次，无需上网或短信，在外地也可使用。', 'The code changes every 30 seconds. It needs no internet and no text message, so it also works abroad.'],
    helpClock: ['請將手機的日期和時間設定為「自動設定」，時間不準確時編碼會不正確。', '请将手机的日期和时间设置为“自动设置”，时间不准确时编码会不正确。', 'Let your phone set its date and time automatically. With a wrong clock the codes are wrong.'],
    helpSecret: ['切勿向任何人透露編碼，我們的職員亦不會向你索取。', '切勿向任何人透露编码，我们的员工也不会向您索取。', 'Never tell anybody a code. Our staff will never ask for one.'],
    helpLost: ['如清除瀏覽器資料或更換手機，編碼便會消失。請致電客戶服務熱線索取重新綁定信件。', '如清除浏览器数据或更换手机，编码便会消失。请致电客户服务热线索取重新绑定信件。', 'If you clear the browser’s data or change your phone, the codes are gone. Call the customer service hotline and ask for a rebinding letter.'],
    helpHome: ['iPhone：請先以瀏覽器的「加入主畫面」安裝，再從主畫面開啟並新增帳戶。在瀏覽器新增的帳戶不會帶到主畫面。', 'iPhone：请先用浏览器的“添加到主屏幕”安装，再从主屏幕打开并添加账户。在浏览器添加的账户不会带到主屏幕。', 'iPhone: first use “Add to Home Screen” in the browser, then open the app from there and add your account. An account added in the browser does not move with it.'],

    scanTitle: ['掃描二維碼', '扫描二维码', 'Scan the QR code'],
    scan: ['開啟相機', '打开相机', 'Open the camera'],
    scanning: ['請將鏡頭對準網站上的二維碼。', '请将镜头对准网站上的二维码。', 'Point the camera at the QR code on the web site.'],
    scanRefused: ['未能使用相機。請在瀏覽器允許使用相機，或輸入密鑰。', '无法使用相机。请在浏览器允许使用相机，或输入密钥。', 'The camera cannot be used. Allow it in the browser, or type the key.'],
    typeTitle: ['輸入密鑰', '输入密钥', 'Type the key'],
    keyLabel: ['網站顯示的密鑰', '网站显示的密钥', 'Key shown on the web site'],
    keyHint: ['共 32 個字元；大小楷、空格和連字號均可。', '共 32 个字符；大小写、空格和连字符均可。', '32 characters. Capitals, spaces and hyphens do not matter.'],
    endLabel: ['帳戶號碼最後兩位數字', '账户号码最后两位数字', 'Last two digits of the account number'],
    error: ['錯誤：', '错误：', 'Error: '],

    askTitle: ['新增此帳戶？', '添加此账户？', 'Add this account?'],
    askText: ['新增{issuer}的「{account}」？只應在你剛於網站申請後新增。', '添加{issuer}的“{account}”？仅应在您刚于网站申请后添加。', 'Add “{account}” of {issuer}? Add it only if you have just asked for it on the web site.'],
    askYes: ['新增', '添加', 'Add'],
    inBrowser: ['你正在瀏覽器中使用。帳戶只會存於此瀏覽器，不會帶到主畫面的應用程式。', '您正在浏览器中使用。账户只会存于此浏览器，不会带到主屏幕的应用程序。', 'You are in the browser. The account stays in this browser and does not move to the app on the Home Screen.'],
    twiceTitle: ['此帳戶已存在', '此账户已存在', 'This account is already here'],
    twiceText: ['{issuer}的「{account}」已有一組編碼。重新綁定後，舊的編碼不再有效，請取代；如屬另一個尾號相同的帳戶，請同時保留。', '{issuer}的“{account}”已有一组编码。重新绑定后，旧的编码不再有效，请替换；如属另一个尾号相同的账户，请同时保留。', '“{account}” of {issuer} has a code here. After binding again the old code no longer works: replace it. If this is another account with the same ending, keep both.'],
    replace: ['取代', '替换', 'Replace'],
    keepBoth: ['同時保留', '同时保留', 'Keep both'],
    removeTitle: ['移除此帳戶？', '移除此账户？', 'Remove this account?'],
    removeText: ['將從此手機移除{issuer}的「{account}」。這不會更改你在本公司的驗證方式：登入時仍須輸入流動保安編碼。如未更改驗證方式便移除，你將不能登入。', '将从此手机移除{issuer}的“{account}”。这不会更改您在本公司的验证方式：登录时仍须输入流动保安编码。如未更改验证方式便移除，您将无法登录。', 'This takes “{account}” of {issuer} off this phone. It does not change your verification method: login will still ask for the mobile security code. Change your method first, or you cannot log in.'],

    added: ['已新增帳戶。請在網站輸入編碼以完成綁定。', '已添加账户。请在网站输入编码以完成绑定。', 'Account added. Enter the code on the web site to finish binding.'],
    addedThere: ['已新增帳戶。請複製編碼，返回網站輸入以完成綁定。', '已添加账户。请复制编码，返回网站输入以完成绑定。', 'Account added. Copy the code, go back to the web site and enter it there to finish binding.'],
    handedWrong: ['網站交來的密鑰不完整，未有新增帳戶。請返回網站，改為輸入密鑰。', '网站交来的密钥不完整，未添加账户。请返回网站，改为输入密钥。', 'The web site handed over a key that is not whole. Nothing was added. Go back to the web site and type the key instead.'],
    removed: ['已移除帳戶。', '已移除账户。', 'Account removed.'],
    notKept: ['瀏覽器未保證長期儲存：手機儲存空間不足或長期未開啟時，編碼可能被清除。屆時請致電客戶服務熱線索取重新綁定信件。', '浏览器未保证长期存储：手机存储空间不足或长期未打开时，编码可能被清除。届时请致电客户服务热线索取重新绑定信件。', 'The browser does not promise to keep the account: your phone may clear it when space runs low or after a long time without use. If that happens, call the customer service hotline and ask for a rebinding letter.'],
    noStore: ['此瀏覽器未能儲存帳戶。請關閉私密瀏覽，或改用另一個瀏覽器。', '此浏览器无法存储账户。请关闭无痕浏览，或改用其他浏览器。', 'This browser cannot store an account. Leave private browsing, or use another browser.'],
    noCrypto: ['此瀏覽器未能計算編碼。請更新瀏覽器，並以 https 開啟此頁。', '此浏览器无法计算编码。请更新浏览器，并以 https 打开此页。', 'This browser cannot compute codes. Update it, and open this page over https.'],

    keyEmpty: ['請輸入密鑰。', '请输入密钥。', 'Enter the key.'],
    keyCharacter: ['密鑰不含「{found}」（第 {place} 個字元）。密鑰只有英文字母 A 至 Z 和數字 2 至 7。', '密钥不含“{found}”（第 {place} 个字符）。密钥只有英文字母 A 至 Z 和数字 2 至 7。', '“{found}” (character {place}) does not occur in a key. A key has only the letters A to Z and the digits 2 to 7.'],
    keyDigit: ['密鑰不含數字「{found}」（第 {place} 個字元）。會否是英文字母 {perhaps}？', '密钥不含数字“{found}”（第 {place} 个字符）。是否为英文字母 {perhaps}？', 'The digit “{found}” (character {place}) does not occur in a key. Is it the letter {perhaps}?'],
    keyPadding: ['「=」只可在密鑰末尾補足長度，請刪去「=」再試。', '“=”只可在密钥末尾补足长度，请删去“=”再试。', '“=” may only fill up the end of a key. Take it out and try again.'],
    keyLength: ['密鑰有 {count} 個字元，並不完整：缺少或多出了字元。請再核對，應為 32 個字元。', '密钥有 {count} 个字符，并不完整：缺少或多出了字符。请再核对，应为 32 个字符。', 'The key has {count} characters and is not whole: one is missing or too many. Check it again: it should have 32.'],
    keyShort: ['密鑰只有 {count} 個字元，太短，應為 32 個字元。', '密钥只有 {count} 个字符，太短，应为 32 个字符。', 'The key has only {count} characters, which is too short. It should have 32.'],
    keyLong: ['密鑰有 {count} 個字元，太長，應為 32 個字元。', '密钥有 {count} 个字符，太长，应为 32 个字符。', 'The key has {count} characters, which is too long. It should have 32.'],
    endWrong: ['請輸入帳戶號碼最後兩位數字，例如 01。', '请输入账户号码最后两位数字，例如 01。', 'Enter the last two digits of the account number, for example 01.'],
    codeForeign: ['這不是流動保安編碼的二維碼。請掃描網站上綁定頁面的二維碼。', '这不是流动保安编码的二维码。请扫描网站上绑定页面的二维码。', 'This is not a QR code for security codes. Scan the one on the binding page of the web site.'],
    codeKind: ['此二維碼要求的編碼種類（{what}）不受支援。只支援每 30 秒一組的 6 位數字編碼（SHA1）。', '此二维码要求的编码种类（{what}）不受支持。仅支持每 30 秒一组的 6 位数字编码（SHA1）。', 'This QR code asks for a kind of code that is not supported ({what}). Only 6-digit codes of 30 seconds with SHA1 are.'],
  };
  const MEMORY = 'language';
  let active = 'hant';

  // The remembered language, else the browser's: Hong Kong, Macau and Taiwan read Traditional, others Simplified.
  const first = () => {
    try {
      const kept = localStorage.getItem(MEMORY);
      if (kept in LANGUAGES) return kept;
    } catch { /* storage is switched off: the browser's language will do */ }
    const wish = navigator.language.toLowerCase();
    if (!wish.startsWith('zh')) return 'en';
    return /hans|-cn|-sg|-my/.test(wish) && !/hant/.test(wish) ? 'hans' : 'hant';
  };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const say = (word, values = {}) => fill(WORDS[word][Object.keys(LANGUAGES).indexOf(active)], values);
  const broker = () => document.body.dataset[active];

  // Write every word of the page in a language.
  const speak = language => {
    active = language;
    document.documentElement.lang = LANGUAGES[language];
    document.title = `${say('title')} – ${broker()}`;
    for (const each of document.querySelectorAll('[data-broker]')) each.textContent = broker();
    for (const each of document.querySelectorAll('[data-word]')) each.textContent = say(each.dataset.word);
    for (const each of document.querySelectorAll('[data-label]')) each.setAttribute('aria-label', say(each.dataset.label));
    for (const each of document.querySelectorAll('[data-language]')) {
      each.setAttribute('aria-pressed', each.dataset.language === language);
    }
  };
  const choose = language => {
    try { localStorage.setItem(MEMORY, language); } catch { /* it holds for this visit */ }
    speak(language);
  };
  return { first, speak, choose, say, broker };
})();
