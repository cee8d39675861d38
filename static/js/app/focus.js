// The focus: on the new question after a swap, and where the work is.
import { $, typing } from './dom.js';
import { isPoll } from './requests.js';

document.addEventListener('htmx:afterSettle', (event) => {
  // Neither a poll nor an autosave moves the focus: not away from a field that is being typed into.
  if (isPoll(event.detail.requestConfig) || typing(document.activeElement)) return;
  const root = event.detail.elt.isConnected ? event.detail.elt : document;
  $('[data-focus]', root)?.focus();
});

// A press on what stands beside the work leaves the focus where the work is.
document.addEventListener('mousedown', (event) => {
  if (event.target.closest('[data-keeps-focus]')) event.preventDefault();
});
