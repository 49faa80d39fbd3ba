// After a swap: clocks, drafts, stream and focus are set right again.
const before = new WeakMap();
function retitle() { // the page's title says how many there are now
  const { counted: number } = one('[data-counted]')?.dataset ?? {};
  if (number !== undefined) document.title = (number ? `(${number}) ` : '') + document.title.replace(/^\(\d+\+?\) /, '');
}
function rename() { // somebody has corrected the ticket's title
  const { title } = one('[data-title]')?.dataset ?? {}, head = one('.subject h1');
  if (!title || head.textContent === title) return;
  document.title = document.title.replace(head.textContent, () => title);
  head.textContent = title;
}
on('htmx:before:swap', ({ detail: { ctx } }) => {
  const active = document.activeElement, rows = [];
  for (let row = active.closest('[id^=row-]'); row; row = row.nextElementSibling) rows.push(row.id);
  before.set(ctx, { active, rows });
});
on('htmx:after:swap', ({ detail: { ctx } }) => {
  if (ctx.swap === 'none') return;
  const place = document.getElementById(ctx.target?.id) || ctx.target || body;
  tell(place.dataset.at || (place === body && words.now));
  tick();
  all('[data-draft]').forEach(restore);
  if (topics !== words.topics) listen();
  retitle();
  rename();
  urgent();
  const { active, rows } = before.get(ctx);
  if (active === body || active.isConnected || document.activeElement !== body) return;
  const row = rows.map(id => document.getElementById(id)).find(Boolean);
  const next = row ? one('a,button', row) : one('h1,h2,h3', place) || place;
  if (!row) next.tabIndex = -1;
  next.focus({ preventScroll: Boolean(row) || place.id !== 'preview' });
});
