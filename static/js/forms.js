// Forms: no submission while composing or twice, Ctrl+Enter, files first, words for what failed, both texts of a conflict.
const sent = new WeakMap(), tried = new WeakSet(); // when a form was sent; those that were sent again after signing in
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
on('keydown', event => { // Ctrl+S keeps what is edited under Administration
  const form = event.target.form;
  if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing || event.keyCode === 229) return;
  if (!location.pathname.startsWith('/admin/') || form?.method !== 'post') return;
  event.preventDefault();
  form.requestSubmit(one('.primary[type=submit]', form));
});
on('submit', event => {
  const form = event.target, stop = () => { event.preventDefault(); event.stopImmediatePropagation(); };
  if (form.method !== 'post') return;
  if (Date.now() - (sent.get(form) || 0) < 3000) return stop();
  if (isKept(form) && bring(form, event.submitter)) return stop();
  sent.set(form, Date.now());
  hush(form);
  if (form.dataset.action === 'sign_out') forgetAll();
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
async function sendAgain(form, ctx) { // once, if it was only the session that had ended
  const again = !tried.has(form) && await rejoin();
  if (!again) return tried.delete(form), fail(ctx.response.status);
  tried.add(form);
  sent.delete(form);
  form.requestSubmit(ctx.sourceEvent?.submitter?.isConnected ? ctx.sourceEvent.submitter : undefined);
}
const leadsOn = ctx => ['HX-Redirect', 'HX-Location'].some(name => ctx.response.raw.headers.has(name));
on('htmx:after:request', event => {
  const { ctx } = event.detail, { status } = ctx.response, form = ctx.sourceElement.closest('form'), isPost = ctx.request.method === 'POST';
  fresh = Date.now();
  if (lost && !away && stream?.readyState !== 0) found();
  if (form && status < 400) one('#trouble').hidden = true;
  if (form && leadsOn(ctx)) forget(form); // accepted, and not merely given another row
  if (form && status >= 400) { sent.delete(form); noteDown(form); }
  if (form && isPost && (status === 401 || status === 403)) return event.preventDefault(), sendAgain(form, ctx);
  if (form) tried.delete(form);
  if (form ? status >= 400 && ![409, 422, 429].includes(status) : status === 401 && !told) fail(status);
  told ||= status === 401;
});
on('htmx:error', ({ detail: { ctx } }) => {
  const form = ctx?.sourceElement.closest('form');
  if (!ctx || ctx.response) return;
  lose();
  if (!form) return;
  sent.delete(form);
  strand(form, ctx.sourceEvent?.submitter);
});
on('htmx:after:swap', ({ detail: { ctx } }) => {
  if (![409, 422, 429].includes(ctx.response?.status)) return;
  if (!document.title.startsWith(words.wError)) document.title = words.wError + document.title;
  keptForms().forEach(settle);
  showChoices();
});
const showChoices = () => all('[data-choose]').forEach(buttons => { buttons.hidden = false; });
on('click', event => { // both texts: mine stands in the field until theirs is taken, and comes back
  const button = event.target.closest('[data-choose] button'), both = button?.closest('[data-theirs]');
  if (!both) return;
  const fields = all(`[name="${CSS.escape(both.dataset.of)}"]`, both.closest('form')), [field] = fields;
  both.dataset.mine ??= field.type === 'radio' ? fields.find(each => each.checked)?.value ?? '' : field.value;
  const value = 'take' in button.dataset ? both.dataset.theirs : both.dataset.mine;
  if (field.type === 'radio') fields.forEach(each => { each.checked = each.value === value; });
  else field.value = value;
  all('button', button.parentElement).forEach(each => each.setAttribute('aria-pressed', String(each === button)));
  noteDown(field.form);
});
