// Lists: no row moves under the pointer. While somebody is busy in one, its rows are renewed where they stand;
// what came, left or stands elsewhere now waits behind the pill. So does all that is new round a text being written.
const STILL = 60000; // milliseconds after which a pointer that rests is nobody's hand
const held = new Map(); // id of a region → the answer that it does not show yet, and the rows that came with it
const known = new Set(); // rows that were seen or spoken of
let hand, moved = 0, showing;
on('pointerover', event => { hand = event.pointerType; moved = Date.now(); });
on('pointermove', () => { moved = Date.now(); });
const rowsOf = place => all('.tickets > tbody > tr[id], .cards > li[id], .hits > li[id], .rows > li[id^=row-]', place);
const isUnder = region => hand === 'mouse' && Date.now() - moved < STILL && region.matches(':hover');
const busyIn = region => scrollY > 0 || region.contains(document.activeElement) || isUnder(region) || one('td input:checked', region);
const WRITING = 'main :is(textarea, input:not([type=checkbox], [type=radio], [type=submit], [type=button]))';
const isWriting = region => document.activeElement.matches(WRITING) && !region.contains(document.activeElement);
const isBusy = region => isWriting(region) || (rowsOf(region).length && busyIn(region));
const names = rows => rows.map(row => row.id).join();
function arrive(event) {
  const { ctx, tasks } = event.detail, region = ctx.sourceElement, fresh = tasks[0]?.fragment?.firstElementChild;
  if (!region.matches('[data-live]') || fresh?.id !== region.id) return;
  const shown = rowsOf(region), come = rowsOf(fresh), stand = new Set(shown.map(row => row.id));
  if (region.id === 'timeline') gathered.entries += Math.max(0, all('li', fresh).length - all('li', region).length);
  gathered.rows.push(...come.filter(row => !stand.has(row.id) && !known.has(row.id)));
  [...shown, ...come].forEach(row => known.add(row.id));
  held.delete(region.id);
  if (showing === region || !isBusy(region) || (shown.length ? names(shown) === names(come) : gist(region) === gist(fresh))) return;
  held.set(region.id, { ctx, come: come.map(row => row.id).filter(id => !stand.has(id)) });
  shown.length ? keepOrder(region, fresh, come) : event.preventDefault();
}
function gist(place) { // what it says, but for what its clocks count
  const copy = document.importNode(place, true);
  all('.left', copy).forEach(each => each.remove());
  return copy.textContent.replace(/\s+/g, ' ');
}
function keepOrder(region, fresh, come) { // the new attributes and contents, the old order
  const rows = new Map(come.map(row => [row.id, row])), counts = new Map(all('[data-count]', fresh).map(each => [each.dataset.count, each]));
  const copy = document.importNode(region, true);
  rowsOf(copy).forEach(row => rows.has(row.id) ? row.replaceWith(rows.get(row.id)) : row.classList.add('gone'));
  all('[data-count]', copy).forEach(each => counts.has(each.dataset.count) && each.replaceWith(counts.get(each.dataset.count)));
  fresh.replaceChildren(...copy.childNodes);
}
function pill() { // after each swap, and every second: somebody may have left the list
  for (const [id, { ctx }] of held) {
    const region = document.getElementById(id);
    if (region && isBusy(region)) findFates(region);
    else if (region && !paused) release(region, ctx);
    else if (!region) held.delete(id);
  }
  const button = one('#fresh'), come = [...held.values()].flatMap(each => each.come).length;
  if (!button) return;
  const text = come ? fill(wordOf(come === 1 ? 'wFreshOne' : 'wFreshMany'), { n: come }) : words.wMoved;
  if (one('span', button).textContent !== text) one('span', button).textContent = text;
  button.hidden = !held.size;
}
function release(region, ctx) {
  showing = region;
  htmx.swap({ ...ctx, target: region, sourceElement: region });
  showing = null;
}
async function findFates(region) { // what became of the rows that left
  const left = all('.gone[data-ticket]:not([data-fate])', region).map(row => { row.dataset.fate = ''; return row.id; });
  if (!left.length) return;
  const asked = left.map(id => ['number', document.getElementById(id).dataset.ticket]);
  const answer = await fetch('/whereabouts?' + new URLSearchParams(asked)).catch(() => null);
  const said = answer?.ok ? await answer.json() : {};
  for (const row of left.map(id => document.getElementById(id))) {
    const fate = row?.matches('.gone') && said[row.dataset.ticket];
    if (!fate) continue;
    const place = document.createElement('span');
    place.className = 'fate';
    place.textContent = row.dataset.fate = fate;
    (row.matches('tr') ? row.lastElementChild : row).append(place);
  }
}
on('htmx:before:swap', arrive);
on('mousedown', event => event.target.closest('#fresh') && event.preventDefault()); // whoever writes goes on writing
on('click', event => {
  if (!event.target.closest('#fresh') || !held.size) return;
  const come = [...held.values()].flatMap(each => each.come), [first] = held.keys(), writing = document.activeElement.matches(WRITING);
  for (const [id, { ctx }] of held) release(document.getElementById(id), ctx);
  pill();
  if (writing) return;
  const row = come.map(id => document.getElementById(id)).find(Boolean) || rowsOf(document.getElementById(first))[0];
  (row ? one('a', row) : one('#main')).focus();
});
