// Once all parts are there: the page is set going.
tell(words.now);
all('[data-draft]').forEach(restore);
showSwitch();
returnTo();
listen();
tick();
setInterval(tick, 1000);
