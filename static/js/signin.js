// Signed out while writing: the password is asked for in place, and what was sent goes out again by itself.
let asking, joined;
const asPart = { 'HX-Request': 'true', 'HX-Request-Type': 'partial' };
async function whoIsIn() { // who is signed in in this browser; 0: no answer
  try {
    const answer = await fetch('/session', { headers: asPart });
    return answer.ok ? await answer.json() : answer.status;
  } catch { return 0; }
}
const renew = token => all('[name=csrf_token]').forEach(input => { input.value = token; });
async function rejoin() { // whether the same person is signed in, now or again
  const found = await whoIsIn();
  if (found === 401) return asking ??= askWho().finally(() => { asking = null; });
  if (!found.user) return false;
  if (found.user !== words.user) return location.reload(), false; // somebody else's browser now: this page is left
  renew(found.csrf);
  return true;
}
async function askWho() {
  const dialog = one('#signin');
  const answer = new Promise(done => { joined = done; });
  dialog.showModal();
  dialog.onclose = () => joined(false);
  await htmx.ajax('GET', '/login', { target: '#form-sign_in', swap: 'outerHTML', headers: { 'HX-Target': 'div#form-sign_in' } });
  const name = one('[name=login]', dialog), password = one('[name=password]', dialog);
  if (!name) { dialog.close(); return false; }
  name.value = words.user;
  name.readOnly = true;
  password.focus();
  return answer;
}
async function askMore(dialog) { // the password was right, and a code is asked for
  await htmx.ajax('GET', '/login/second', { target: '#form-sign_in', swap: 'outerHTML', headers: { 'HX-Target': 'div#form-second_step' } });
  one('[name=otp]', dialog)?.focus();
}
on('htmx:after:request', event => { // before everybody else's: this answer leads nowhere
  const { ctx } = event.detail, dialog = ctx.sourceElement.closest('#signin');
  if (!dialog || !leadsOn(ctx)) return;
  event.preventDefault();
  whoIsIn().then(found => {
    if (found === 401) return askMore(dialog);
    if (found.user !== words.user) return location.reload();
    renew(found.csrf);
    one('#trouble').hidden = true;
    told = false;
    joined(true);
    dialog.close();
    refresh();
    listen();
  });
}, true);
on('keyup', event => { // capitals in a password are seldom meant
  const hint = event.target.type === 'password' && one('[data-caps]', event.target.parentElement);
  if (!hint) return;
  const text = event.getModifierState?.('CapsLock') ? hint.dataset.caps : '';
  if (hint.textContent !== text) hint.textContent = text;
});
on('click', event => {
  if (!event.target.closest('[data-rejoin]')) return;
  event.preventDefault();
  rejoin();
});
