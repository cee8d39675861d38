// What must not be missed comes as an element with data-signal="id": a word for screen readers and, unless it is turned
// off, a quiet tone; once per id and tab, however often the poll brings it.
import { $$ } from './dom.js';
import { say } from './live.js';
import { setting } from './settings.js';

function tone() {
  const audio = new AudioContext(), sound = audio.createOscillator(), volume = audio.createGain();
  volume.gain.value = 0.04;
  sound.connect(volume).connect(audio.destination);
  sound.start();
  sound.stop(audio.currentTime + 0.18);
  sound.onended = () => audio.close();
}

document.addEventListener('htmx:load', () => {
  const fresh = $$('[data-signal]').filter((el) => !sessionStorage.getItem(`signal:${el.dataset.signal}`));
  if (!fresh.length) return;
  fresh.forEach((el) => sessionStorage.setItem(`signal:${el.dataset.signal}`, '1'));
  say(fresh.map((el) => el.dataset.signalText).join('. '));
  // Before the first press on a page the browser lets nothing sound, and complains.
  if (setting('sound', 'on') && navigator.userActivation?.hasBeenActive) tone();
});
