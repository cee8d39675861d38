// What HTML and htmx cannot do alone. No library, no build, nothing evaluated: it runs under `script-src 'self'`.
// Everything hangs on attributes; templates/_macros/README.md lists them. Without this file every form still works.
(() => {
  'use strict';

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const visible = (el) => el.getClientRects().length > 0 && !el.disabled;
  const TEXTLESS = /^(radio|checkbox|button|submit|range|file|hidden)$/;
  const typing = (el) => el instanceof Element && (el.isContentEditable || /^(TEXTAREA|SELECT)$/.test(el.tagName) ||
    (el.tagName === 'INPUT' && !TEXTLESS.test(el.type)));

  /* ---- Announcements: one region, empty from the load, short texts only ---- */

  const say = (text) => {
    const live = $('#live');
    if (!live || !text) return;
    live.textContent = '';
    setTimeout(() => { live.textContent = text; }, 60);   // a change of the same text is not read
  };

  /* ---- Hot keys by physical key: the same in both keyboard layouts ---- */

  const PRINTABLE = /^(Key|Digit|Numpad\d|Quote|Slash|Semicolon|Comma|Period|Bracket)/;
  // Settings of this workplace: `data-setting` on a checkbox, whose `checked` in the page is the default.
  const setting = (name, byDefault) => (localStorage.getItem(name) ?? byDefault) === 'on';
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

  // A press on what stands beside the work leaves the focus where the work is.
  document.addEventListener('mousedown', (event) => {
    if (event.target.closest('[data-keeps-focus]')) event.preventDefault();
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

  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-setting]')) localStorage.setItem(event.target.dataset.setting, event.target.checked ? 'on' : 'off');
  });

  /* ---- The server's clock: no counter, so a sleeping tab cannot make it drift ---- */

  let skew = 0;
  const now = () => Date.now() + skew;
  const two = (n) => String(Math.floor(n)).padStart(2, '0');
  const clock = (seconds) => seconds < 3600 ? `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
    : `${Math.floor(seconds / 3600)}:${two(seconds / 60 % 60)}:${two(seconds % 60)}`;

  function syncClock(root) {
    const source = root.matches?.('[data-now]') ? root : $('[data-now]', root);
    if (source) skew = Number(source.dataset.now) - Date.now();
  }

  function showTimer(block) {
    const seconds = Math.max(0, (now() - Number(block.dataset.since)) / 1000);
    const limit = Number(block.dataset.limit || 0);
    const face = $('[data-clock]', block), bar = $('progress', block), left = $('[data-left]', block);
    if (face) face.textContent = clock(seconds);
    if (bar && limit) { bar.value = Math.min(seconds, limit); bar.classList.toggle('hot', seconds >= limit); }
    if (left) left.textContent = seconds < limit ? left.dataset.before.replace('%', Math.ceil(limit - seconds)) : left.dataset.after;
  }

  function showLock(button) {
    if (button.closest('.htmx-request')) return;
    const left = Math.ceil((Number(button.dataset.opensAt) - now()) / 1000), note = $('small', button);
    if (left > 0) {
      button.disabled = true;
      if (note && button.dataset.leftText) { note.dataset.own ??= note.textContent; note.textContent = button.dataset.leftText.replace('%', left); }
    } else if (!button.classList.contains('unlocked')) {
      button.disabled = false;
      button.classList.add('unlocked');
      if (note?.dataset.own) { note.textContent = note.dataset.own; say(button.dataset.say); }
    }
  }

  const showClocks = () => { $$('[data-since]').forEach(showTimer); $$('[data-opens-at]').forEach(showLock); };

  /* ---- Ticks: polled zones say hx-trigger="tick from:body" ---- */

  // A page nobody looks at rests, but the desk: without a sign of life the client on it would go back to the queue. Browsers
  // wake a hidden tab once a minute, so its period is a little less: a whole one would miss every other time.
  const HIDDEN_S = 55;
  let lastTick = Date.now(), stopped = false;
  const period = () => 1000 * (document.hidden ? $('#desk') ? HIDDEN_S : Infinity
    : Math.min(15, ...$$('[data-tick]').map((el) => Number(el.dataset.tick))));

  function tick() {
    if (stopped || Date.now() - lastTick < period() || $('.htmx-request, #relogin[open]')) return;
    lastTick = Date.now();
    htmx.trigger(document.body, 'tick');
  }

  // Beats are for what a person waits for beside his work (`beat from:body`): a small poll of its own, so that nothing else
  // of the page is asked for so often.
  const BEAT_MS = 2000;
  let lastBeat = 0;

  function beat() {
    if (document.hidden || Date.now() - lastBeat < BEAT_MS || $('#relogin[open]') || !$('[hx-trigger^="beat"]')) return;
    lastBeat = Date.now();
    htmx.trigger(document.body, 'beat');
  }

  function tickNow() {
    lastTick = 0;
    tick();
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) { tickNow(); beat(); }
  });

  document.addEventListener('click', (event) => {
    const toggle = event.target.closest('[data-tick-toggle]');
    if (!toggle) return;
    stopped = !stopped;
    toggle.setAttribute('aria-pressed', String(stopped));
    say(stopped ? 'Обновление остановлено' : 'Обновление включено');
  });

  // What must not be missed comes as an element with data-signal="id": a word for screen readers and, unless it is turned
  // off, a quiet tone; once per id and tab, however often the poll brings it.
  function tone() {
    const audio = new AudioContext(), sound = audio.createOscillator(), volume = audio.createGain();
    volume.gain.value = 0.04;
    sound.connect(volume).connect(audio.destination);
    sound.start();
    sound.stop(audio.currentTime + 0.18);
    sound.onended = () => audio.close();
  }

  function showSignals(root) {
    const fresh = $$('[data-signal]', root).filter((el) => !sessionStorage.getItem(`signal:${el.dataset.signal}`));
    if (!fresh.length) return;
    fresh.forEach((el) => sessionStorage.setItem(`signal:${el.dataset.signal}`, '1'));
    say(fresh.map((el) => el.dataset.signalText).join('. '));
    // Before the first press on a page the browser lets nothing sound, and complains.
    if (setting('sound', 'on') && navigator.userActivation?.hasBeenActive) tone();
  }

  /* ---- Drafts: typed text survives a reload or a lost session, under the call's id, until it is saved ---- */

  const DRAFT = 'draft:';
  const draftFields = (zone) => $$('input[name], textarea[name]', zone)
    .filter((el) => el.type !== 'password' && typing(el));
  const draftKeys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(DRAFT));
  const dropDrafts = (wanted) => draftKeys().filter(wanted).forEach((key) => sessionStorage.removeItem(key));

  function keepDraft(zone) {
    const typed = draftFields(zone).filter((el) => el.value !== el.defaultValue);
    const text = Object.fromEntries(typed.map((el) => [el.name, el.value]));
    sessionStorage.setItem(DRAFT + zone.dataset.draft, JSON.stringify(text));
  }

  function giveBackDrafts(root) {
    const user = document.body.dataset.user;
    if (user && sessionStorage.getItem('draft-user') !== user) {
      dropDrafts(() => true);
      dropKept();
      sessionStorage.setItem('draft-user', user);
    }
    putAside();
    $$('[data-draft]', root).forEach((zone) => {
      const kept = JSON.parse(sessionStorage.getItem(DRAFT + zone.dataset.draft) || '{}');
      draftFields(zone).forEach((el) => { if (kept[el.name] && el.value === el.defaultValue) el.value = kept[el.name]; });
    });
  }

  document.addEventListener('input', (event) => {
    const zone = event.target.closest('[data-draft]');
    if (zone && typing(event.target)) keepDraft(zone);
  });
  document.addEventListener('submit', (event) => {
    if (!event.target.matches('[data-clears-drafts]')) return;
    dropDrafts(() => true);
    dropKept();
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
    const texts = keptKeys().flatMap((key) => Object.values(JSON.parse(sessionStorage.getItem(key)))).filter((text) => text.trim());
    $('#kept-text').textContent = texts.join('\n');
    box.hidden = !texts.length;
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
    if (zone) return keepDraft(zone);
    const typed = form ? draftFields(form).filter((el) => el.value !== el.defaultValue) : [];
    if (typed.length) sessionStorage.setItem(`${KEPT}form`, JSON.stringify(Object.fromEntries(typed.map((el) => [el.name, el.value]))));
  }

  // A draft that was saved is done with, unless typing went on meanwhile.
  function dropSaved(elt, saved) {
    const zone = elt.closest('[data-draft]');
    if (!zone) return;
    const unsaved = draftFields(zone).filter((el) => el.value !== (saved[el.name] ?? el.defaultValue));
    if (unsaved.length && zone.isConnected) return;
    sessionStorage.removeItem(DRAFT + zone.dataset.draft);
    if (!unsaved.length) return;
    const texts = Object.fromEntries(unsaved.map((el) => [el.name, el.value]));
    sessionStorage.setItem(KEPT + DRAFT + zone.dataset.draft, JSON.stringify(texts));
    showKept();
  }

  // A search is sent by POST, because its words must not stand in an address; it changes no more than a GET.
  const isRead = ({ verb, elt }) => verb === 'get' || elt.matches('[data-reads]');

  document.addEventListener('htmx:beforeSwap', ({ detail: { xhr, requestConfig } }) => {
    unasked = isRead(requestConfig) || xhr.status === 409;
    if (xhr.status === 409) noteRefusal(requestConfig.elt);
  });
  $('#kept-close')?.addEventListener('click', dropKept);

  /* ---- Requests: slow ones, lost ones, refused ones ---- */

  const RETRY_MS = 5000;
  const waiting = new Map();
  let retryTimer = 0, lostAt = '';

  const isPoll = (request) => /^(tick|beat)$/.test(request?.triggeringEvent?.type);
  const isPress = (request) => isRead(request) || request.parameters.form_key;

  // What could not be sent waits by its element: texts that save themselves, and one press; of two the later counts.
  function wait(request) {
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

  function barOff() {
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

  function retry() {
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
    if (xhr.status === 401) return signInAgain(requestConfig);
    if ([502, 503, 504].includes(xhr.status)) return lost(requestConfig, sentence(xhr));
    if (xhr.status >= 500) wait(requestConfig);
    else settled(requestConfig);
    const text = sentence(xhr) || REFUSED[xhr.status] || 'На сервере ошибка. Ничего не потеряно: повторите или сообщите руководителю.';
    const id = xhr.getResponseHeader('X-Error-Id');
    bar(id ? `${text} Номер ошибки: ${id}` : text, { retry: xhr.status >= 500 });
  });
  $('#netbar-retry')?.addEventListener('click', retry);
  $('#netbar-close')?.addEventListener('click', () => { waiting.clear(); barOff(); });

  const busyTimers = new WeakMap();
  // Presses on their way; none is waited for longer than the page has patience.
  const presses = new Set();
  document.addEventListener('htmx:beforeRequest', (event) => {
    const { target, elt, requestConfig } = event.detail;
    if (isPoll(requestConfig)) {
      // What a person does goes first: a poll about a page that has gone meanwhile must not draw over the new one, nor
      // take away a form whose answer is on its way (htmx looks for the target of an answer from where it was pressed).
      elt.addEventListener('htmx:beforeOnLoad', (late) => { if (!elt.isConnected || presses.size) late.preventDefault(); }, { once: true });
      return;
    }
    if (requestConfig.verb !== 'get') {
      presses.add(requestConfig);
      setTimeout(() => presses.delete(requestConfig), 10_000);
    }
    busyTimers.set(requestConfig, setTimeout(() => target?.setAttribute('aria-busy', 'true'), 400));
  });
  document.addEventListener('htmx:afterRequest', (event) => {
    // An element that its own answer has replaced is no longer on the page: event.detail.elt is then one above it.
    const { target, xhr, requestConfig, requestConfig: { elt } } = event.detail;
    clearTimeout(busyTimers.get(requestConfig));
    presses.delete(requestConfig);
    target?.removeAttribute?.('aria-busy');
    if (!(xhr.status >= 200 && xhr.status < 400)) return;
    settled(requestConfig);
    if (requestConfig.verb !== 'get') dropSaved(elt, requestConfig.parameters);
  });

  /* ---- The session is over: sign in without leaving the page, then send the form again ---- */

  function signInAgain(request) {
    const dialog = $('#relogin');
    if (!dialog) { location.assign('/'); return; }
    wait(request);
    barOff();
    if (dialog.open) return;
    dialog.showModal();
    $('#relogin-password').focus();                       // its first field is the login, there for password managers
  }

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

  // The operator's press has started the call: where a telephone program takes links, it gets this one once, not again
  // on a reload. Off by default: without such a program the browser asks what to open, and the keys go to its question.
  function followOnce(root) {
    const link = $('[data-follow-once]', root), mark = link && `followed:${link.dataset.followOnce}`;
    if (!link || !setting('dial-by-link', 'off') || sessionStorage.getItem(mark)) return;
    sessionStorage.setItem(mark, '1');
    link.click();
  }

  /* ---- After a swap: the clock, the drafts, and the focus on the new question ---- */

  document.addEventListener('htmx:load', (event) => {
    syncClock(event.detail.elt);
    giveBackDrafts(event.detail.elt.parentElement || document);
    showClocks();
    followOnce(event.detail.elt);
    showSignals(document);
  });
  document.addEventListener('htmx:afterSettle', (event) => {
    // Neither a poll nor an autosave moves the focus: not away from a field that is being typed into.
    if (isPoll(event.detail.requestConfig) || typing(document.activeElement)) return;
    const root = event.detail.elt.isConnected ? event.detail.elt : document;
    $('[data-focus]', root)?.focus();
  });

  /* ---- Callback picker: a day brings its own times, the button repeats the whole decision ---- */

  document.addEventListener('change', (event) => {
    const input = event.target, picker = input.closest('[data-picker]');
    if (!picker) return;
    const slots = input.name === 'day' ? $$(`[data-day="${input.dataset.slots}"] input:enabled`, picker) : [input];
    const slot = slots.find((el) => el.defaultChecked) || slots[0];
    if (!slot?.dataset.words) return;
    slot.checked = true;
    $$(`[data-picked="${picker.id}"]`).forEach((el) => { el.textContent = slot.dataset.words; });
  });

  /* ---- Dialogs, questions before sending, filters, the player ---- */

  document.addEventListener('click', (event) => {
    const opener = event.target.closest('[data-dialog]');
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    $$('details.menu[open]').filter((menu) => !menu.contains(event.target)).forEach((menu) => { menu.open = false; });
  });
  document.addEventListener('click', (event) => {
    const asker = event.target.closest('[data-confirm]');
    if (asker && !window.confirm(asker.dataset.confirm)) { event.preventDefault(); event.stopPropagation(); }
  }, true);
  document.addEventListener('change', (event) => {
    const form = event.target.form;
    if (form?.matches('[data-autosubmit]') && event.target.matches('select, [type="date"], [type="checkbox"]')) form.requestSubmit();
  });

  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-play]'), rate = event.target.closest('#player [data-rate]'), player = $('#player');
    if (!player) return;
    const audio = $('audio', player);
    if (button) {
      player.hidden = false;
      $('[data-title]', player).textContent = button.dataset.title;
      if (audio.getAttribute('src') !== button.dataset.play) audio.src = button.dataset.play;
      $('[data-broken]', player).hidden = !audio.error;
      $('[data-download]', player).href = button.dataset.play;
      audio.play().catch(() => {});
      showPlaying();
    }
    if (rate) {
      audio.playbackRate = Number(rate.dataset.rate);
      $$('[data-rate]', player).forEach((el) => el.setAttribute('aria-pressed', String(el === rate)));
    }
  });

  // A sound that the browser can't play says so beside it.
  document.addEventListener('error', (event) => {
    if (event.target.matches?.('audio')) $('[data-broken]', event.target.parentElement).hidden = false;
  }, true);
  // A list that was swapped shows again which of its rows is heard.
  function showPlaying() {
    const source = $('#player audio')?.getAttribute('src');
    $$('[data-play]').forEach((el) => el.setAttribute('aria-pressed', String(el.dataset.play === source)));
    $$('[data-plays]').forEach((el) => el.classList.toggle('playing', el.dataset.plays === source));
  }
  document.addEventListener('htmx:load', showPlaying);
  // A jump to a place of the recording on the page; without a script the link opens the sound at that place.
  document.addEventListener('click', (event) => {
    const jump = event.target.closest('[data-seek]'), audio = $('#heard');
    if (!jump || !audio) return;
    event.preventDefault();
    audio.currentTime = Number(jump.dataset.seek);
    audio.play().catch(() => {});
  });

  /* ---- Start ---- */

  syncClock(document);
  giveBackDrafts(document);
  showClocks();
  $$('[data-setting]').forEach((el) => { el.checked = setting(el.dataset.setting, el.defaultChecked ? 'on' : 'off'); });
  $$('[data-print]').forEach((el) => { el.hidden = false; el.addEventListener('click', () => window.print()); });
  $$('dialog[data-open]').forEach((el) => el.showModal());
  setInterval(showClocks, 250);
  setInterval(tick, 1000);
  setInterval(beat, 500);
})();
