// Palette: one field to everything. The server says what was typed may mean, the page itself what can be done and where to go.
{
  const box = one('#palette'), field = box && one('[role=combobox]', box), list = box && one('#palette-list'), found = box && one('#palette-found');
  const lastOpened = 'recent ' + words.user, MOST = 6;
  const chips = box ? all('[data-scope]', box) : [], LATE = 1500; // milliseconds until it says that it takes long
  let lit, moved, late, scope = '', count = 0;
  const plain = text => text.normalize('NFKC').toLowerCase().trim();
  const options = () => all('[role=option]', list);
  function light(option) {
    lit?.setAttribute('aria-selected', 'false');
    lit = option;
    if (!option) return field.removeAttribute('aria-activedescendant');
    option.id ||= 'palette-option-' + ++count;
    option.setAttribute('aria-selected', 'true');
    field.setAttribute('aria-activedescendant', option.id);
    option.scrollIntoView({ block: 'nearest' });
  }
  const make = (tag, name, text = '') => Object.assign(document.createElement(tag), { className: name, textContent: text });
  const wordsOf = element => [...element.childNodes].filter(node => node.nodeName !== 'KBD').map(node => node.textContent).join('').replace(/\s+/g, ' ').trim();
  function keyOf(element) {
    const point = element.dataset.key?.split(' ')[0];
    return point ? [...one('#keys')?.content.querySelectorAll(`[data-point="${point}"] kbd`) || []].map(cap => cap.textContent).join(' ') : '';
  }
  function offer(element, deed) {
    const option = make(deed ? 'div' : 'a', ''), caps = keyOf(element);
    option.setAttribute('role', 'option');
    option.setAttribute('aria-selected', 'false');
    if (deed) option.onclick = () => { box.close(); reach(element); };
    else Object.assign(option, { href: element.href, tabIndex: -1 });
    option.append(make('span', 'title', wordsOf(element)));
    if (caps) option.append(make('kbd', '', caps));
    return option;
  }
  function reach(element) { // as a key does: a link is followed, a fold opened, a button only brought into focus
    for (let fold = element.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
    if (element.matches('a,button[type=button]')) return element.click();
    const inside = element.matches('summary') && one('textarea,input:not([type=hidden]),select,a,button', element.parentElement.lastElementChild);
    (inside || element).focus();
    (inside || element).scrollIntoView({ block: 'center' });
  }
  const HERE = 'main .next :is(a.button,button), #composer summary, main [data-key]:is(a,button,summary):not([data-key~=list],[data-key~=prev],[data-key~=next],[data-key~=new])';
  const PLACES = '.bar nav.main a, .bar .ways a';
  function group(title, what, deed, wanted) {
    const known = new Set(), fit = all(what).filter(each => {
      const name = wordsOf(each), mark = deed ? name : each.href;
      return name && plain(name).includes(wanted) && !known.has(mark) && known.add(mark);
    });
    if (!fit.length) return [];
    const part = make('div', '');
    part.setAttribute('role', 'group');
    part.setAttribute('aria-label', title);
    const head = make('p', 'meta', title);
    head.setAttribute('aria-hidden', 'true');
    part.append(head, ...fit.slice(0, wanted ? 4 : 8).map(each => offer(each, deed)));
    return [part];
  }
  function offerOwn() { // what was opened last comes first; once something is typed, what the page knows at once
    const wanted = plain(field.value), alone = scope === 'actions';
    const own = scope && !alone ? [] : [...group(box.dataset.here, HERE, true, wanted), ...group(box.dataset.places, PLACES, false, wanted)];
    wanted ? list.replaceChildren(...own, found) : list.replaceChildren(found, ...own);
    if (alone && !own.length) list.prepend(make('p', 'meta', box.dataset.none));
    moved = false;
    light(wanted || alone ? options().find(option => !found.contains(option)) : null);
  }
  function narrow(chip) { // Tab goes from one kind to the next; the focus stays in the field
    scope = one('[name=scope]', box).value = chip.dataset.scope;
    chips.forEach(each => each.setAttribute('aria-pressed', String(each === chip)));
    field.setAttribute('aria-description', chip.textContent);
    found.replaceChildren();
    offerOwn();
    htmx.trigger(field, 'htmx:abort', {}, false); // an answer about another kind comes too late
    htmx.trigger(field, 'ask');
    field.focus();
  }
  function wait(long) {
    clearTimeout(late);
    one('[data-late]', box).hidden = !long;
  }
  function open(text = '') {
    if (one('dialog[open]')) return;
    field.value = text;
    one('[name=recent]', box).value = recall(lastOpened) || '';
    wait(false);
    box.showModal();
    narrow(chips[0]);
    field.select();
  }
  function pressed(event) {
    if (event.isComposing || event.keyCode === 229 || composing) return;
    if (event.key === 'Tab') {
      event.preventDefault();
      return narrow(chips[(chips.findIndex(chip => chip.dataset.scope === scope) + (event.shiftKey ? chips.length - 1 : 1)) % chips.length]);
    }
    const all = options(), at = all.indexOf(lit), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) light(all[(at + step + all.length + (at < 0 && step < 0 ? 1 : 0)) % all.length]), moved = true;
    else if (event.key === 'Enter' && lit?.isConnected) lit.click();
    else if (event.key !== 'Enter' && !(event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey))) return;
    else if (event.key === 'Enter') field.form.requestSubmit();
    event.preventDefault();
  }
  if (box) {
    field.addEventListener('keydown', pressed);
    field.addEventListener('input', () => { if (!composing) { found.replaceChildren(); offerOwn(); } });
    box.addEventListener('click', event => (event.target === box || event.target.closest('a[role=option]')) && box.close());
    chips.forEach(chip => chip.addEventListener('click', () => narrow(chip)));
    on('htmx:config:request', event => scope === 'actions' && event.detail.ctx.sourceElement === field && event.preventDefault()); // the page itself knows those
    on('htmx:before:request', ({ detail: { ctx } }) => { if (ctx.sourceElement === field) { wait(false); late = setTimeout(wait, LATE, true); } });
    on('htmx:error', ({ detail: { ctx } }) => { if (ctx?.sourceElement === field) wait(true); });
    on('click', event => {
      const opener = event.target.closest('[data-key~=palette],#q');
      if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(opener.value);
    });
    on('htmx:after:swap', ({ detail: { ctx } }) => { if (ctx.target === found) wait(false); if (ctx.target === found && !(moved && lit?.isConnected)) light(lit?.isConnected && !found.contains(lit) && field.value ? lit : options()[0]); });
    on('submit', event => event.target.dataset.action === 'sign_out' && unkeep(lastOpened), true);
    const number = location.pathname.match(/^\/[td]\/([\w-]+)$/)?.[1];
    if (number) keep(lastOpened, [number, ...(recall(lastOpened) || '').split(',').filter(each => each && each !== number)].slice(0, MOST).join(','));
  }
}
