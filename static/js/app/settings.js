// Settings of this workplace: `data-setting` on a checkbox, whose `checked` in the page is the default.
import { $$ } from './dom.js';

export const setting = (name, byDefault) => (localStorage.getItem(name) ?? byDefault) === 'on';

document.addEventListener('change', (event) => {
  if (event.target.matches('[data-setting]')) localStorage.setItem(event.target.dataset.setting, event.target.checked ? 'on' : 'off');
});

$$('[data-setting]').forEach((el) => { el.checked = setting(el.dataset.setting, el.defaultChecked ? 'on' : 'off'); });
