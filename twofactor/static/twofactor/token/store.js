'use strict';
// The accounts on this phone: {id, mark, issuer, account, key}. The key is a CryptoKey that cannot be taken out;
// the mark is another one after the account was replaced.
const Store = (() => {
  const TABLE = 'accounts';
  let opening;

  const answered = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const open = () => opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('token', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: 'id', autoIncrement: true });
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('blocked'));
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });
  open().catch(() => {}); // early, for the speed of the start; whoever asks for accounts is told
  const all = async () => answered((await open()).transaction(TABLE).objectStore(TABLE).getAll());
  // Settled only once it is on the disk: an account that is shown is kept.
  const change = async act => {
    const transaction = (await open()).transaction(TABLE, 'readwrite', { durability: 'strict' });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    const result = answered(act(transaction.objectStore(TABLE)));
    await done;
    return result;
  };
  const put = account => change(table => table.put(account));
  const remove = id => change(table => table.delete(id));

  // Whether the browser promises to keep what is stored.
  const persist = async () => Boolean(await navigator.storage?.persist?.().catch(() => false));

  return { all, put, remove, persist };
})();
