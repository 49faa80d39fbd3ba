// Keys: bound from the list that is printed (#keys). A key only moves, opens, enters or chooses; it never sends.
{
  const printed = one('#keys')?.content, chords = {};
  all('[data-point]', printed || body).forEach(({ dataset }) => {
    if (words.keys !== 'off' || 'held' in dataset) chords[dataset.chord] = dataset.point;
  });
  const writes = 'input:not([type=hidden],[type=radio],[type=checkbox],[type=button],[type=submit],[type=file]),textarea,select,[contenteditable],[role=combobox]';
  const codes = { Slash: '/', Period: '.', BracketLeft: '[', BracketRight: ']' };
  let prefix = '', prefixed = 0, current = '', place = 0, awaited = '', asked = '', soon, undone = '', entering = false, stood = new Set();
  function chord({ key, code, ctrlKey, metaKey, shiftKey }) {
    let name = key.normalize('NFKC').toLowerCase(); // an input method gives full-width signs, or others
    if (name.length === 1 && name > '~') name = code === 'Slash' && shiftKey ? '?' : codes[code] || code.replace(/^(Key|Digit)/, '').toLowerCase();
    return (ctrlKey || metaKey ? 'ctrl+' : '') + (shiftKey && /^[a-z]/.test(name) ? 'shift+' : '') + name;
  }
  function guarded(event) { // the one place that says when a key is not ours
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || composing || event.altKey) return true;
    const held = event.ctrlKey || event.metaKey || event.key === 'Escape';
    return !!one('dialog[open]') || !held && !!event.target.closest?.(writes);
  }
  const lines = () => all('[id^=row-]').filter(row => row.offsetParent);
  const row = () => document.getElementById(current);
  const door = line => one('a,button', line) || line;
  const pane = () => all('#preview').find(side => side.offsetParent);
  const pick = (what, inside) => inside ? one(what, inside) : null;
  function mark(line) {
    if (line?.id !== current) awaited = '';
    all('[id^=row-][aria-current]').forEach(other => other !== line && other.removeAttribute('aria-current'));
    current = line?.id || '';
    line?.setAttribute('aria-current', 'true');
    if (asked === current) return;
    clearTimeout(soon);
    asked = current;
    if (line?.dataset.preview && pane() && pane().dataset.of !== current) soon = setTimeout(bring, 50);
  }
  function stand(line) {
    if (!line) return;
    mark(line);
    door(line).focus({ preventScroll: true });
    line.scrollIntoView({ block: 'nearest' });
  }
  function step(by) {
    const list = lines(), at = list.indexOf(row());
    stand(at < 0 ? list[by > 0 ? 0 : list.length - 1] : list[at + by]);
  }
  function choose(line, only) {
    const box = pick('input[type=checkbox]', line);
    if (box && !(only && box.checked)) box.click();
  }
  const both = by => { choose(row(), true); step(by); choose(row(), true); };
  function help() {
    if (!one('.keys-sheet')) body.append(printed.firstElementChild.cloneNode(true));
    one('.keys-sheet').showModal();
  }
  function leave() {
    if (!document.activeElement.matches(writes)) return false;
    (row() ? door(row()) : one('#main')).focus({ preventScroll: true });
  }
  const deeds = {
    help, leave, down: () => step(1), up: () => step(-1), select: () => choose(row()),
    'down-selecting': () => both(1), 'up-selecting': () => both(-1),
    palette: () => one('[data-key~=palette]') ? press('palette') : one('#q')?.focus(),
    open: () => row() ? door(row()).click() : false,
  };
  function press(point) {
    const side = pane(), what = `[data-key~="${point}"]`, bulk = one('#board:has([form=bulk]:checked) .bulk');
    if (pick('[data-fetch]', bulk) && point !== 'undo') { awaited = point; return; } // the form for those selected is still on its way
    if (side && row()?.dataset.preview && !pick(what, bulk) && point !== 'undo') {
      const isOther = side.dataset.other && !pick(what, side);
      if (isOther) bring(); // back from another form to the row's own
      if (isOther || side.dataset.of !== current) { awaited = point; return; } // it is still on its way
    }
    return reach(pick(what, bulk) || pick(what, side) || pick(what, row()) || one(`main ${what}`) || one(what) || (point.startsWith('level:') && one('main [data-key~=level]')), point);
  }
  function reach(element, point) {
    if (!element) return false;
    for (let fold = element.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
    if (element.matches('summary,details')) (one(writes, element.closest('details')) || element).focus();
    else if (point === 'undo' || element.matches('a,button[type=button]')) element.click();
    else {
      if (element.type === 'radio') element.checked = true;
      element.focus();
    }
  }
  on('keydown', event => { // a choice beside the list is confirmed as any other field is; browsers leave that out
    const field = event.target;
    if (event.key !== 'Enter' || event.isComposing || event.ctrlKey || !field.matches?.('.bench select')) return;
    event.preventDefault();
    field.form.requestSubmit();
  });
  on('keydown', event => {
    if (guarded(event)) return;
    const name = (prefix && Date.now() - prefixed < 2000 ? prefix + ' ' : '') + chord(event), point = chords[name], at = event.target;
    prefix = '';
    if (!point) {
      if (Object.keys(chords).some(known => known.startsWith(name + ' '))) { prefix = name; prefixed = Date.now(); }
      return;
    }
    const line = at.closest?.('[id^=row-]'), isFree = at === body || at.id === 'main' || at === line;
    if (name.startsWith('arrow') && !line || name === 'enter' && !isFree) return; // the browser's own
    if (event.repeat && !['down', 'up'].includes(point)) return;
    if ((deeds[point] || (() => press(point)))() !== false) event.preventDefault();
  });
  on('focusin', event => { const line = event.target.closest('[id^=row-]'); if (line) mark(line); });
  on('click', event => {
    const line = event.target.closest('[id^=row-][data-preview]');
    if (line && !event.target.closest('a,button,input,label')) stand(line);
  });
  function fetchInto(address) {
    clearTimeout(soon);
    htmx.ajax('GET', address, { source: '#preview', target: '#preview' });
  }
  function bring() { // the row's own form into the pane
    entering = false;
    if (row()?.dataset.preview) fetchInto(row().dataset.preview);
  }
  on('change', ({ target }) => { // the form for those selected comes with the first of them
    const place = one('#form-bulk[data-fetch]');
    if (target.checked && target.matches('[form=bulk]') && place) htmx.ajax('GET', place.dataset.fetch, { source: '#form-bulk', target: '#form-bulk', swap: 'outerHTML' });
  });
  on('click', event => { // what else can be done opens in the pane, too
    const link = event.target.closest('#preview a[data-key]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    entering = true;
    fetchInto(link.getAttribute('href'));
  });
  function goOn(side) { // dealt with: to the row that came back, or on to the next one
    const list = lines(), back = undone && undone === (current || '-') && list.find(line => !stood.has(line.id)), next = row() || list[Math.min(place, list.length - 1)];
    undone = asked = ''; // the pane may be empty now, whatever was brought before
    held.delete('queue');
    if (one('#queue')) htmx.trigger(one('#queue'), 'htmx:abort', {}, false); // an answer from before the deed would bring the row back
    if (back || next) return (back || !row() || !document.activeElement.closest('#preview')) ? stand(back || next) : next.setAttribute('aria-current', 'true');
    mark(null);
    side?.replaceChildren();
    (one('#board [data-key~=undo]') || one('#main')).focus({ preventScroll: true });
  }
  on('submit', ({ target }) => { undone = target.dataset.action?.startsWith('undo') ? current || '-' : ''; }); // who has moved on meanwhile stays there
  on('htmx:before:swap', () => { stood = new Set(lines().map(line => line.id)); place = Math.max(0, lines().indexOf(row())); });
  on('htmx:after:swap', ({ detail: { ctx } }) => {
    const side = pane();
    if (ctx.target?.id === 'preview' || side?.contains(ctx.target)) {
      const shown = pick('[data-ticket]', side);
      side.dataset.other = shown ? '' : 'yes';
      if (shown || !entering) side.dataset.of = shown ? 'row-' + shown.dataset.ticket : '';
      if (shown && side.dataset.of !== current) return bring(); // it came late, for a row that was left
      if (entering) (one(`form :is(${writes},[type=radio])`, side))?.focus();
      entering = false;
      if (awaited && side.dataset.of === current) { const point = awaited; awaited = ''; press(point); }
    } else if (ctx.target?.id === 'form-bulk') {
      const point = awaited;
      awaited = '';
      if (point) press(point);
    } else if (ctx.target?.id === 'board') goOn(side);
    else row()?.setAttribute('aria-current', 'true'); // a swap has taken it away
  });
}
