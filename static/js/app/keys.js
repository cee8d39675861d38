// Hot keys by physical key: the same in both keyboard layouts.
import { $, $$, typing, visible } from './dom.js';
import { setting } from './settings.js';

const PRINTABLE = /^(Key|Digit|Numpad\d|Quote|Slash|Semicolon|Comma|Period|Bracket)/;
const keysOff = () => !setting('hot-keys', 'on');      // WCAG 2.1.4: single-key shortcuts can be turned off
// «?» is Shift and 7 in the Russian layout: it must ask for help, not give the answer 7.
const codeOf = ({ key, code }) => key === '?' ? 'Slash' : code === 'NumpadEnter' ? 'Enter' : code.replace(/^Numpad(?=\d$)/, 'Digit');

function escape(event) {
  if ($('dialog[open]')) return false;                  // the browser closes it
  if (typing(event.target)) {
    event.target.blur();
    $('#step h2')?.focus();                             // where the keys work and a reader goes on, not nowhere
    return true;
  }
  const menu = $('details.menu[open]');
  if (!menu) return false;
  menu.open = false;
  $('summary', menu).focus();
  return true;
}

document.addEventListener('keydown', (event) => {
  const form = event.target.closest?.('form');
  if (event.code === 'Enter' && (event.ctrlKey || event.metaKey) && form && event.target.tagName === 'TEXTAREA') {
    event.preventDefault();
    form.requestSubmit([...form.elements].find((el) => el.type === 'submit'));
    return;
  }
  if (event.repeat || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const code = codeOf(event);
  if ((code === 'Enter' || !typing(event.target)) && isSameKey(code)) { event.preventDefault(); return; }
  if (code === 'Escape' && escape(event)) { event.preventDefault(); return; }
  if (PRINTABLE.test(code) && (typing(event.target) || keysOff())) return;
  if (code === 'Enter' && (typing(event.target) || event.target.closest('button, a, summary'))) return;
  if (code === 'Backspace' && typing(event.target)) return;
  const scope = $('dialog[open]') || document;
  const target = $$(`[data-key~="${CSS.escape(code)}"]`, scope).find(visible);
  if (!target) return;
  event.preventDefault();
  // A dialog gives the focus back on closing: on its opener the next Enter would open it again.
  if (!target.dataset.dialog && !('keepsFocus' in target.dataset)) target.focus({ preventScroll: true });
  if (!typing(target)) target.click();
});

// A double click, or a key struck five times, is one press: what the answer has meanwhile brought under the finger was not
// meant. A key counts as the same until it was left alone for a moment, a click as long as the browser counts on.
const SAME_MS = 300;
const pressed = document.documentElement.dataset;
let redrawn = false, alone = 0;

function isSameKey(code) {
  const same = pressed.struck === code;
  if (!same) redrawn = false;
  pressed.struck = code;
  clearTimeout(alone);
  alone = setTimeout(() => { delete pressed.struck; }, SAME_MS);
  return same && redrawn;
}

document.addEventListener('click', (event) => {
  if (event.detail === 1) redrawn = false;
  if (event.detail < 2 || !redrawn || !event.target.closest('#desk')) return;
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener('htmx:load', (event) => { redrawn ||= Boolean(event.detail.elt.closest?.('#desk')); });
