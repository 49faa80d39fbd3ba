// Files: pasted, dropped and picked ones go up at once, each by itself; the form then names them. Until one has arrived
// it lies on this browser's shelf, so that a reload does not lose it.
const carried = new Map(); // row → its file, and how it fares: going, here, lost (no answer), refused
let shelf;
const opened = () => shelf ??= new Promise((done, fail) => {
  const asked = indexedDB.open('bihuan', 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore('files', { keyPath: 'id' });
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => fail(asked.error);
});
async function onShelf(deed, mode = 'readwrite') { // a browser may forbid it; then a reload forgets what has not arrived
  try {
    const asked = deed((await opened()).transaction('files', mode).objectStore('files'));
    return await new Promise(done => { asked.transaction.oncomplete = () => done(asked.result); asked.transaction.onabort = () => done(null); });
  } catch { return null; }
}
const shelved = async fits => (await onShelf(files => files.getAll(), 'readonly') || []).filter(fits);
const unshelve = id => onShelf(files => files.delete(id));
const rowsIn = form => [...carried.keys()].filter(row => form.contains(row));
const unarrived = form => rowsIn(form).filter(row => carried.get(row).state !== 'here');
const broughtIn = form => rowsIn(form).filter(row => carried.get(row).state === 'here').map(row => carried.get(row).id);
const drop = row => { carried.delete(row); row.remove(); };
function addRow(form, name, size) {
  const row = one('#file-row').content.firstElementChild.cloneNode(true);
  one('[data-name]', row).textContent = name;
  if (size !== undefined) one('[data-size]', row).textContent = size < 1e6 ? Math.ceil(size / 1e3) + ' kB' : (size / 1e6).toFixed(1) + ' MB';
  all('button', row).forEach(button => button.setAttribute('aria-label', button.textContent + ' ' + name));
  one('[data-files]', form).append(row);
  return row;
}
function addFile(form, file, id) {
  const row = addRow(form, file.name, file.size), own = { file, form, id: id ?? `${Date.now()} ${Math.random()}`, state: 'going' };
  carried.set(row, own);
  if (id && waits(form)) return row.dataset.file = 'safe', stuck(row, {}); // it goes with what waits
  own.safe = onShelf(files => files.put({ id: own.id, place: laterOf(form), name: file.name, file })).then(kept => { if (kept) row.dataset.file = 'safe'; }); // from now on a reload brings it back
  if (!id) noteDown(form);
  goUp(row);
}
function goUp(row) {
  const own = carried.get(row), sent = new FormData(), road = own.road = new XMLHttpRequest(), bar = one('progress', row);
  own.state = 'going';
  bar.hidden = false;
  all('[data-retry], [data-problem]', row).forEach(part => { part.hidden = true; });
  sent.append('file', own.file, own.file.name);
  road.open('POST', '/files');
  road.setRequestHeader('X-CSRFToken', csrfOf(own.form));
  road.setRequestHeader('HX-Request', 'true');
  road.setRequestHeader('HX-Request-Type', 'partial');
  road.upload.onprogress = event => { bar.value = event.loaded / event.total; };
  road.onload = () => road.status === 201 ? arrived(row, JSON.parse(road.response)) : stuck(row, road);
  road.onerror = () => stuck(row, road);
  road.send(sent);
}
function arrived(row, { key, picture }) {
  const own = carried.get(row);
  own.state = 'here';
  unshelve(own.id);
  one('progress', row).hidden = true;
  one('[name=kept]', row).disabled = false;
  one('[name=kept]', row).value = key;
  askShown(row, own.form, key);
  if (picture) showPicture(row, key);
  noteDown(own.form);
  goOn(own.form);
}
function showPicture(row, key, said = '') {
  const picture = document.createElement('img'), shows = one('[data-shows]', row);
  Object.assign(picture, { src: '/files/' + key, alt: '', width: 40, height: 40 });
  one('[data-shot]', row).replaceChildren(picture);
  shows.hidden = false;
  shows.value = said;
  shows.onchange = event => {
    event.stopPropagation();
    fetch(`/files/${key}/words`, { method: 'POST', body: new URLSearchParams({ shows: shows.value }), headers: { 'X-CSRFToken': csrfOf(shows.form) } }).catch(() => {});
  };
}
function stuck(row, road) {
  const own = carried.get(row), place = one('[data-problem]', row);
  let said;
  try { said = JSON.parse(road.response).problem; } catch { /* a page, or nothing */ }
  own.state = road.status === 413 || said ? 'refused' : 'lost';
  one('progress', row).hidden = true;
  place.textContent = said || (road.status === 413 ? place.dataset.large : place.dataset.lost);
  all('[data-problem], [data-retry]', row).forEach(part => { part.hidden = false; });
  goOn(own.form);
}
const departing = new WeakMap(); // forms that were sent while files were still on their way
function goOn(form) {
  if (!departing.has(form) || rowsIn(form).some(row => carried.get(row).state === 'going')) return;
  const submitter = departing.get(form);
  departing.delete(form);
  if (unarrived(form).length) return stay(form, submitter);
  form.requestSubmit(submitter);
}
async function stay(form, submitter) { // not all of them could be brought; nothing is sent without them
  const row = unarrived(form)[0];
  if (carried.get(row).state === 'lost') {
    const back = carried.get(row).tried ? false : await rejoin();
    if (back) { unarrived(form).forEach(each => { carried.get(each).tried = true; }); return bring(form, submitter); }
    await Promise.all(unarrived(form).map(each => carried.get(each).safe));
    if (!await whoIsIn()) return strand(form, submitter);
  }
  fail('files');
  one('[data-out]', row).focus();
}
function bring(form, submitter) { // first the files, then the form
  withdraw(form);
  if (!unarrived(form).length) return false;
  departing.set(form, submitter);
  const lostOnes = unarrived(form).filter(row => carried.get(row).state === 'lost');
  lostOnes.forEach(goUp);
  if (!lostOnes.length) goOn(form);
  return true;
}
function askShown(row, form, key) { // where the form asks which of its files the customer may see
  if (!one('[data-paste][data-shown]', form)) return;
  const ask = one('[data-ask-shown]', row);
  ask.hidden = false;
  Object.assign(one('input', ask), { disabled: false, value: key });
}
function addKept(form, key) { // one that this browser knows by its key only
  if (keysIn(form).includes(key) || !one('[data-files]', form)) return;
  const row = addRow(form, '');
  carried.set(row, { form, state: 'here' });
  one('[name=kept]', row).disabled = false;
  one('[name=kept]', row).value = key;
  askShown(row, form, key);
  nameRow(row, key);
}
async function nameRow(row, key) {
  const answer = await fetch(`/files/${key}/words`).catch(() => null);
  if (answer?.status === 404) return drop(row); // sent meanwhile, or swept away
  if (!answer?.ok) return row.isConnected && setTimeout(nameRow, AGAIN, row, key);
  const known = await answer.json();
  one('[data-name]', row).textContent = known.name;
  if (known.picture) showPicture(row, key, known.shows);
}
async function fetchFiles(form) {
  if (!one('[data-paste]', form)) return;
  const fits = ({ place }) => place.startsWith(nameOf('later', form)) && (place === laterOf(form) || !recall(place)), { brought = [] } = storedAt(nameOf('draft', form)) || {};
  for (const { file, name, id } of await shelved(fits)) brought.includes(id) ? unshelve(id) : addFile(form, new File([file], name, { type: file.type }), id); // the shelf may lag behind what was written down
}
function takeOut(row) {
  const { form, id, road } = carried.get(row);
  if (road?.readyState < 4) road.abort();
  unshelve(id);
  drop(row);
  noteDown(form);
}
const emptyFiles = form => rowsIn(form).forEach(drop);
function settle(form) { // the answer lists those that the server knows
  const listed = all('[data-kept] [name=kept]', form).map(input => input.value);
  rowsIn(form).filter(row => listed.includes(one('[name=kept]', row).value)).forEach(drop);
}
function receive(event, brought) {
  const inputs = all('[data-paste]', event.target.closest?.('form') || document);
  if (!brought?.files.length || brought.getData('text/plain') || inputs.length !== 1) return;
  event.preventDefault();
  const { form } = inputs[0], there = rowsIn(form).length;
  [...brought.files].forEach((file, n) => addFile(form, file.name === 'image.png' ? new File([file], `image-${there + n + 1}.png`, { type: file.type }) : file));
}
on('paste', event => receive(event, event.clipboardData));
const catches = event => { if (event.dataTransfer?.types.includes('Files') && one('[data-paste]')) event.preventDefault(); }; // else the page is left for the file
on('dragover', catches);
on('drop', event => { catches(event); receive(event, event.dataTransfer); });
on('change', event => {
  const input = event.target;
  if (!input.matches('[data-paste], [data-camera]') || !one('[data-files]', input.form)) return;
  [...input.files].forEach(file => addFile(input.form, file));
  input.value = '';
});
on('click', event => {
  const row = event.target.closest('[data-retry], [data-out]')?.closest('[data-file]');
  if (!row) return;
  const { form } = carried.get(row);
  if (event.target.closest('[data-retry]')) return waits(form) ? form.requestSubmit() : goUp(row);
  takeOut(row);
  one('[data-paste]', form).focus();
});
