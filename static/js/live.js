// Live: one stream while the page is seen; a message only names a topic, regions fetch themselves.
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
