"""Does anything on the desk move under the operator's finger?"""

from __future__ import annotations

from playwright.sync_api import Page

#: Where things stand, in pixels: sides of the call bar and of each result, the top of the first answer under a reply.
_PLACES = """() => {
  const sides = [...document.querySelectorAll('#callbar, #help-line, #outcomes .btn')].flatMap((el, n) => {
    const { left, top, right, bottom } = el.getBoundingClientRect();
    return Object.entries({ left, top, right, bottom }).map(([side, at]) => [`${el.id || 'result'} ${n} ${side}`, at]);
  });
  const reply = document.querySelector('#step .say-block:not(.say-free)');
  if (reply) {
    const answers = document.querySelectorAll('#step :is(button, a, label)');
    const first = [...answers].find((el) => reply.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING);
    sides.push(['first answer', first.getBoundingClientRect().top]);
  }
  return Object.fromEntries(sides);
}"""
#: Less than this nobody sees, in pixels.
_STILL = 1


class Places:
    """Where things stood each time the desk was looked at. `seen`: thing -> name of the look -> pixels."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.seen: dict[str, dict[str, float]] = {}

    def look(self, name: str) -> None:
        """Remember where things are now."""
        self._page.evaluate("document.fonts.ready.then(() => true)")
        for thing, at in self._page.evaluate(_PLACES).items():
            self.seen.setdefault(thing, {})[name] = at

    def moved(self) -> dict[str, dict[str, float]]:
        """The things that stood elsewhere at some look, with all their places."""
        return {thing: at for thing, at in self.seen.items() if max(at.values()) - min(at.values()) > _STILL}
