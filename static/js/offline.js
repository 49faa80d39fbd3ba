// Offline: what only adds (a report, a note, an update) waits here, under its one-time token, and is sent by itself once
// the server is back, also after a reload, by one tab for all of them. A decision is never sent later by itself.
const AGAIN = 5000, LEASE = 90000, STUCK = 1800000; // milliseconds; in a hidden tab a timer comes once a minute
const turn = 'turn ' + words.user, me = Math.random();
let delivering = 0; // since when; an answer that never comes must not hold up the rest for good
const laterOf = form => nameOf('later', form) + ' ' + form.elements.once?.value;
const formAt = name => keptForms().find(form => laterOf(form) === name);
const waits = form => storedAt(laterOf(form))?.refused === false;
function isMyTurn() { // without navigator.locks, which plain http does not have
  const { by = me, at } = storedAt(turn) || {};
  return by === me || Math.abs(Date.now() - at) > LEASE;
}
function strand(form, submitter) { // no answer: it waits, or whoever wrote it sends it again
  const here = noteDown(form), pairs = [...new FormData(form, submitter)].filter(([, value]) => typeof value === 'string');
  const entry = { ...noted(form), pairs, draft: nameOf('draft', form), url: pathOf(form), page: location.pathname + location.search, refused: false };
  const may = 'later' in form.dataset && unarrived(form).every(row => row.dataset.file === 'safe') && keep(laterOf(form), JSON.stringify(entry));
  if (may) speakOf(form, 'later');
  fail(may ? 'later' : here ? 0 : 'full');
}
function withdraw(form) { // it is being written on, or sent by hand
  if (!recall(laterOf(form))) return;
  unkeep(laterOf(form));
  one('#trouble').hidden = true;
}
async function deliver() {
  const names = storedNames(`later ${words.user} `).filter(name => storedAt(name).refused === false);
  if (!names.length || !isMyTurn()) return; // whether there is a line is found out by asking
  keep(turn, JSON.stringify({ by: me, at: Date.now() }));
  if (Date.now() - delivering < STUCK) return;
  const since = delivering = Date.now();
  try {
    const { user, csrf } = await whoIsIn();
    for (const name of user === words.user ? names : []) await deliverOne(name, csrf);
  } finally { if (delivering === since) delivering = 0; }
}
async function deliverOne(name, csrf) { // its files come in the same request: all of it is accepted, or none
  const files = await shelved(({ place }) => place === name), entry = storedAt(name), out = new FormData();
  if (!entry || !isMyTurn()) return;
  entry.pairs.forEach(([key, value]) => out.append(key, key === 'csrf_token' ? csrf : value));
  files.forEach(({ file, name }) => out.append('files', file, name));
  const answer = await fetch(entry.url, { method: 'POST', body: out, headers: asPart }).catch(() => null);
  if (!answer || answer.status >= 500 || answer.status === 429) return; // once more in a moment
  const target = answer.headers.get('HX-Redirect'), isStill = recall(name), form = isStill && formAt(name), state = target ? 'sent' : 'unsent';
  if (!target && !isStill) return; // sent by hand meanwhile
  if (target && isStill && storedAt(entry.draft)?.once === entry.once) unkeep(entry.draft); // else somebody has written on
  target ? unkeep(name) : keep(name, JSON.stringify({ ...entry, refused: true })); // it waits on its page for whoever wrote it
  if (target) await Promise.all(files.map(({ id }) => unshelve(id)));
  if (form) return target ? location.assign(target.split('#')[0]) : location.reload();
  one(`#trouble [data-when="${state}"] a`).href = target || entry.page;
  fail(state);
}
addEventListener('storage', ({ key }) => { // another tab has brought it to its end
  const form = formAt(key);
  if (form && !waits(form)) location.reload();
});
addEventListener('pagehide', () => isMyTurn() && unkeep(turn));
addEventListener('online', deliver);
setInterval(deliver, AGAIN);
setTimeout(deliver);
