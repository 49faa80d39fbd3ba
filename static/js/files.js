// Files: pasted, dropped and picked ones add up; each can be taken out again.
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
