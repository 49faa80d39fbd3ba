// Drafts: what is typed stands again after a reload, a crash, a sign-out by time, and on another device. It is written
// down here at every key, at the server a moment after the last one; the newer one wins. Gone once it was accepted.
const QUIET = 1500, UNDO = 600000; // milliseconds without a key before the server is told; in which a discarded one comes back
const pens = new WeakMap(); // form → what waits to be kept, and what is on its way
const csrfOf = form => one('[name=csrf_token]', form)?.value;
const pathOf = form => new URL(form.getAttribute('action'), location).pathname;
const placeOf = form => form.dataset.action + ' ' + pathOf(form);
const nameOf = (kind, form) => [kind, words.user, placeOf(form)].join(' ');
const isKept = form => Boolean(form?.dataset.action && one('[data-draft], [data-paste]', form));
const keptForms = place => all('form[data-action]', place).filter(isKept);
const controlsOf = form => [...form.elements].filter(control => control.name && !/^(hidden|password|file|submit|button|fieldset)$/.test(control.type));
const keysIn = form => new FormData(form).getAll('kept');
const storedNames = start => { try { return Object.keys(localStorage).filter(name => name.startsWith(start)); } catch { return []; } };
const storedAt = name => JSON.parse(recall(name) || 'null');
const unkeep = name => { try { localStorage.removeItem(name); } catch { /* forbidden by the browser's settings */ } };
const isTicked = control => control.type === 'radio' || control.type === 'checkbox';
function saidIn(form) {
  const said = {};
  for (const control of controlsOf(form).filter(each => each.name !== 'kept')) {
    const list = said[control.name] ??= [];
    if (control.selectedOptions) list.push(...[...control.selectedOptions].map(option => option.value));
    else if (!isTicked(control) || control.checked) list.push(control.value);
  }
  return said;
}
const savedOf = form => Date.parse(form.dataset.saved ?? '') || 0;
// Later than all that was kept before, also where a slow line makes our clock late.
const stampOf = form => Math.max(now(), 1 + savedOf(form), 1 + (storedAt(nameOf('draft', form))?.at ?? 0));
const noted = form => ({ at: stampOf(form), once: form.elements.once?.value ?? '', version: form.elements.version?.value ?? '', said: saidIn(form), kept: keysIn(form), brought: broughtIn(form) });
const isBare = form => !keysIn(form).length && controlsOf(form).every(control => isTicked(control) ? control.checked === control.defaultChecked
  : control.selectedOptions ? [...control.options].every((option, n) => option.selected === (option.defaultSelected || (n === 0 && !one('[selected]', control) && !control.multiple)))
  : control.value === control.defaultValue);
function noteDown(form) { // after each change of a form; whether all of it is kept here
  if (!isKept(form)) return true;
  const name = nameOf('draft', form), bare = !form.dataset.saved && !one('[data-errors]', form) && isBare(form);
  if (bare) unkeep(name);
  const here = bare || keep(name, JSON.stringify(noted(form))), pen = pens.get(form);
  withdraw(form);
  clearTimeout(pen?.timer);
  pens.set(form, { ...pen, bare, here, timer: setTimeout(tellServer, QUIET, form) });
  return here;
}
async function tellServer(form) {
  const pen = pens.get(form), abort = new AbortController();
  clearTimeout(pen?.timer);
  if (!pen || pen.bare && !pen.told) return;
  pens.set(form, { ...pen, timer: null, abort, told: !pen.bare });
  const { ok } = await sendDraft(pen.bare ? '/drafts/discarded' : '/drafts', form, abort.signal).catch(() => ({}));
  if (abort.signal.aborted || pens.get(form)?.timer) return;
  if (!pen.bare && (ok || pen.here)) speakOf(form, ok ? 'saved' : 'here', { '': timeOf(now(), true) });
}
function sendDraft(url, form, signal) { // what the server keeps of a form; its one-time token tells a late one from a new one
  const { said, kept, brought, ...more } = noted(form), sent = new URLSearchParams({ ...more, deed: form.dataset.action, address: pathOf(form), said: JSON.stringify(said) });
  kept.forEach(key => sent.append('kept', key));
  return fetch(url, { method: 'POST', body: sent, signal, keepalive: sent.toString().length < 60000, headers: { 'X-CSRFToken': csrfOf(form), 'HX-Request': 'true', 'HX-Request-Type': 'partial' } });
}
function timeOf(at, seconds) {
  const isToday = Math.abs(now() - at) < 72e6;
  const how = { hour: '2-digit', minute: '2-digit', ...seconds && { second: '2-digit' }, ...!isToday && { month: '2-digit', day: '2-digit' }, hourCycle: 'h23', timeZone: words.zone || undefined };
  return new Intl.DateTimeFormat('sv', how).format(at);
}
function speakOf(form, what, values = {}) { // the line beside the button
  let line = one('.draft', form);
  if (!line?.dataset.line) {
    const fresh = one('#draft').content.firstElementChild.cloneNode(true);
    line ? line.replaceWith(fresh) : (one(':scope > .acts', form) || form).append(fresh);
    line = fresh;
  }
  const place = one('span', line);
  place.textContent = fill(place.dataset[what], values);
  one('[data-discard]', line).hidden = what !== 'back' && what !== 'older';
  one('[data-undo]', line).hidden = what !== 'gone' && what !== 'older';
}
function putBack(form, { said, kept, at }, isNew = true) { // words of another version never replace what stands there now
  let all = true;
  const nth = {};
  for (const control of controlsOf(form)) {
    const list = said[control.name], text = list?.[nth[control.name] = (nth[control.name] ?? -1) + 1];
    if (!list || control.name === 'kept') continue;
    const was = isTicked(control) ? String(control.checked) : control.value;
    if (!isNew && was && was !== 'false' && !list.includes(was)) { all = false; continue; }
    if (isTicked(control)) control.checked = list.includes(control.value);
    else if (control.selectedOptions) [...control.options].forEach(option => { option.selected = list.includes(option.value); });
    else if (text !== undefined) control.value = text;
    if (was !== (isTicked(control) ? String(control.checked) : control.value)) for (let each = control; each; each = each.parentElement) if (each.matches('details')) each.open = true;
  }
  kept.forEach(key => addKept(form, key));
  speakOf(form, all ? 'back' : 'older', { '': timeOf(at) });
  return all;
}
const met = new WeakSet();
function restore(inForm) { // a form that has just come
  const form = inForm.form || inForm;
  if (met.has(form) || !isKept(form)) return;
  met.add(form);
  fetchFiles(form);
  if (one('[data-errors]', form)) return noteDown(form); // it shows what was typed
  const draft = storedAt(nameOf('draft', form)), entry = storedNames(nameOf('later', form)).map(storedAt).find(each => !draft || draft.once === each.once), own = entry || draft, saved = savedOf(form), gone = storedAt(nameOf('gone', form));
  if (form.dataset.saved) pens.set(form, { told: true });
  showChoices();
  const isNew = own?.at > saved;
  if (isNew || entry) {
    if (putBack(form, own, isNew && own.version === noted(form).version) && entry) {
      form.elements.once.value = entry.once; // it is the one that waits
      entry.refused ? fail('unsent') : speakOf(form, 'later');
    }
  } else if (saved) speakOf(form, 'back', { '': timeOf(saved) });
  else if (gone && now() - gone.at < UNDO) speakOf(form, 'gone');
}
function discard(form) { // it can be brought back for ten minutes
  const own = noted(form);
  hush(form);
  forget(form);
  keep(nameOf('gone', form), JSON.stringify(own));
  const was = sendDraft('/drafts/discarded', form).catch(() => null);
  if (form.dataset.saved) return was.then(() => location.reload()); // the page came with it
  form.reset();
  emptyFiles(form);
  speakOf(form, 'gone');
  one('[data-undo]', form).focus();
}
function undoDiscard(form) {
  const own = storedAt(nameOf('gone', form)) || storedAt(nameOf('draft', form));
  unkeep(nameOf('gone', form));
  if (!own) return;
  putBack(form, own);
  noteDown(form);
  one('[data-discard]', form).focus();
}
function hush(form) { // nothing more goes to the server's copy
  const pen = pens.get(form);
  clearTimeout(pen?.timer);
  pen?.abort?.abort();
  pens.delete(form);
}
function forget(form) {
  hush(form);
  [nameOf('draft', form), nameOf('gone', form), laterOf(form)].forEach(unkeep);
  rowsIn(form).forEach(row => unshelve(carried.get(row).id));
}
function forgetAll() { // signed out on purpose: nothing stays on this machine
  ['draft ', 'later ', 'gone '].flatMap(storedNames).forEach(unkeep);
  onShelf(files => files.clear());
}
on('input', event => noteDown(event.target.form));
on('change', event => event.target.form && event.target.type !== 'file' && noteDown(event.target.form));
on('click', event => {
  const button = event.target.closest('.draft button');
  if (!button?.form) return;
  event.preventDefault();
  'discard' in button.dataset ? discard(button.form) : undoDiscard(button.form);
});
addEventListener('pagehide', () => keptForms().forEach(form => pens.get(form)?.timer && tellServer(form)));
