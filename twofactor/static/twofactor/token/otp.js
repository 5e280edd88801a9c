'use strict';
// Keys and codes: what may be a key, and the code of a key at a time (RFC 4648, 4226, 6238).
const Otp = (() => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const LOOKS_LIKE = { 0: 'O', 1: 'I / L', 8: 'B' };
  const SHORTEST = 10, LONGEST = 64; // bytes; the portal's own keys have 20
  const STEP = 30; // seconds
  const LABEL = 64; // characters of a name that somebody else wrote

  // A refusal carries the word to say, and what stands in it.
  class Refusal extends Error {
    constructor(word, values = {}) {
      super(word);
      this.word = word;
      this.values = values;
    }
  }

  // The bytes of a base32 key as people type it.
  const bytesOf = text => {
    const typed = [...text.normalize('NFKC').replace(/[\s\u2010-\u2015-]/g, '')];
    const filled = typed.length;
    while (typed.at(-1) === '=') typed.pop();
    const count = typed.length;
    if (!count) throw new Refusal('keyEmpty');
    typed.forEach((found, index) => {
      const place = index + 1;
      if (found === '=') throw new Refusal('keyPadding');
      if (found in LOOKS_LIKE) throw new Refusal('keyDigit', { found, place, perhaps: LOOKS_LIKE[found] });
      if (!/^[a-z2-7]$/i.test(found)) throw new Refusal('keyCharacter', { found, place });
    });
    if (filled !== count && (filled % 8 || filled - count > 6)) throw new Refusal('keyPadding');
    const size = Math.floor(count * 5 / 8);
    if (size < SHORTEST) throw new Refusal('keyShort', { count });
    if (size > LONGEST) throw new Refusal('keyLong', { count });
    const bytes = new Uint8Array(size);
    let bits = 0, held = 0, at = 0;
    for (const found of typed) {
      held = held << 5 | ALPHABET.indexOf(found.toUpperCase());
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        bytes[at++] = held >> bits;
        held &= (1 << bits) - 1;
      }
    }
    // Whole keys end on a whole byte, with nothing over: otherwise a character was lost or doubled.
    if (bits >= 5 || held) {
      bytes.fill(0);
      throw new Refusal('keyLength', { count });
    }
    return bytes;
  };

  // A key that can make codes and that nobody can read again, not even this app.
  const importKey = async text => {
    const bytes = bytesOf(text);
    try {
      return await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
    } finally {
      bytes.fill(0);
    }
  };

  // What a QR code says, read as text; it is never opened as an address.
  const readCode = text => {
    const parts = /^otpauth:\/\/([a-z]+)\/([^?#]*)\?([^#]*)$/i.exec(text);
    if (!parts) throw new Refusal('codeForeign');
    const given = new URLSearchParams(parts[3]);
    if (new Set(given.keys()).size !== [...given.keys()].length || !given.get('secret')) throw new Refusal('codeForeign');
    const wanted = { algorithm: 'SHA1', digits: '6', period: String(STEP) };
    if (parts[1].toLowerCase() !== 'totp') throw new Refusal('codeKind', { what: parts[1].slice(0, LABEL) });
    for (const [name, only] of Object.entries(wanted)) {
      const value = given.get(name) ?? only;
      if (value.toUpperCase() !== only) throw new Refusal('codeKind', { what: `${name}=${value.slice(0, LABEL)}` });
    }
    let label;
    try { label = decodeURIComponent(parts[2]); } catch { throw new Refusal('codeForeign'); }
    const [before, ...after] = label.split(':');
    return {
      secret: given.get('secret'),
      issuer: given.get('issuer') ?? (after.length ? before : ''),
      account: after.length ? after.join(':') : before,
    };
  };

  // A name from elsewhere: short, and without control characters or changes of direction.
  const plain = text => String(text).replace(/[\p{C}\s]+/gu, ' ').trim().slice(0, LABEL);

  const stepAt = now => Math.floor(now / 1000 / STEP);
  const secondsLeft = now => STEP - Math.floor(now / 1000) % STEP;

  const codeAt = async (key, step) => {
    const counter = new DataView(new ArrayBuffer(8));
    counter.setBigUint64(0, BigInt(step));
    const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter));
    const offset = mac.getUint8(19) & 15;
    return String((mac.getUint32(offset) & 0x7fffffff) % 1e6).padStart(6, '0');
  };

  return { Refusal, STEP, importKey, readCode, plain, stepAt, secondsLeft, codeAt };
})();
