// What HTML and htmx cannot do alone. No library, no build, nothing evaluated: it runs under `script-src 'self'`.
// Everything hangs on attributes; templates/_macros/README.md lists them. Without these files every form still works.
// Of two that listen to one event the one named first hears it first.
import './settings.js';
import './clock.js';
import './keys.js';
import './drafts.js';
import './polls.js';
import './requests.js';
import './connection.js';
import './session.js';
import './telephone.js';
import './signals.js';
import './focus.js';
import './forms.js';
import './dialogs.js';
import './player.js';
