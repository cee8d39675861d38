// Polls: a zone says hx-trigger="tick from:body".
import { $, $$ } from './dom.js';
import { say } from './live.js';

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

export function tickNow() {
  lastTick = 0;
  tick();
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

// Looked at more often than the shortest period: one that comes a hair too early would wait for a whole one more.
setInterval(tick, 250);
setInterval(beat, 500);
