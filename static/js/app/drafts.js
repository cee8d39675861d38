// Drafts: typed text survives a reload or a lost session, under the call's id, until it is saved.
import { $, $$, typing } from './dom.js';
import { isRead } from './requests.js';

const DRAFT = 'draft:';
const fields = (zone) => $$('input[name], textarea[name]', zone).filter((el) => el.type !== 'password' && typing(el));
const changed = (zone) => fields(zone).filter((el) => el.value !== el.defaultValue);
const texts = (typed) => JSON.stringify(Object.fromEntries(typed.map((el) => [el.name, el.value])));
const draftKeys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(DRAFT));

const keep = (zone) => sessionStorage.setItem(DRAFT + zone.dataset.draft, texts(changed(zone)));

function dropAll() {
  draftKeys().forEach((key) => sessionStorage.removeItem(key));
  dropKept();
}

function giveBack(root) {
  const user = document.body.dataset.user;
  if (user && sessionStorage.getItem('draft-user') !== user) {
    dropAll();
    sessionStorage.setItem('draft-user', user);
  }
  putAside();
  $$('[data-draft]', root).forEach((zone) => {
    const kept = JSON.parse(sessionStorage.getItem(DRAFT + zone.dataset.draft) || '{}');
    fields(zone).forEach((el) => { if (kept[el.name] && el.value === el.defaultValue) el.value = kept[el.name]; });
  });
}

document.addEventListener('input', (event) => {
  const zone = event.target.closest('[data-draft]');
  if (zone && typing(event.target)) keep(zone);
});
document.addEventListener('submit', (event) => {
  if (event.target.matches('[data-clears-drafts]')) dropAll();
});

// Text whose place is gone, because the call went to somebody else or the form was refused, is shown to be copied until it
// is put away. What the operator's own press has settled is not: he chose another way and left the text behind.
const KEPT = 'kept:';
const keptKeys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(KEPT)).sort();
let unasked = true, refusedZone = null;

function dropKept() {
  keptKeys().forEach((key) => sessionStorage.removeItem(key));
  showKept();
}

function showKept() {
  const box = $('#kept');
  if (!box) return;
  const kept = keptKeys().flatMap((key) => Object.values(JSON.parse(sessionStorage.getItem(key)))).filter((text) => text.trim());
  $('#kept-text').textContent = kept.join('\n');
  box.hidden = !kept.length;
}

function putAside() {
  const desk = $('#desk');
  if (!desk) return;
  const own = `${DRAFT}call:${desk.dataset.attempt}:`;
  for (const key of draftKeys().filter((key) => key.startsWith(`${DRAFT}call:`))) {
    const refused = key === DRAFT + refusedZone && !$(`[data-draft="${CSS.escape(refusedZone)}"]`);
    if (key.startsWith(own) && !refused) continue;
    if (unasked || refused) sessionStorage.setItem(KEPT + key, sessionStorage.getItem(key));
    sessionStorage.removeItem(key);
  }
  refusedZone = null;
  showKept();
}

function noteRefusal(elt) {
  const zone = elt.closest('[data-draft]'), form = elt.closest('form');
  refusedZone = zone?.dataset.draft ?? null;
  if (zone) return keep(zone);
  const typed = form ? changed(form) : [];
  if (typed.length) sessionStorage.setItem(`${KEPT}form`, texts(typed));
}

// A draft that was saved is done with, unless typing went on meanwhile.
function dropSaved(elt, saved) {
  const zone = elt.closest('[data-draft]');
  if (!zone) return;
  const unsaved = fields(zone).filter((el) => el.value !== (saved[el.name] ?? el.defaultValue));
  if (unsaved.length && zone.isConnected) return;
  sessionStorage.removeItem(DRAFT + zone.dataset.draft);
  if (!unsaved.length) return;
  sessionStorage.setItem(KEPT + DRAFT + zone.dataset.draft, texts(unsaved));
  showKept();
}

document.addEventListener('htmx:beforeSwap', ({ detail: { xhr, requestConfig } }) => {
  unasked = isRead(requestConfig) || xhr.status === 409;
  if (xhr.status === 409) noteRefusal(requestConfig.elt);
});
document.addEventListener('htmx:load', (event) => giveBack(event.detail.elt.parentElement || document));
document.addEventListener('htmx:afterRequest', ({ detail: { xhr, requestConfig } }) => {
  // An element that its own answer has replaced is no longer on the page: event.detail.elt is then one above it.
  if (xhr.status >= 200 && xhr.status < 400 && requestConfig.verb !== 'get') dropSaved(requestConfig.elt, requestConfig.parameters);
});
$('#kept-close')?.addEventListener('click', dropKept);

giveBack(document);
