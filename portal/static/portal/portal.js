// Enhancements only: pages work without it. Words come from data attributes.
(() => {
const $ = (query, root = document) => root.querySelector(query);
const on = (target, type, act) => target.addEventListener(type, act);
const after = s => Date.now() + s * 1000; // relative to load: clocks differ
const put = (root, s) => { $('b', root).textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`; };

// Shows the seconds left until told to stop. Date survives sleep; intervals do not.
const count = (end, show) => {
  const step = () => show(Math.max(0, Math.ceil((end() - Date.now()) / 1000))) || setTimeout(step, 250);
  step();
};
// Speaks at these seconds only; a mark past at load stays silent.
const speaker = (region, marks, from) => s => {
  const due = marks.filter(mark => s <= mark && mark < from);
  if (due.length) region.textContent = region.dataset['m' + (from = Math.min(...due))];
};

on(window, 'pageshow', event => event.persisted && location.reload());
$('.summary')?.focus();

// One click, one request. Waiting buttons are aria-disabled: still readable.
let last = 0;
on(window, 'submit', event => {
  if (event.defaultPrevented) return;
  if (event.submitter?.ariaDisabled === 'true' || Date.now() - last < 1000) event.preventDefault();
  else last = Date.now();
});

for (const button of document.querySelectorAll('[data-shows]')) {
  const { shows, show, hide, showLabel, hideLabel } = button.dataset, input = $('#' + shows);
  const set = shown => {
    input.type = shown ? 'text' : 'password';
    button.textContent = shown ? hide : show;
    button.ariaLabel = shown ? hideLabel : showLabel;
  };
  button.hidden = false;
  on(button, 'click', () => set(input.type === 'password'));
  on(input.form, 'submit', () => set(false)); // so browsers offer to save it
}

// Proof of work: workers share the counters, the first solution wins.
const proof = $('[data-challenge]');
if (proof) {
  const { form } = proof, line = $('.proof'), status = $('[data-busy-say]');
  const challenge = JSON.parse(proof.dataset.challenge), workers = [];
  const counterStep = Math.min(4, navigator.hardwareConcurrency || 1);
  let busy = true, held;
  const finish = solution => {
    if (!busy) return;
    busy = false;
    workers.forEach(worker => worker.terminate());
    const end = solution ? 'done' : 'failed';
    if (solution) proof.value = btoa(JSON.stringify({ challenge, solution }));
    line.textContent = line.dataset[end];
    line.classList.add(end);
    if (held) form.requestSubmit(held.submitter); // unsolved: the server shows a picture
  };
  line.hidden = false;
  line.textContent = line.dataset.busy;
  on(form, 'submit', event => {
    if (!busy) return;
    event.preventDefault();
    held = event;
    status.textContent = status.dataset.busySay;
  });
  try {
    for (let counterStart = 0; counterStart < counterStep; counterStart++) {
      const worker = new Worker(proof.dataset.worker);
      workers.push(worker);
      worker.onmessage = ({ data }) => finish(data?.derivedKey && data);
      worker.onerror = () => finish();
      worker.postMessage({ type: 'work', challenge, counterStart, counterStep, timeout: 60000 });
    }
  } catch { finish(); }
}

const code = $('#id_code'), say = $('[data-say]'), left = $('[data-left]'), resend = $('[data-wait]');
const expires = after(+left?.dataset.left || 0);
const prefer = () => { // nothing is disabled
  $('[data-submit]').classList.remove('primary');
  resend.classList.add('primary');
};
if (left) {
  const speak = speaker(say, [60, 30, 0], +left.dataset.left);
  left.hidden = false;
  count(() => expires, s => {
    put(left, s);
    speak(s);
    if (s) return false;
    left.textContent = say.dataset.m0;
    return !prefer();
  });
}
let wait;
if (resend) {
  const when = $('#resend-when');
  wait = after(+resend.dataset.wait);
  count(() => wait, s => {
    if (!s && resend.ariaDisabled === 'true') say.textContent = say.dataset.resend;
    resend.ariaDisabled = s > 0;
    when.hidden = !s;
    put(when, s);
  });
}
const delivery = $('[data-delivery-url]');
if (delivery) {
  const line = $('span', delivery), lines = $('[data-lines]');
  const poll = async () => {
    if (Date.now() > expires) return;
    const answer = await fetch(delivery.dataset.deliveryUrl).catch(() => 0);
    if (answer) {
      if (!answer.ok || answer.redirected) return;
      const { state, resend_seconds } = await answer.json(), words = line.dataset[state];
      if (words && words !== line.textContent) line.textContent = words;
      delivery.className = 'delivery ' + state;
      wait = after(resend_seconds);
      if (state === 'failed') prefer();
      if (lines) lines.hidden = !['refused', 'opted_out'].includes(state);
      if (!['queued', 'sent', 'delayed'].includes(state)) return;
    }
    setTimeout(poll, 1500);
  };
  setTimeout(poll, 1500);
}
if (left && 'OTPCredential' in window) {
  const stop = new AbortController();
  on(code.form, 'submit', () => stop.abort());
  setTimeout(() => stop.abort(), expires - Date.now());
  navigator.credentials.get({ otp: { transport: ['sms'] }, signal: stop.signal })
    .then(found => { code.value = found.code; }) // no submit: tries are counted
    .catch(() => {});
}

const idle = $('[data-idle]');
if (idle) {
  const limit = +idle.dataset.idle, form = $('form', idle), region = $('[role=status]', idle);
  const tabs = new BroadcastChannel('portal'); // work in one tab keeps all alive
  let end, speak;
  const gone = () => location.replace(`${idle.dataset.ended}&next=${location.pathname}`);
  const renew = () => {
    end = after(limit);
    speak = speaker(region, [60, 20], Math.min(limit, 121));
    region.textContent = '';
    idle.close();
  };
  const stay = async event => {
    event.preventDefault();
    const answer = await fetch(form.action, { method: 'POST', body: new FormData(form) }).catch(() => 0);
    if (answer?.status !== 204) return gone();
    renew();
    tabs.postMessage(1);
  };
  on(form, 'submit', stay);
  on(idle, 'cancel', stay);
  tabs.onmessage = renew;
  tabs.postMessage(1);
  renew();
  count(() => end, s => {
    if (s <= 120 && !idle.open) idle.showModal();
    put(idle, s);
    if (idle.open) speak(s);
    return !s && !gone();
  });
}
})();
