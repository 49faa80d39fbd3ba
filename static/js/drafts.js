// Drafts: what is typed survives reload, crash and sign-out by time; gone once it was accepted.
let store;
try { store = localStorage; } catch { /* forbidden by the browser's settings */ }
const key = area => ['draft', words.user, area.form?.getAttribute('action'), area.dataset.draft].join(' ');
function restore(area) {
  const text = store?.getItem(key(area));
  if (!text || area.value || one('.draft', area.parentElement)) return;
  area.value = text;
  const note = one('#draft').content.firstElementChild.cloneNode(true);
  const [discard, bring] = all('button', note);
  let kept = text;
  const put = value => { area.value = value; save(area); discard.hidden = !value; bring.hidden = !!value; (value ? discard : bring).focus(); };
  discard.onclick = () => { kept = area.value || kept; put(''); };
  bring.onclick = () => put(kept);
  area.after(note);
}
function save(area) {
  try { area.value ? store?.setItem(key(area), area.value) : store?.removeItem(key(area)); } catch { /* full */ }
}
const forget = form => all('[data-draft]', form).forEach(area => store?.removeItem(key(area)));
on('input', event => event.target.matches('[data-draft]') && save(event.target));
