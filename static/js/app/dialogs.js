// Dialogs, menus, and the browser's own dialog for printing.
import { $$ } from './dom.js';

document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-dialog]');
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  $$('details.menu[open]').filter((menu) => !menu.contains(event.target)).forEach((menu) => { menu.open = false; });
});

$$('[data-print]').forEach((el) => { el.hidden = false; el.addEventListener('click', () => window.print()); });
$$('dialog[data-open]').forEach((el) => el.showModal());
