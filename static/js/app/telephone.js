// The operator's press has started the call: where a telephone program takes links, it gets this one once, not again
// on a reload. Off by default: without such a program the browser asks what to open, and the keys go to its question.
import { $ } from './dom.js';
import { setting } from './settings.js';

document.addEventListener('htmx:load', (event) => {
  const link = $('[data-follow-once]', event.detail.elt), mark = link && `followed:${link.dataset.followOnce}`;
  if (!link || !setting('dial-by-link', 'off') || sessionStorage.getItem(mark)) return;
  sessionStorage.setItem(mark, '1');
  link.click();
});
