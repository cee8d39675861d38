// The server's clock: no counter, so a sleeping tab cannot make it drift.
import { $, $$ } from './dom.js';
import { say } from './live.js';

let skew = 0;
export const now = () => Date.now() + skew;
const two = (n) => String(Math.floor(n)).padStart(2, '0');
const face = (seconds) => seconds < 3600 ? `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
  : `${Math.floor(seconds / 3600)}:${two(seconds / 60 % 60)}:${two(seconds % 60)}`;

function sync(root) {
  const source = root.matches?.('[data-now]') ? root : $('[data-now]', root);
  if (source) skew = Number(source.dataset.now) - Date.now();
}

function showTimer(block) {
  const seconds = Math.max(0, (now() - Number(block.dataset.since)) / 1000);
  const limit = Number(block.dataset.limit || 0);
  const clock = $('[data-clock]', block), bar = $('progress', block), left = $('[data-left]', block);
  if (clock) clock.textContent = face(seconds);
  if (bar && limit) { bar.value = Math.min(seconds, limit); bar.classList.toggle('hot', seconds >= limit); }
  if (left) left.textContent = seconds < limit ? left.dataset.before.replace('%', Math.ceil(limit - seconds)) : left.dataset.after;
}

function showLock(button) {
  if (button.closest('.htmx-request')) return;
  const left = Math.ceil((Number(button.dataset.opensAt) - now()) / 1000), note = $('small', button);
  if (left > 0) {
    button.disabled = true;
    if (note && button.dataset.leftText) { note.dataset.own ??= note.textContent; note.textContent = button.dataset.leftText.replace('%', left); }
  } else if (!button.classList.contains('unlocked')) {
    button.disabled = false;
    button.classList.add('unlocked');
    if (note?.dataset.own) { note.textContent = note.dataset.own; say(button.dataset.say); }
  }
}

function show() {
  $$('[data-since]').forEach(showTimer);
  $$('[data-opens-at]').forEach(showLock);
}

document.addEventListener('htmx:load', (event) => {
  sync(event.detail.elt);
  show();
});

sync(document);
show();
setInterval(show, 250);
