'use strict';
// Hands the key from the binding page to the token app on the same phone. The key goes to the app's origin
// alone, from window to window: it is in no address, no form and no storage.
(() => {
if (!matchMedia('(any-pointer: coarse)').matches) return; // no phone: the key would lie where the password is typed
const PATIENCE = 20; // seconds for the app to answer
for (const box of document.querySelectorAll('[data-handover]')) {
  const { app, key, account, issuer } = box.dataset;
  const button = box.querySelector('button'), status = box.querySelector('[role=status]');
  if (!app || !button) continue;
  const { origin } = new URL(app);
  let opened, timer;
  const say = word => { status.textContent = word ? box.dataset[word] : ''; };
  box.hidden = false;
  button.addEventListener('click', () => {
    clearTimeout(timer);
    say();
    opened = window.open(app);
    if (!opened) return say('blocked');
    timer = setTimeout(say, PATIENCE * 1000, 'silent');
  });
  window.addEventListener('message', event => {
    if (event.origin !== origin || event.source !== opened || event.data?.type !== 'portal-token-ready') return;
    clearTimeout(timer);
    opened.postMessage({ type: 'portal-token-key', key, account, issuer }, origin);
    say('handed');
  });
}
})();
