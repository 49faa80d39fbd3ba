// What is said aloud: politely, gathered, at most once in ten seconds; at once only what cannot wait. Clocks never speak.
const GAP = 10000, MARKS = [0, 5, 15, 30]; // milliseconds; minutes left at which a clock of mine is mentioned, once
const gathered = { rows: [], entries: 0, marks: [] };
let spoken = 0;
const shout = text => { one('#live-alert').textContent = text; };
const counted = (number, word) => fill(wordOf(`${word}${number === 1 ? 'One' : 'Many'}`), { n: number });
const minutes = clock => (Date.parse(clock.dataset.due) - now()) / 60000;
function speak() { // meaning, not mechanics: how many came, and which of them cannot wait
  const { rows, entries, marks } = gathered, said = [];
  if (Date.now() - spoken < GAP || !(rows.length || entries || marks.length)) return;
  const soon = rows.filter(row => { const clock = one('[data-clock-state=running]', row); return clock && minutes(clock) <= 15; });
  if (rows.length) said.push(counted(rows.length, 'wRows'));
  if (soon.length) said.push(counted(soon.length, 'wSoon'));
  if (entries) said.push(counted(entries, 'wEntries'));
  say([...said, ...marks].join(words.wComma));
  Object.assign(gathered, { rows: [], entries: 0, marks: [] });
  spoken = Date.now();
}
const passed = new Map(JSON.parse(recall('marks', 'sessionStorage') || '[]'));
function mark(clock) { // over several pages, too: what another page has said is not said again
  const place = clock.closest('[data-ticket]') || one('main [data-ticket]');
  if (!place || place.dataset.assignee !== words.me || !words.me) return;
  const name = [place.dataset.ticket, clock.dataset.clock, clock.dataset.due].join(' ');
  const level = MARKS.find(most => minutes(clock) <= most) ?? 99, before = passed.get(name);
  if (level === before) return;
  passed.delete(name);
  passed.set(name, level);
  keep('marks', JSON.stringify([...passed].slice(-200)), 'sessionStorage');
  if (!(level < before)) return; // seen for the first time, or given more time
  const kind = one('.kind', clock.closest('li, td') || clock)?.textContent.trim() || '';
  const told = { ticket: place.dataset.ticket, clock: kind, m: level };
  level ? gathered.marks.push(fill(words.wMark, told)) : shout(fill(words.wBreached, told));
}
let ends = words.ends ? Date.parse(words.ends) - 120000 : Infinity; // the session's, by the real clock
function mention() {
  all('[data-clock-state=running],[data-clock-state=breached]').filter(clock => !clock.closest('.coming')).forEach(mark); // those stand in a row, too
  if (Date.now() > ends) { ends = Infinity; fail('ends'); }
  speak();
}
function urgent() { // the bell brings what calls its reader: a critical fault, an escalation
  const { urgent: id, said } = one('#inbox')?.dataset ?? {};
  if (!id || Number(recall('urgent')) >= Number(id)) return;
  keep('urgent', id);
  shout(said);
}
