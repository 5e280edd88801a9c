'use strict';
// The list of accounts: a code each, and a ring that counts down.
const Cards = (() => {
  const SOON = 5; // seconds left from which the ring warns
  const list = document.querySelector('#accounts'), pattern = document.querySelector('#card');
  const cards = new Map(); // id -> {account, code, ...parts}
  let timer;

  const issuerOf = account => account.issuer || Words.broker();
  const nameOf = account => /^\d\d$/.test(account.account) && !account.issuer
    ? Words.say('ending', { digits: account.account })
    : account.account || issuerOf(account);

  const label = () => {
    const seen = new Map();
    for (const { account, issuer, name } of cards.values()) {
      const text = nameOf(account), nth = (seen.get(issuerOf(account) + text) ?? 0) + 1;
      seen.set(issuerOf(account) + text, nth);
      issuer.textContent = issuerOf(account);
      name.textContent = nth > 1 ? `${text} (${nth})` : text;
    }
  };
  const compute = async (card, step) => {
    card.step = step;
    const code = await Otp.codeAt(card.account.key, step);
    if (card.step !== step) return;
    card.code = code;
    card.left.textContent = code.slice(0, 3);
    card.right.textContent = code.slice(3);
  };
  // Once a second for the ring; the codes only when their time is over.
  const tick = () => {
    clearTimeout(timer);
    const now = Date.now(), step = Otp.stepAt(now), left = Otp.secondsLeft(now);
    for (const card of cards.values()) {
      const { ring, arc, seconds } = card;
      if (card.step !== step) compute(card, step);
      arc.setAttribute('stroke-dashoffset', Otp.STEP - left);
      seconds.textContent = left;
      ring.classList.toggle('soon', left <= SOON);
    }
    if (cards.size) timer = setTimeout(tick, 1000 - now % 1000);
  };
  const make = account => {
    const item = pattern.content.cloneNode(true).firstElementChild;
    const part = name => item.querySelector(`.${name}`);
    const card = {
      account, item, issuer: part('issuer'), name: part('name'), left: part('left'), right: part('right'),
      ring: part('ring'), arc: part('arc'), seconds: part('seconds'),
    };
    const heading = item.querySelector('h2');
    heading.id = `account-${account.id}`;
    for (const [name, act] of [['copy', 'copy-code'], ['remove', 'remove-account']]) {
      part(name).setAttribute('aria-describedby', heading.id);
      part(name).addEventListener('click', () => list.dispatchEvent(new CustomEvent(act, { detail: card })));
    }
    for (const each of item.querySelectorAll('[data-word]')) each.textContent = Words.say(each.dataset.word);
    return card;
  };
  // Show exactly these accounts, in their order; a card that stays is not made anew.
  const show = accounts => {
    const before = new Map(cards);
    cards.clear();
    for (const account of accounts) {
      const known = before.get(account.id);
      const card = known?.account.mark === account.mark ? known : make(account);
      cards.set(account.id, card);
    }
    for (const [id, card] of before) if (cards.get(id) !== card) card.item.remove();
    [...cards.values()].forEach(({ item }, place) => {
      if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
    });
    list.hidden = !cards.size;
    label();
    tick();
  };
  const focus = id => cards.get(id)?.item.querySelector('.copy').focus();

  // Timers sleep with the phone: look at the clock on waking up.
  document.addEventListener('visibilitychange', tick);
  window.addEventListener('pageshow', tick);
  return { list, show, label, focus, nameOf, issuerOf };
})();
