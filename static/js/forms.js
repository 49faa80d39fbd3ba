// Forms: no submission while composing or twice, Ctrl+Enter, words for what failed.
const sent = new WeakMap();
let told; // that the session has ended: said once for all regions
on('keydown', event => {
  const composing = event.isComposing || event.keyCode === 229, field = event.target;
  if (event.key === 'Escape') all('[data-menu][open]').forEach(menu => { menu.open = false; one('summary', menu).focus(); });
  if (event.key !== 'Enter') return;
  if (composing) return field.matches('input') && event.preventDefault(), event.stopPropagation();
  if (!(event.ctrlKey || event.metaKey) || !field.matches('textarea') || !field.form) return;
  event.preventDefault();
  field.form.requestSubmit(one('.primary[type=submit]', field.form));
}, true);
on('submit', event => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (Date.now() - (sent.get(form) || 0) < 3000) return event.preventDefault(), event.stopImmediatePropagation();
  sent.set(form, Date.now());
  if (form.dataset.action === 'sign_out') Object.keys(store || {}).filter(name => name.startsWith('draft ')).forEach(name => store.removeItem(name));
  else if (!form.hasAttribute('hx-post')) forget(form);
}, true);
let composing = false;
on('compositionstart', () => { composing = true; });
on('compositionend', event => { composing = false; event.target.dispatchEvent(new Event('input', { bubbles: true })); });
on('htmx:config:request', event => composing && event.detail.ctx.sourceElement.matches('[data-typed]') && event.preventDefault());
function fail(status) {
  const box = one('#trouble');
  if (!box) return;
  const fit = one(`[data-when="${status}"]`, box) || one('[data-when="500"]', box);
  all('[data-when]', box).forEach(line => { line.hidden = line !== fit; });
  box.hidden = false;
  one('#live-alert').textContent = fit.textContent;
}
on('htmx:after:request', ({ detail: { ctx } }) => {
  const { status } = ctx.response, form = ctx.sourceElement.closest('form');
  fresh = Date.now();
  if (lost && !away && stream?.readyState !== 0) found();
  if (form && status < 400) one('#trouble').hidden = true;
  if (form && ctx.response.raw.headers.has('HX-Redirect')) forget(form); // accepted, and not merely given another row
  if (form && status >= 400) sent.delete(form);
  if (form ? status >= 400 && status !== 422 && status !== 409 : status === 401 && !told) fail(status);
  told ||= status === 401;
});
on('htmx:error', ({ detail: { ctx } }) => {
  const form = ctx?.sourceElement.closest('form');
  if (!ctx || ctx.response) return;
  lose();
  if (form) { sent.delete(form); fail(0); }
});
