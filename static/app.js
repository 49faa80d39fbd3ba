// What HTML alone cannot do: live regions, clocks, pasted files, drafts, and manners of forms. No words live here.
(() => {
  'use strict';
  const body = document.body, words = body.dataset;
  const one = (what, where = document) => where.querySelector(what);
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const on = (event, deed, capture) => document.addEventListener(event, deed, capture);
  const fill = (pattern, values) => pattern.replace(/\{(\w*)\}/g, (_, key) => values[key]);
  const say = text => { one('#live-status').textContent = text; };

  // ---- htmx: its Trusted Types policy (scripts of a fragment stay empty), and what a swap may not undo
  const policy = { createHTML: html => html, createScript: () => '' };
  htmx.registerExtension('trusted', {
    init: api => api.initSecurity(window.trustedTypes ? trustedTypes.createPolicy('htmx', policy) : policy),
    htmx_config_request: (_, { ctx }) => !(document.hidden && ctx.sourceEvent?.type === 'every'),
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

  // ---- live: one stream while the page is seen; a message only names a topic, regions fetch themselves
  let stream, topics, lost, away, fresh = Date.now(), retry = 0;
  const refresh = () => all('[data-live]').forEach(region => htmx.trigger(region, 'refresh', {}, false));
  const lose = () => { lost ??= Date.now(); };
  const found = () => { lost = null; away = false; fresh = Date.now(); };
  function listen() {
    stream?.close();
    topics = words.topics;
    stream = topics && !document.hidden ? new EventSource('/events?topics=' + encodeURIComponent(topics)) : null;
    if (!stream) return;
    stream.onopen = () => { found(); refresh(); }; // what happened between the page and the stream
    stream.onerror = () => { lose(); if (stream.readyState === 2) refresh(); };
    stream.onmessage = message => { fresh = Date.now(); htmx.trigger(body, JSON.parse(message.data).topic); };
    stream.addEventListener('away', () => { away = true; lose(); });
    stream.addEventListener('back', stream.onopen);
    retry = Date.now() + 60000;
  }
  function connection() {
    const line = one('#connection'), age = line && one('[data-age]', line);
    if (stream?.readyState === 2 && Date.now() > retry) listen(); // refused, for example by a restart: ask again now and then
    if (!line || line.hidden === !(lost && Date.now() - lost > 5000)) return;
    line.hidden = !line.hidden;
    const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: words.zone || undefined };
    age.textContent = fill(age.dataset.age, { '': new Intl.DateTimeFormat('en', clock).format(now(fresh)) });
  }
  const wake = () => { document.hidden ? stream?.close() : (listen(), refresh()); };
  on('visibilitychange', wake);
  addEventListener('pagehide', () => stream?.close());
  addEventListener('pageshow', event => event.persisted && wake());

  // ---- clocks: the server's time, one timer, the same words and thresholds as the server's
  let skew = 0;
  const now = (moment = Date.now()) => moment + skew;
  const tell = stamp => { if (stamp) skew = Date.parse(stamp) - Date.now(); };
  const two = number => String(number).padStart(2, '0');
  function span(s) {
    if (s >= 86400) return fill(words.wDay, { d: Math.floor(s / 86400), h: Math.floor(s % 86400 / 3600) });
    if (s >= 3600) return fill(words.wHour, { h: Math.floor(s / 3600), m: two(Math.floor(s % 3600 / 60)) });
    if (s >= 600) return fill(words.wMin, { m: Math.floor(s / 60) });
    return fill(words.wSec, { m: Math.floor(s / 60), s: two(s % 60) });
  }
  function count(clock) {
    const due = Date.parse(clock.dataset.due), left = (due - now()) / 1000;
    const part = clock.dataset.from ? left * 1000 / (due - Date.parse(clock.dataset.from)) : 1;
    const level = left <= 0 ? 'over' : left < 1800 || part < 0.1 ? 'danger' : left < 3600 || part < 0.25 ? 'warn' : 'ok';
    const text = fill(left > 0 ? words.wLeft : words.wOver, { '': span(Math.floor(Math.abs(left))) });
    const place = one('.left', clock);
    if (place.textContent !== text) place.textContent = text;
    if (clock.dataset.level !== level) clock.dataset.level = level;
  }
  const seen = element => { const box = element.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight; };
  function tick() {
    if (document.hidden) return;
    all('[data-clock-state=running],[data-clock-state=breached]').filter(seen).forEach(count);
    connection();
  }

  // ---- files: pasted, dropped and picked ones add up; each can be taken out again
  const held = new WeakMap();
  function hold(input, files) {
    const bag = new DataTransfer();
    files.forEach(file => bag.items.add(file));
    input.files = bag.files;
    held.set(input, files);
    const list = input.parentElement.querySelector('[data-files]');
    list?.replaceChildren(...files.map(file => {
      const row = document.createElement('li'), size = document.createElement('span'), out = document.createElement('button');
      size.textContent = file.size < 1e6 ? Math.ceil(file.size / 1e3) + ' kB' : (file.size / 1e6).toFixed(1) + ' MB';
      out.type = 'button';
      out.textContent = list.dataset.remove;
      out.setAttribute('aria-label', list.dataset.remove + ' ' + file.name);
      out.onclick = () => { hold(input, files.filter(other => other !== file)); input.focus(); };
      row.append(file.name, ' ', size, ' ', out);
      return row;
    }));
  }
  function receive(event, brought) {
    const inputs = all('[data-paste]', event.target.closest?.('form') || document);
    if (!brought?.files.length || brought.getData('text/plain') || inputs.length !== 1) return;
    event.preventDefault();
    const kept = held.get(inputs[0]) || [];
    const named = [...brought.files].map((file, i) =>
      file.name === 'image.png' ? new File([file], `image-${kept.length + i + 1}.png`, { type: file.type }) : file);
    hold(inputs[0], [...kept, ...named]);
  }
  on('paste', event => receive(event, event.clipboardData));
  const catches = event => { if (event.dataTransfer?.types.includes('Files') && one('[data-paste]')) event.preventDefault(); }; // else the page is left for the file
  on('dragover', catches);
  on('drop', event => { catches(event); receive(event, event.dataTransfer); });
  on('change', event => {
    if (event.target.matches('[data-paste]')) hold(event.target, [...held.get(event.target) || [], ...event.target.files]);
  });

  // ---- drafts: what is typed survives reload, crash and sign-out by time; gone once it was accepted
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

  // ---- forms: no submission while composing or twice, Ctrl+Enter, words for what failed
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

  // ---- after a swap: clocks, drafts, stream and focus are set right again
  const before = new WeakMap();
  on('htmx:before:swap', ({ detail: { ctx } }) => {
    const active = document.activeElement, rows = [];
    for (let row = active.closest('[id^=row-]'); row; row = row.nextElementSibling) rows.push(row.id);
    before.set(ctx, { active, rows });
  });
  on('htmx:after:swap', ({ detail: { ctx } }) => {
    if (ctx.swap === 'none') return;
    const place = document.getElementById(ctx.target?.id) || ctx.target || body;
    tell(place.dataset.at || (place === body && words.now));
    tick();
    all('[data-draft]').forEach(restore);
    if (ctx.response?.status === 422) all('form:has([data-kept]) [data-paste]', place).forEach(input => hold(input, [])); // the server has them now
    if (topics !== words.topics) listen();
    const { active, rows } = before.get(ctx);
    if (active === body || active.isConnected || document.activeElement !== body) return;
    const row = rows.map(id => document.getElementById(id)).find(Boolean);
    const next = row ? one('a,button', row) : one('h1,h2,h3', place) || place;
    if (!row) next.tabIndex = -1;
    next.focus({ preventScroll: true });
  });

  // ---- small things: copy, close, menus
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
    if (button) 'copy' in button.dataset ? copy(button) : button.parentElement.hidden = true;
  });

  tell(words.now);
  all('[data-draft]').forEach(restore);
  listen();
  tick();
  setInterval(tick, 1000);
})();
