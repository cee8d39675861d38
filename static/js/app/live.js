// Announcements: one region, empty from the load, short texts only.
import { $ } from './dom.js';

export function say(text) {
  const live = $('#live');
  if (!live || !text) return;
  live.textContent = '';
  setTimeout(() => { live.textContent = text; }, 60);   // a change of the same text is not read
}
