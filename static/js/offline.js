// Offline: what only adds (a report, a note, an update) waits here and is sent by itself once the server is back, also
// after a reload; the one-time token makes twice harmless. A decision is never sent later by itself.
const AGAIN = 5000, STUCK = 60000; // milliseconds
let delivering = 0; // since when; an answer that never comes must not hold up the rest for good
const laterNames = () => { try { return Object.keys(localStorage).filter(name => name.startsWith(`later ${words.user} `)); } catch { return []; } };
const formAt = place => keptForms().find(form => placeOf(form) === place);
function later(form, submitter) { // whether it may wait
  if (!('later' in form.dataset)) return false;
  const said = [...new FormData(form, submitter)].filter(([, value]) => typeof value === 'string');
  keep(nameOf('later', form), JSON.stringify({ place: placeOf(form), url: pathOf(form), page: location.pathname + location.search, said }));
  speakOf(form, 'later');
  fail('later');
  return true;
}
async function deliver() {
  if (Date.now() - delivering < STUCK || !laterNames().length) return; // whether there is a line is found out by asking
  const since = delivering = Date.now();
  try {
    const found = await whoIsIn();
    for (const name of found.user === words.user ? laterNames() : []) await (deliverHere(name) || deliverFrom(name, found.csrf));
  } finally { if (delivering === since) delivering = 0; }
}
function deliverHere(name) { // its page is open: the same way as by hand
  const form = formAt(storedAt(name).place);
  if (!form) return false;
  unkeep(name);
  renewed(form);
  return true;
}
async function renewed(form) {
  if (await rejoin()) { sent.delete(form); form.requestSubmit(one('.primary[type=submit]', form)); }
}
async function deliverFrom(name, csrf) {
  const { place, url, page, said } = storedAt(name), out = new FormData();
  said.forEach(([key, value]) => out.append(key, key === 'csrf_token' ? csrf : value));
  for (const { file, name: called, id } of await shelved(each => each.place === place)) {
    const road = new FormData();
    road.append('file', file, called);
    const answer = await fetch('/files', { method: 'POST', body: road, headers: { ...asPart, 'X-CSRFToken': csrf } }).catch(() => null);
    if (!answer || answer.status >= 500 || answer.status === 429) return; // once more in a moment
    if (answer.status !== 201) return ended(name, page);
    out.append('kept', (await answer.json()).key);
    await onShelf(files => files.delete(id));
    said.push(['kept', out.getAll('kept').at(-1)]);
    keep(name, JSON.stringify({ place, url, page, said }));
  }
  const answer = await fetch(url, { method: 'POST', body: out, headers: asPart }).catch(() => null);
  if (!answer || answer.status >= 500 || answer.status === 429) return;
  const target = answer.headers.get('HX-Redirect');
  if (target) unkeep(name.replace('later', 'draft'));
  ended(name, page, target);
}
function ended(name, page, target) { // sent, or refused: then it waits on its page for whoever wrote it
  unkeep(name);
  one(`#trouble [data-when="${target ? 'sent' : 'unsent'}"] a`).href = target || page;
  fail(target ? 'sent' : 'unsent');
}
on('input', event => { // it is being written on: whoever writes sends it
  const form = event.target.form;
  if (!isKept(form) || !storedAt(nameOf('later', form))) return;
  unkeep(nameOf('later', form));
  one('#trouble').hidden = true;
});
addEventListener('online', deliver);
setInterval(deliver, AGAIN);
setTimeout(deliver);
