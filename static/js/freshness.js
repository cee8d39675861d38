/* How old the figures of the board are. The age of what is shown stands in the page; a poll that is answered, with new figures
   or with «nothing new», makes it fresh. Three polls without an answer make it stale. */
(() => {
  'use strict';

  const POLL_S = 15, STALE_S = 3 * POLL_S;
  const $ = (selector) => document.querySelector(selector);
  const stale = $('#stale'), live = $('.live');
  if (!stale || !live) return;

  let answered = Date.now(), shown = Number($('#report').dataset.read);
  const clock = (ms, zone) => new Date(ms).toLocaleTimeString('ru-RU', { hour: '2-digit', minute: '2-digit', timeZone: zone });
  const rules = new Intl.PluralRules('ru');
  const words = (n, forms) => `${n} ${forms[rules.select(n)] ?? forms.many}`;
  const silence = (seconds) => seconds < 60 ? words(seconds, { one: 'секунду', few: 'секунды', many: 'секунд' })
    : words(Math.floor(seconds / 60), { one: 'минуту', few: 'минуты', many: 'минут' });

  document.addEventListener('htmx:afterRequest', (event) => {
    const { xhr, requestConfig } = event.detail;
    if (requestConfig.triggeringEvent?.type !== 'tick' || !(xhr.status >= 200 && xhr.status < 300)) return;
    answered = Date.now();
    shown = Number($('#report')?.dataset.read) || shown;
  });

  // A table that somebody has opened stays open when its zone is drawn anew.
  let opened = [];
  document.addEventListener('htmx:beforeSwap', () => {
    opened = [...document.querySelectorAll('#report details[open]')].map((el) => el.id);
  });
  document.addEventListener('htmx:load', () => opened.forEach((id) => document.getElementById(id)?.setAttribute('open', '')));

  function show() {
    const paused = $('[data-tick-toggle]')?.getAttribute('aria-pressed') === 'true';
    const seconds = Math.floor((Date.now() - answered) / 1000);
    const silent = !paused && !document.hidden && seconds > STALE_S;
    live.classList.toggle('live-stale', silent || paused);
    if (silent) {
      stale.querySelector('[data-silent]').textContent = silence(seconds);
      stale.querySelector('[data-shown]').textContent = clock(Math.max(shown, answered));
      stale.querySelector('[data-next]').textContent = silence(POLL_S - seconds % POLL_S);
    }
    if (stale.hidden === silent) stale.hidden = !silent;
    document.querySelectorAll('[data-zone-clock]').forEach((el) => {
      const text = clock(Date.now(), el.dataset.zoneClock);
      if (el.textContent !== text) el.textContent = text;
    });
  }

  document.addEventListener('visibilitychange', () => { if (!document.hidden) answered = Date.now(); });
  setInterval(show, 1000);
})();
