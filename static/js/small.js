// Small things: copy, close, menus.
async function copy(button) {
  const place = one('[data-said]', button) || button, text = place.textContent;
  try { await navigator.clipboard.writeText(button.dataset.copy); } catch { // no clipboard on plain http
    const area = document.createElement('textarea');
    area.value = button.dataset.copy;
    body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    button.focus();
  }
  if (text === words.wCopied) return;
  say(place.textContent = words.wCopied);
  setTimeout(() => { place.textContent = text; }, 2000);
}
on('click', event => {
  all('[data-menu][open]').forEach(menu => { if (!menu.contains(event.target)) menu.open = false; });
  const button = event.target.closest('[data-copy],[data-dismiss]');
  event.target.closest('dialog [data-close]')?.closest('dialog').close();
  if (button) 'copy' in button.dataset ? copy(button) : button.parentElement.hidden = true;
});
{ // the tab that one stands on may lie beyond the edge of a phone
  const tab = one('.tabs [aria-current]');
  if (tab) tab.closest('ul').scrollLeft = tab.offsetLeft - 64;
}
