// Forms: the times of a callback, filters that send themselves, questions before sending.
import { $$ } from './dom.js';

// A day brings its own times, the button repeats the whole decision.
document.addEventListener('change', (event) => {
  const input = event.target, picker = input.closest('[data-picker]');
  if (!picker) return;
  const slots = input.name === 'day' ? $$(`[data-day="${input.dataset.slots}"] input:enabled`, picker) : [input];
  const slot = slots.find((el) => el.defaultChecked) || slots[0];
  if (!slot?.dataset.words) return;
  slot.checked = true;
  $$(`[data-picked="${picker.id}"]`).forEach((el) => { el.textContent = slot.dataset.words; });
});

document.addEventListener('change', (event) => {
  const form = event.target.form;
  if (form?.matches('[data-autosubmit]') && event.target.matches('select, [type="date"], [type="checkbox"]')) form.requestSubmit();
});

document.addEventListener('click', (event) => {
  const asker = event.target.closest('[data-confirm]');
  if (asker && !window.confirm(asker.dataset.confirm)) { event.preventDefault(); event.stopPropagation(); }
}, true);
