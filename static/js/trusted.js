// Htmx: its Trusted Types policy (scripts of a fragment stay empty), and what a swap may not undo.
const policy = { createHTML: html => html, createScript: () => '' };
htmx.registerExtension('trusted', {
  init: api => api.initSecurity(window.trustedTypes ? trustedTypes.createPolicy('htmx', policy) : policy),
  htmx_config_request: (_, { ctx }) => !((document.hidden || paused) && ctx.sourceEvent?.type === 'every'),
  htmx_after_request: (_, { ctx }) => { ctx.text = ctx.text.trim(); }, // else each swap leaves blank text nodes behind
  htmx_before_swap: (_, { ctx }) => belongs(ctx),
  htmx_before_morph_attr: (element, { attrName }) => !(attrName === 'open' && element.matches('details')),
});
function belongs({ swap, target, select, request, response, text }) { // a redirect is followed, a whole page never lands in a part of one
  if (swap === 'none' || select || target === body) return true;
  if (request.method === 'POST' && response.raw.redirected) location.assign(response.raw.url);
  else if (/^<!doctype/i.test(text)) fail(response.status);
  else return true;
  return false;
}
if (one('[data-htmx-powered]')) htmx.process(body, true); // htmx was quicker than its extensions
