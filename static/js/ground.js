// Short names that every part uses; no words for people live in the scripts.
const body = document.body, words = body.dataset;
const one = (what, where = document) => where.querySelector(what);
const all = (what, where = document) => [...where.querySelectorAll(what)];
const on = (event, deed, capture) => document.addEventListener(event, deed, capture);
const fill = (pattern, values) => pattern.replace(/\{(\w*)\}/g, (_, key) => values[key]);
const wordOf = name => one('[data-live][data-w-rows-one]')?.dataset[name] ?? words[name]; // what stands in a list is not always a ticket
const say = text => { one('#live-status').textContent = text; };
