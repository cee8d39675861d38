// Requests: which is a poll, which only reads, which is a person's press, and which are on their way.

export const isPoll = (request) => /^(tick|beat)$/.test(request?.triggeringEvent?.type);
// A search is sent by POST, because its words must not stand in an address; it changes no more than a GET.
export const isRead = ({ verb, elt }) => verb === 'get' || elt.matches('[data-reads]');
export const isPress = (request) => isRead(request) || request.parameters.form_key;

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
  const { target, requestConfig } = event.detail;
  clearTimeout(busyTimers.get(requestConfig));
  presses.delete(requestConfig);
  target?.removeAttribute?.('aria-busy');
});
