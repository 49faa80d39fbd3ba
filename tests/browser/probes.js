// What a page is asked: each probe answers with a list of what is wrong, empty when all is well.
globalThis.probes = (() => {
const about = e => e.outerHTML.slice(0, 100);
const above = function* (e) { for (; e; e = e.parentElement) yield e; };
const hidden = e => [...above(e)].some(p => getComputedStyle(p).clipPath !== 'none');
const area = e => ((e.matches('input, select, textarea') && e.closest('label')) || e).getBoundingClientRect();
const seen = e => {
  const style = getComputedStyle(e), r = e.getBoundingClientRect();
  return style.visibility !== 'hidden' && !hidden(e) && r.width > 1 && r.height > 1 && r.bottom > 0;
};
const inText = e => getComputedStyle(e).display === 'inline'
  && [...e.parentElement.childNodes].some(n => n !== e && n.textContent.trim());
// WCAG 2.5.8: what is small may be so where there is room round it.
const hasRoom = (e, all, least) => {
  const r = area(e), x = r.x + r.width / 2, y = r.y + r.height / 2;
  return all.every(other => {
    if (other === e || other.contains(e) || e.contains(other)) return true;
    const q = area(other);
    return Math.hypot(Math.max(q.x - x, 0, x - q.right), Math.max(q.y - y, 0, y - q.bottom)) >= least / 2;
  });
};
const shows = e => e.offsetParent !== null;

return {
  async axe(explained) {  // what it objects to, and what it is not sure of unless that is explained
    const {violations, incomplete} = await axe.run(document, {resultTypes: ['violations', 'incomplete']});
    const why = n => n.failureSummary.split('\n').slice(1, 2).join('').trim();
    const doubts = n => [...n.any, ...n.all, ...n.none].map(check => check.data?.messageKey || check.id);
    const known = (v, n) => explained.some(one => v.id === one.rule && doubts(n).every(doubt => doubt === one.doubt)
      && document.querySelector(n.target.join(' '))?.matches(one.where));
    const wrong = violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')} – ${why(n)}`));
    return wrong.concat(incomplete.flatMap(v => v.nodes.filter(n => !known(v, n))
      .map(n => `not sure of ${v.id} (${doubts(n)}): ${n.target.join(' ')} – ${n.html.slice(0, 80)}`)));
  },
  small(least) {
    const all = [...document.querySelectorAll('a[href], button, summary, input:not([type=hidden]), select, textarea')].filter(seen);
    return all.filter(e => !inText(e)).filter(e => {
      const r = area(e);
      return Math.min(r.height, r.width) < least - .5 && !hasRoom(e, all, least);
    }).map(e => `${about(e)} is ${Math.round(area(e).width)} by ${Math.round(area(e).height)}`);
  },
  wide(width) {  // not the window's own width: that grows with what is too wide
    if (document.documentElement.scrollWidth <= width) return [];
    const outside = [...document.querySelectorAll('body *')].filter(e => {
      const r = e.getBoundingClientRect();
      return r.width > 2 && r.height > 2 && r.right > width + 1 && !hidden(e)
        && [...above(e.parentElement)].every(p => getComputedStyle(p).overflowX === 'visible');
    });
    return [`the page is ${document.documentElement.scrollWidth} wide`, ...outside.slice(0, 3).map(about)];
  },
  clipped() {
    return [...document.querySelectorAll('button, .button, .pill, .sev, label, legend, th, h1, h2, .tabs a, summary')].filter(e => {
      const style = getComputedStyle(e);
      return !e.matches('.c-title') && style.position !== 'absolute' && !hidden(e)  // titles are cut on purpose
        && (style.overflowX !== 'visible' || style.overflowY !== 'visible')
        && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
    }).map(about);
  },
  stop() {  // where the Tab key has come to; nothing at the end
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const r = e.getBoundingClientRect();
    const marked = [e, e.closest('label') || e].some(m => {
      const style = getComputedStyle(m);
      return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1.5;
    });
    const places = [[.5, .5], [.2, .5], [.8, .5], [.5, .2], [.5, .8]];
    const free = r.width < 3 || places.some(([x, y]) => {
      const top = document.elementFromPoint(r.x + r.width * x, r.y + r.height * y);
      return top && (e.contains(top) || top.contains(e) || [...(e.labels || [])].some(l => l.contains(top)));
    });
    return [marked ? '' : `no mark: ${about(e)}`, free ? '' : `covered: ${about(e)}`].filter(Boolean);
  },
  moving() {
    const moves = s => parseFloat(s.transitionDuration) > 0 || parseFloat(s.animationDuration) > 0;
    return [...document.querySelectorAll('body *')].filter(e => moves(getComputedStyle(e))).map(about);
  },
  nameless() {
    return [...document.querySelectorAll('.sev, .pill, .clock')].filter(e => shows(e) && !e.textContent.trim()).map(about);
  },
  edgeless() {
    const marks = [...document.querySelectorAll('.sev, .pill, .clock[data-level]')].filter(shows);
    return marks.filter(e => getComputedStyle(e).borderTopStyle === 'none').map(about);
  },
  lengthen() {  // a language whose words are longer by two fifths; what people wrote stays
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    const ours = t => t.data.trim() && !t.parentElement.closest('[hx-ignore], time, code, kbd, option, svg, script, template, .c-number');
    for (const t of texts.filter(ours)) t.data = t.data.replace(/[a-z]{3,}/gi, w => w + w.slice(0, Math.ceil(w.length * .4)));
  },
  space() {  // WCAG 1.4.12
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
      p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
  },
  inside(selector) {
    return [...document.querySelectorAll(selector)].filter(e => {
      const r = e.getBoundingClientRect();
      return r.width > 0 && r.top >= 0 && r.bottom <= innerHeight;
    }).length;
  },
};
})();
