"""How does a page look in a browser? What several pages are looked at for."""

from __future__ import annotations

from typing import Any, Final

SCREENS: Final = {
    f"{width}-{scheme}": {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    for width in (1280, 390)
    for scheme in ("light", "dark")
}
WIDTHS: Final = {str(width): SCREENS[f"{width}-light"] for width in (1280, 390)}


def wider_than_the_screen(tab: Any) -> list[str]:
    """What reaches over the right edge, everything opened; the page itself where it scrolls sideways."""
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    wide = tab.evaluate("document.documentElement.scrollWidth") > tab.viewport_size["width"]
    outside: list[str] = tab.evaluate(
        """() => [...document.querySelectorAll('main p, main h2, main figure, main .scroll, main li, svg text')]
            .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1
                         && !e.closest('.scroll'))
            .map(e => e.tagName + ' ' + e.textContent.slice(0, 60))"""
    )
    return [*outside, *(["the page"] if wide else [])]


def crossed_words(tab: Any) -> list[list[str]]:
    """Words of pictures that run into each other: the picture, and both."""
    found: list[list[str]] = tab.evaluate(
        """() => { const bad = [];
          for (const svg of document.querySelectorAll('figure svg')) {
            const words = [...svg.querySelectorAll('text')].filter(t => t.getClientRects().length)
              .map(t => [t.textContent, t.getBoundingClientRect()]);
            for (let i = 0; i < words.length; i++) for (let j = i + 1; j < words.length; j++) {
              const [a, p] = words[i], [b, q] = words[j];
              const w = Math.min(p.right, q.right) - Math.max(p.left, q.left);
              const h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
              if (w > 2 && h > 5) bad.push([svg.querySelector('title').textContent, a, b]);
            } }
          return bad; }"""
    )
    return found


def taller_than_a_sheet(tab: Any) -> list[str]:
    """Pictures that no sheet of paper holds whole; 960 pixels are 254 mm, and the page leaves 261."""
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 665, "height": 900})  # 176 mm, the width between the margins
    found: list[str] = tab.evaluate(
        "[...document.querySelectorAll('.wide > svg')].filter(e => e.getBoundingClientRect().height > 960)"
        ".map(e => e.querySelector('title').textContent)"
    )
    return found
