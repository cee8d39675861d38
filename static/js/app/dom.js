// Finding things on the page.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
export const visible = (el) => el.getClientRects().length > 0 && !el.disabled;

const TEXTLESS = /^(radio|checkbox|button|submit|range|file|hidden)$/;
export const typing = (el) => el instanceof Element && (el.isContentEditable || /^(TEXTAREA|SELECT)$/.test(el.tagName) ||
  (el.tagName === 'INPUT' && !TEXTLESS.test(el.type)));
