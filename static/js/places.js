// Lists and their tickets: Back returns to the same row and the same place of the page.
const rowOf = name => document.getElementById(name)?.closest('tr, li');
function leave(row) {
  history.replaceState({ ...history.state, row: row.id, y: scrollY }, '');
}
function returnTo() {
  const { row: id = location.hash.slice(1), y } = history.state ?? {}, row = id && rowOf(id), link = row && one('a', row);
  if (!link || !rowsOf(document).includes(row)) return;
  link.focus({ preventScroll: y !== undefined });
  if (y !== undefined) scrollTo(0, y);
}
// A browser that goes to an anchor takes the focus away from wherever it is, once the page has loaded.
addEventListener('load', () => location.hash && setTimeout(returnTo));
on('click', event => {
  const row = event.target.closest('a[href]')?.closest('tr[id], li[id]');
  if (row && rowsOf(document).includes(row)) leave(row);
}, true);
