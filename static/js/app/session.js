// The session is over: sign in without leaving the page, then send the form again.
import { barOff, retry, wait } from './connection.js';
import { $, $$ } from './dom.js';

document.addEventListener('htmx:responseError', ({ detail: { xhr, requestConfig } }) => {
  if (xhr.status !== 401) return;
  const dialog = $('#relogin');
  if (!dialog) { location.assign('/'); return; }
  wait(requestConfig);
  barOff();
  if (dialog.open) return;
  dialog.showModal();
  $('#relogin-password').focus();                       // its first field is the login, there for password managers
});

const parse = async (response) => new DOMParser().parseFromString(await response.text(), 'text/html');

async function signIn(dialog) {
  const url = dialog.dataset.loginUrl, form = $('form', dialog);
  const page = await parse(await fetch(url, { credentials: 'same-origin' }));
  const body = new URLSearchParams(new FormData($(`form[action^="${url}"]`, page) || undefined));
  new FormData(form).forEach((value, name) => body.set(name, value));
  body.set('next', location.pathname + location.search);
  const response = await fetch(url, { method: 'POST', body, credentials: 'same-origin' });
  const after = await parse(response);
  if (!response.ok || new URL(response.url).pathname === new URL(url, location.href).pathname) {
    throw new Error($('[role="alert"]', after)?.textContent.trim() || 'Пароль не подошёл. Проверьте раскладку и повторите.');
  }
  const same = after.body.dataset.user === document.body.dataset.user && new URL(response.url).pathname === location.pathname;
  return { same, url: response.url, headers: after.body.getAttribute('hx-headers') };
}

$('#relogin form')?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const dialog = $('#relogin'), note = $('#relogin-error');
  note.hidden = true;
  try {
    const { same, url, headers } = await signIn(dialog), token = JSON.parse(headers)['X-CSRFToken'];
    // Somebody else came in, or a password has to be changed first: nothing is sent, their page opens.
    if (!same) return location.assign(url);
    document.body.setAttribute('hx-headers', headers);
    $$('input[name="csrf_token"]').forEach((el) => { el.value = token; });
    dialog.close();
    retry();
  } catch (error) {
    note.textContent = error instanceof TypeError ? 'Нет связи с сервером. Повторите.' : error.message;
    note.hidden = false;
  } finally {
    $('#relogin-password').value = '';
  }
});
