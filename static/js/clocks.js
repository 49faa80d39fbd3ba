// Clocks: the server's time, one timer, the same words and thresholds as the server's.
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
function age(time) {
  const s = (now() - Date.parse(time.dateTime)) / 1000;
  const text = s < 60 ? words.wAgoNow : s < 3600 ? fill(words.wAgoMin, { m: Math.floor(s / 60) }) : s < 86400 ? fill(words.wAgoHour, { h: Math.floor(s / 3600) }) : fill(words.wAgoDay, { d: Math.floor(s / 86400) });
  if (time.textContent !== text) time.textContent = text;
}
const seen = element => { const box = element.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight; };
let ticked = 0;
function tick() {
  if (document.hidden) return;
  if (!paused || Date.now() - ticked >= 60000) { // while updates are paused clocks move once a minute
    ticked = Date.now();
    all('[data-clock-state=running],[data-clock-state=breached]').filter(seen).forEach(count);
    all('[data-since]').filter(seen).forEach(age);
  }
  mention();
  pill();
  connection();
}
