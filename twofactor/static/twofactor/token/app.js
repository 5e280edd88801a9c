'use strict';
// What the buttons do, and how a key comes in: typed, scanned, or handed over by the portal.
(() => {
  const $ = query => document.querySelector(query);
  const on = (target, type, act) => target.addEventListener(type, act);
  const PORTAL = document.body.dataset.portal;
  const BROKER = ['hant', 'hans', 'en'].map(language => document.body.dataset[language]);
  const adding = $('#adding'), asking = $('#asking'), form = $('#typed'), key = $('#key'), end = $('#end');
  const status = $('#status'), warning = $('#warning'), video = $('video'), scanning = $('#scanning');
  let accounts = [];

  const say = word => { status.textContent = Words.say(word); };
  const warn = word => {
    warning.hidden = false;
    $('#warning-text').dataset.word = word;
    $('#warning-text').textContent = Words.say(word);
  };
  const reload = async () => {
    accounts = await Store.all();
    $('#empty').hidden = accounts.length > 0;
    $('#add').classList.toggle('primary', !accounts.length);
    Cards.show(accounts);
  };

  // One question with its answers; whatever closes the dialog without one is a no.
  const ask = (title, text, values, answers) => new Promise(resolve => {
    $('#asking-title').textContent = Words.say(title);
    $('#asking-text').textContent = Words.say(text, values);
    $('#asking-more').hidden = title !== 'askTitle' || navigator.standalone !== false;
    const buttons = [...answers, { word: 'cancel' }].map(({ word, kind }) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = `btn ${kind ?? ''}`;
      button.textContent = Words.say(word);
      button.autofocus = word === 'cancel' && answers.some(each => each.kind === 'danger');
      on(button, 'click', () => asking.close(word));
      return button;
    });
    $('#asking-actions').replaceChildren(...buttons);
    asking.returnValue = '';
    asking.addEventListener('close', () => resolve(asking.returnValue), { once: true });
    asking.showModal();
  });
  const named = account => ({ issuer: Cards.issuerOf(account), account: Cards.nameOf(account) });

  // The broker's own accounts are known by their last two digits in every language.
  const described = (issuer, account) => {
    const ours = BROKER.includes(issuer) || !issuer;
    const digits = ours && /^\D*(\d\d)$/.exec(account)?.[1];
    return { issuer: ours ? '' : issuer, account: digits || account };
  };

  const keep = async (found, word) => {
    const twin = accounts.find(each => each.issuer === found.issuer && each.account === found.account);
    const record = { ...found, mark: crypto.randomUUID() };
    if (twin) {
      const answers = [{ word: 'replace', kind: 'primary' }, { word: 'keepBoth' }];
      const answer = await ask('twiceTitle', 'twiceText', named(found), answers);
      if (answer !== 'replace' && answer !== 'keepBoth') return;
      if (answer === 'replace') record.id = twin.id;
    }
    const isFirst = !accounts.length;
    let id;
    try {
      id = await Store.put(record);
      await reload();
    } catch {
      return warn('noStore');
    }
    say(word);
    Cards.focus(id);
    if (isFirst && !await Store.persist()) warn('notKept');
  };

  // --- Typed --------------------------------------------------------------------------------------
  const complain = (field, word, values) => {
    const line = $(`#${field.id}-error`);
    line.hidden = !word;
    line.lastElementChild.textContent = word ? Words.say(word, values) : '';
    if (!word) return field.removeAttribute('aria-invalid');
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  };
  const clear = () => {
    form.reset();
    for (const field of [key, end]) complain(field);
    $('#scan-error').hidden = true;
  };
  const refused = (error, show) => {
    if (!(error instanceof Otp.Refusal)) throw error;
    show(error.word, error.values);
  };
  on(form, 'submit', async event => {
    event.preventDefault();
    for (const field of [key, end]) complain(field);
    try {
      const digits = end.value.normalize('NFKC').trim();
      const secret = await Otp.importKey(key.value);
      if (!/^\d\d$/.test(digits)) return complain(end, 'endWrong');
      adding.close();
      await keep({ ...described('', digits), key: secret }, 'added');
    } catch (error) {
      refused(error, (word, values) => complain(key, word, values));
    }
  });
  on(key, 'keydown', event => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    form.requestSubmit();
  });
  // Whichever way the dialog ends, the typed key goes and the camera with it.
  on(adding, 'close', () => {
    clear();
    Scan.stop(video);
    scanning.hidden = true;
  });
  on(window, 'pagehide', clear);

  // --- Scanned ------------------------------------------------------------------------------------
  const scanFailed = (word, values) => {
    $('#scan-error').hidden = false;
    $('#scan-error').lastElementChild.textContent = Words.say(word, values);
  };
  on($('#scan'), 'click', async () => {
    $('#scan-error').hidden = true;
    scanning.hidden = false;
    let text;
    try {
      text = await Scan.read(video);
    } catch {
      scanFailed('scanRefused');
    }
    Scan.stop(video);
    scanning.hidden = true;
    if (text === undefined) return;
    try {
      const { secret, issuer, account } = Otp.readCode(text);
      const found = { ...described(Otp.plain(issuer), Otp.plain(account)), key: await Otp.importKey(secret) };
      adding.close();
      await confirm(found, 'added');
    } catch (error) {
      refused(error, scanFailed);
    }
  });

  const confirm = async (found, word) => {
    if (await ask('askTitle', 'askText', named(found), [{ word: 'askYes', kind: 'primary' }]) === 'askYes') {
      await keep(found, word);
    }
  };

  // --- Handed over --------------------------------------------------------------------------------
  const listen = () => {
    if (!window.opener) return;
    on(window, 'message', async event => {
      if (event.origin !== PORTAL || event.source !== window.opener) return;
      if (event.data?.type !== 'portal-token-key' || asking.open) return;
      adding.close();
      try {
        const secret = await Otp.importKey(String(event.data.key));
        const facts = described(Otp.plain(event.data.issuer ?? ''), Otp.plain(event.data.account ?? ''));
        await confirm({ ...facts, key: secret }, 'addedThere');
      } catch (error) {
        refused(error, () => warn('handedWrong'));
      }
    });
    window.opener.postMessage({ type: 'portal-token-ready' }, PORTAL);
  };

  // --- The page -----------------------------------------------------------------------------------
  on($('#add'), 'click', () => {
    status.textContent = '';
    adding.showModal();
  });
  on($('#leave'), 'click', () => adding.close());
  on($('#dismiss'), 'click', () => { warning.hidden = true; });
  for (const button of document.querySelectorAll('[data-language]')) {
    on(button, 'click', () => {
      status.textContent = '';
      Words.choose(button.dataset.language);
      Cards.label();
    });
  }
  on(Cards.list, 'copy-code', ({ detail }) => {
    if (detail.code) navigator.clipboard.writeText(detail.code).then(() => say('copied'), () => say('copyRefused'));
  });
  on(Cards.list, 'remove-account', async ({ detail: { account } }) => {
    const answers = [{ word: 'remove', kind: 'danger' }];
    if (await ask('removeTitle', 'removeText', named(account), answers) !== 'remove') return;
    await Store.remove(account.id);
    await reload();
    say('removed');
    $('#add').focus();
  });
  // Another window may have added an account meanwhile.
  on(document, 'visibilitychange', () => { if (!document.hidden) reload().catch(() => warn('noStore')); });

  const start = async () => {
    Words.speak(Words.first());
    $('main').hidden = false;
    if (!window.crypto?.subtle) return warn('noCrypto');
    try {
      await reload();
    } catch {
      return warn('noStore');
    }
    $('#add').disabled = false;
    listen();
    $('#scan-way').hidden = !await Scan.possible();
  };
  start();
  // The one look for a new version; after that the app is alone.
  on(window, 'load', () => navigator.serviceWorker?.register('sw.js').catch(() => {}));
})();
