// The customer's page: looks once a minute whether something has happened. The page works without.
'use strict';
const { look } = document.body.dataset;
let typed = false;
async function seek() {
  if (document.hidden) return;
  const { status } = await fetch(location.pathname, { headers: { 'If-None-Match': `"${look}"` }, cache: 'no-store' });
  if (status !== 200 && status !== 410) return;
  if (typed) document.querySelector('#newer').hidden = false; // nobody's words are lost
  else location.reload();
}
const soon = () => seek().catch(() => { /* offline: again in a minute */ });
if (look) {
  setInterval(soon, 60_000);
  addEventListener('visibilitychange', soon);
}
document.documentElement.classList.add('scripted');
addEventListener('input', () => { typed = true; });
addEventListener('change', ({ target }) => { if (target.matches('[data-sends]')) target.form.requestSubmit(); });
addEventListener('keydown', event => { // Enter that takes a Chinese word sends nothing
  if (event.key === 'Enter' && event.target.matches('input') && (event.isComposing || event.keyCode === 229)) event.preventDefault();
}, true);
