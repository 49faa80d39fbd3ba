// Once all parts are there: the page is set going.
tell(words.now);
all('[data-draft]').forEach(restore);
listen();
tick();
setInterval(tick, 1000);
