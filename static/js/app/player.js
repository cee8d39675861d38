// Recordings: one player a page, rows that show which is heard, jumps to a place.
import { $, $$ } from './dom.js';

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
