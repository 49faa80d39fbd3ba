// Passkeys: the browser is asked, and its answer goes out as the form's. Where that is not possible, nothing is shown.
'use strict';
const known = window.PublicKeyCredential;
for (const form of known?.parseRequestOptionsFromJSON ? document.querySelectorAll('form[data-passkey]') : []) {
  const options = JSON.parse(form.dataset.passkey), failed = form.querySelector('[data-failed]');
  form.hidden = false;
  document.querySelector('[data-no-passkey]')?.remove();
  async function ask() {
    if (!form.reportValidity()) return;
    failed.textContent = '';
    try {
      const made = options.user
        ? await navigator.credentials.create({ publicKey: known.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: known.parseRequestOptionsFromJSON(options) });
      form.elements.answer.value = JSON.stringify(made);
      form.submit();
    } catch { failed.textContent = failed.dataset.failed; }
  }
  form.querySelector('[data-ask]').addEventListener('click', ask);
  form.addEventListener('submit', event => { event.preventDefault(); ask(); });
}
