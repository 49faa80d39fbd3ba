// Live: one stream while the page is seen; a message only names a topic, regions fetch themselves. It can be paused.
let stream, topics, lost, away, fresh = Date.now(), retry = 0, pause = 5000;
const recall = (name, place = 'localStorage') => { try { return window[place].getItem(name); } catch { return null; } };
const keep = (name, value, place = 'localStorage') => { try { window[place].setItem(name, value); return true; } catch { return false; } }; // forbidden or full
let paused = recall('updates') === 'off';
const regions = () => all('[data-live]');
const refresh = () => [...regions(), ...lost ? all('#inbox') : []].forEach(region => htmx.trigger(region, 'refresh', {}, false));
const lose = () => { lost ??= Date.now(); };
const found = () => { lost = null; away = false; fresh = Date.now(); };
function listen() {
  stream?.close();
  topics = words.topics;
  stream = topics && !document.hidden && !paused ? new EventSource('/events?topics=' + encodeURIComponent(topics)) : null;
  if (!stream) return;
  stream.onopen = () => { away = false; pause = 5000; regions().length ? refresh() : found(); }; // what happened between the page and the stream
  stream.onerror = () => { lose(); if (stream.readyState === 2) refresh(); };
  stream.onmessage = message => { fresh = Date.now(); htmx.trigger(body, JSON.parse(message.data).topic); };
  stream.addEventListener('away', () => { away = true; lose(); });
  stream.addEventListener('back', stream.onopen);
  ['still', 'moving'].forEach(state => stream.addEventListener(state, () => all('#still').forEach(line => {
    line.hidden = state === 'moving';
    if (!line.hidden) say(line.textContent.trim());
  })));
  retry = Date.now() + pause;
}
function connection() {
  const line = one('#connection');
  if (stream?.readyState === 2 && Date.now() > retry) { pause = Math.min(2 * pause, 60000); listen(); } // refused, for example by a restart: ask again now and then
  if (!line) return;
  const state = paused && topics ? 'paused' : lost && Date.now() - lost > 5000 ? 'lost' : '';
  if (line.dataset.state === state) return;
  line.dataset.state = state;
  line.hidden = !state;
  all('[data-in]', line).forEach(part => { part.hidden = part.dataset.in !== state; });
  const age = one('[data-age]', line);
  if (state) age.textContent = fill(age.dataset.age, { '': timeOf(now(fresh)) });
}
const wake = () => { document.hidden ? stream?.close() : (listen(), paused || refresh()); };
function switchUpdates(state) {
  paused = state === 'off';
  keep('updates', state);
  lost = null;
  if (paused) fresh = Date.now();
  listen();
  if (!paused) refresh();
  showSwitch();
  connection();
}
const showSwitch = () => all('[data-updates]').forEach(button => {
  if (button.hasAttribute('aria-pressed')) button.setAttribute('aria-pressed', String(paused === (button.dataset.updates === 'off')));
});
on('click', event => {
  const button = event.target.closest('[data-updates]');
  if (!button) return;
  switchUpdates(button.dataset.updates);
  if (button.closest('[hidden]')) one('#main').focus({ preventScroll: true });
});
addEventListener('storage', event => { if (event.key === 'updates') switchUpdates(event.newValue || 'on'); }); // another tab
on('visibilitychange', wake);
addEventListener('pagehide', () => stream?.close());
addEventListener('pageshow', event => event.persisted && wake());
