// Keeps the app on the phone. VERSION and SHELL stand above: the portal writes them.
const CACHE = `token-${VERSION}`;
let kept; // opened once, for the speed of the start

// All files or none: a version that came only in part is not used.
self.addEventListener('install', event => {
  const fresh = SHELL.map(path => new Request(path, { cache: 'no-cache' }));
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

// A page that is open has all its files already; the next start gets the new ones. Accounts are not touched.
self.addEventListener('activate', event => {
  const old = caches.keys().then(names => names.filter(name => name.startsWith('token-') && name !== CACHE));
  event.waitUntil(old.then(names => Promise.all(names.map(name => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener('fetch', event => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const known = request.mode === 'navigate' ? './' : request;
  kept ??= caches.open(CACHE);
  const found = kept.then(cache => cache.match(known, { ignoreVary: true }));
  event.respondWith(found.then(file => file ?? fetch(request)));
});
