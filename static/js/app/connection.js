// The connection: requests that are slow, lost or refused, and the bar that tells of them.
import { now } from './clock.js';
import { $ } from './dom.js';
import { tickNow } from './polls.js';
import { isPoll, isPress, isRead } from './requests.js';

const RETRY_MS = 5000;
const waiting = new Map();
let retryTimer = 0, lostAt = '';

// What could not be sent waits by its element: texts that save themselves, and one press; of two the later counts.
export function wait(request) {
  if (isPoll(request) || (isRead(request) && waiting.size)) return;
  if (isPress(request)) [...waiting.values()].filter(isPress).forEach(({ elt }) => waiting.delete(elt));
  waiting.set(request.elt, request);
}

function settled(request) {
  const waited = waiting.delete(request.elt);
  // What the answer has replaced went with it, and its own answer is not heard of.
  [...waiting.keys()].filter((el) => !el.isConnected).forEach((el) => waiting.delete(el));
  if (!waiting.size && (waited || lostAt || !isRead(request))) barOff();
}

function bar(text, { retry = false, close = true } = {}) {
  $('#netbar-text').textContent = text;
  $('#netbar-retry').hidden = !retry;
  $('#netbar-close').hidden = !close;
  $('#netbar').hidden = false;
}

export function barOff() {
  clearTimeout(retryTimer);
  retryTimer = 0;
  lostAt = '';
  $('#netbar').hidden = true;
}

// The form as it is now, with the button that was pressed and the same key: what was typed meanwhile goes along, and a form
// that did arrive the first time counts once. The server answers a repeat with the first result, other words with 409.
function again(request) {
  const { verb, path, parameters, elt, target } = request;
  if (!elt.isConnected) return settled(request);
  const fields = new Set([...(elt.closest('form')?.elements ?? [])].filter((el) => el.type !== 'submit').map((el) => el.name));
  const values = Object.fromEntries(Object.entries(parameters).filter(([name]) => !fields.has(name)));
  // What becomes of it htmx tells by its events.
  htmx.ajax(verb.toUpperCase(), path, { source: elt, target, values }).catch(() => {});
}

export function retry() {
  clearTimeout(retryTimer);
  retryTimer = 0;
  if (waiting.size) [...waiting.values()].forEach(again);
  else tickNow();
}

// `why`: the server answered, and said what keeps it from writing.
function lost(request, why = '') {
  if (request) wait(request);
  lostAt ||= new Date(now()).toLocaleTimeString('ru-RU', { hour: '2-digit', minute: '2-digit' });
  const kept = $('#desk') ? ' Разговор продолжается, ответы и ваш текст ждут отправки.' : ' Введённое сохранено.';
  bar(`${why || `Нет связи с сервером с ${lostAt}.`}${kept} Пробуем каждые 5 секунд.`, { retry: true, close: false });
  retryTimer ||= setTimeout(retry, RETRY_MS);
}

window.addEventListener('offline', () => lost());
window.addEventListener('online', () => { if (!waiting.size) barOff(); retry(); });

// A refusal without a fragment of its own is one sentence marked data-problem: it is shown on top, never swapped over the page.
const sentence = (xhr) => xhr.responseText.includes('data-problem') &&
  $('[data-problem]', new DOMParser().parseFromString(xhr.responseText, 'text/html'))?.textContent.trim();

document.addEventListener('htmx:beforeSwap', (event) => {
  if (!event.detail.shouldSwap || event.detail.xhr.status < 400) return;
  settled(event.detail.requestConfig);
  const text = sentence(event.detail.xhr);
  if (!text) return;
  event.detail.shouldSwap = false;
  bar(text);
});

const REFUSED = {
  400: 'Страница устарела. Обновите её и повторите: введённое сохранено.',
  403: 'На это действие у вас нет прав. Обратитесь к руководителю или администратору.',
  404: 'Этой записи уже нет или она вам недоступна. Обновите страницу.',
  413: 'Файл слишком большой.',
  429: 'Слишком часто. Подождите минуту и повторите.',
};

document.addEventListener('htmx:sendError', (event) => lost(event.detail.requestConfig));
document.addEventListener('htmx:timeout', (event) => lost(event.detail.requestConfig));
document.addEventListener('htmx:responseError', (event) => {
  const { xhr, requestConfig } = event.detail;
  if (xhr.status === 401) return;                       // session.js asks for the password
  if ([502, 503, 504].includes(xhr.status)) return lost(requestConfig, sentence(xhr));
  if (xhr.status >= 500) wait(requestConfig);
  else settled(requestConfig);
  const text = sentence(xhr) || REFUSED[xhr.status] || 'На сервере ошибка. Ничего не потеряно: повторите или сообщите руководителю.';
  const id = xhr.getResponseHeader('X-Error-Id');
  bar(id ? `${text} Номер ошибки: ${id}` : text, { retry: xhr.status >= 500 });
});
document.addEventListener('htmx:afterRequest', ({ detail: { xhr, requestConfig } }) => {
  if (xhr.status >= 200 && xhr.status < 400) settled(requestConfig);
});
$('#netbar-retry')?.addEventListener('click', retry);
$('#netbar-close')?.addEventListener('click', () => { waiting.clear(); barOff(); });
