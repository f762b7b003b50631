"""Clothes, necks, collars and scarves of the drawn portraits."""

from __future__ import annotations

from PIL import Image, ImageChops

from scripts.portraits.canvas import Canvas, Colour, arc, darker, lighter, mirrored, rgb, smooth


class Clothes(Canvas):
    """Draws what a person wears."""

    def shoulders(self) -> None:
        """Cloth from the collar to the edge, shaded at the sides and under the chin."""
        drop = 4.0 if self.person.child else 0.0
        edge = 41.0 if self.person.child else 47.0
        outline = mirrored(
            [
                (50, 88 + drop),
                (62, 91 + drop),
                (50 + edge - 12, 99 + drop),
                (50 + edge - 2, 108 + drop),
                (50 + edge + 3, 122),
                (50 + edge + 4, 140),
                (50, 142),
            ]
        )
        outline = smooth(outline)
        inside = self.mask(outline)
        self.fill(outline, self.cloth)
        shade = darker(self.cloth, 0.32)
        for side in self.both([(82, 92), (110, 96), (110, 140), (88, 140)]):
            self.fill(side, shade, alpha=0.5, blur=6, within=inside)
        self.fill(self.oval(42, 112, 20, 12), lighter(self.cloth, 0.25), alpha=0.22, blur=7, within=inside)
        self.fill(self.oval(50, self.chin + 13, 21, 9), shade, alpha=0.55, blur=4, within=inside)
        for side in self.both([(79, 116), (80.2, 116), (83, 140), (81, 140)]):
            self.fill(side, shade, alpha=0.45, blur=0.7, within=inside)

    def neck(self) -> None:
        """The neck with the shadow that the chin throws on it."""
        base = 97.0 if self.person.child else 97.5
        width = 9.2 if self.person.child else 11.2 * self.person.wide
        outline = smooth(
            mirrored(
                [
                    (50, self.chin - 14),
                    (50 + width, self.chin - 14),
                    (50 + width, self.chin + 6),
                    (50 + width + 4.5, base - 4),
                    (50, base + 6),
                ]
            )
        )
        inside = self.mask(outline)
        self.fill(outline, darker(self.skin, 0.1))
        self.fill(
            self.oval(50, self.chin - 3, 18, 12), darker(self.skin, 0.42), alpha=0.7, blur=2.4, within=inside
        )

    def collar(self) -> None:
        """What the clothes do at the neck."""
        base = 97.0 if self.person.child else 97.5
        accent, cloth, kind = rgb(self.person.accent), self.cloth, self.person.collar
        if kind in ("suit", "blazer", "open"):
            self._shirt(base, accent if kind != "open" else lighter(cloth, 0.16), tie=kind == "suit")
        elif kind == "turtle":
            self.fill(
                smooth(
                    mirrored(
                        [
                            (50, base - 8),
                            (58, base - 9.5),
                            (62.5, base - 12),
                            (66, base - 6),
                            (70, base + 1),
                            (50, base + 8),
                        ]
                    )
                ),
                darker(cloth, 0.12),
            )
            self.stroke(arc(50, base - 13, 13, 7.5, 25, 155), lighter(cloth, 0.12), 0.8, alpha=0.6)
        elif kind in ("band", "mandarin"):
            self.fill(
                smooth(
                    mirrored(
                        [
                            (50, base + 4.5),
                            (60, base - 1),
                            (64, base - 7),
                            (66, base - 5),
                            (65, base + 3),
                            (50, base + 9),
                        ]
                    )
                ),
                darker(cloth, 0.1),
            )
            trim = accent if kind == "mandarin" else darker(cloth, 0.3)
            self.stroke([(50, base + 6), (50, 134)], trim, 0.7, alpha=0.8)
            for drop in (12, 20, 28):
                self.fill(self.oval(50, base + drop, 1.1, 1.1), trim)
        elif kind == "sari":
            self.fill([(26, 96), (42, 92), (86, 140), (40, 140), (20, 118)], rgb(self.person.accent))
            self.fill([(36, 93), (42, 92), (86, 140), (76, 140)], darker(accent, 0.35), alpha=0.75)
            self.fill([(26, 96), (30, 95), (56, 140), (46, 140)], lighter(accent, 0.3), alpha=0.4, blur=1.5)
        else:
            self.stroke(arc(50, base - 7, 14.2, 12, 12, 168), darker(cloth, 0.28), 1.7)

    def _shirt(self, base: float, shirt: Colour, *, tie: bool) -> None:
        """A shirt under lapels: an open collar, or one with a tie."""
        white = (246, 244, 240)
        inner = white if tie or self.person.collar == "blazer" else shirt
        self.fill(
            [
                (37, base - 6),
                (50, base + 10),
                (63, base - 6),
                (66, base - 2),
                (57, 142),
                (43, 142),
                (34, base - 2),
            ],
            inner,
        )
        if not tie:
            self.fill([(41, base - 7), (59, base - 7), (50, base + 13)], darker(self.skin, 0.12))
        else:
            dark = rgb(self.person.accent)
            self.fill(
                [(46.5, base + 5), (53.5, base + 5), (52, base + 11), (55, 142), (45, 142), (48, base + 11)],
                dark,
            )
            self.fill(
                [(46.5, base + 5), (53.5, base + 5), (52, base + 11), (48, base + 11)], lighter(dark, 0.14)
            )
        for side in self.both([(60, base - 10), (65, base - 3), (58, base + 12), (50, base + 6)]):
            self.fill(side, lighter(inner, 0.2) if inner != white else (252, 251, 248))
            self.stroke([side[1], side[2], side[3]], darker(inner, 0.35), 0.4, alpha=0.5)
        if tie or self.person.collar == "blazer":
            for side in self.both(
                [
                    (64, base - 6),
                    (71, base - 1),
                    (73, base + 13),
                    (69, base + 14),
                    (70, base + 18),
                    (55, 142),
                    (52, 142),
                    (57, base + 14),
                ]
            ):
                self.fill(side, lighter(self.cloth, 0.1))
                self.stroke(side[1:6], darker(self.cloth, 0.4), 0.45, alpha=0.6)

    def scarf_behind(self) -> None:
        """The scarf's cloth around the neck and on the shoulders."""
        scarf, half, chin = rgb(self.person.scarf), self.half, self.chin
        outline = smooth(
            mirrored(
                [
                    (50, self.top - 9),
                    (50 + half + 3, self.top + 2),
                    (50 + half + 8, self.top + 26),
                    (50 + half + 6, chin - 4),
                    (50 + half + 12, chin + 16),
                    (50 + half + 2, chin + 32),
                    (50, chin + 38),
                ]
            )
        )
        inside = self.mask(outline)
        self.fill(outline, darker(scarf, 0.1))
        for side in self.both([(74, 40), (90, 40), (92, 120), (70, 120)]):
            self.fill(side, darker(scarf, 0.4), alpha=0.42, blur=4, within=inside)
        for shift in (0.0, 7.0, 14.0):
            self.stroke(
                arc(52, chin - 6 + shift, half + 3, 16, 15, 150), darker(scarf, 0.35), 0.7, alpha=0.55
            )
            self.stroke(
                arc(52, chin - 7.4 + shift, half + 3, 16, 20, 140), lighter(scarf, 0.35), 0.8, alpha=0.35
            )

    def scarf_front(self) -> None:
        """The scarf's edge around the face: all of its cloth but an oval opening."""
        scarf, half, top, chin = rgb(self.person.scarf), self.half, self.top, self.chin
        outer = self.mask(
            smooth(
                mirrored(
                    [
                        (50, top - 9),
                        (50 + half * 0.7, top - 5),
                        (50 + half + 4, top + 8),
                        (50 + half + 8, top + 28),
                        (50 + half + 5, chin - 6),
                        (50 + half * 0.6, chin + 9),
                        (50, chin + 13),
                    ]
                )
            )
        )
        opening = smooth(
            mirrored(
                [
                    (50, top + 9.5),
                    (50 + half * 0.6, top + 12.5),
                    (50 + half * 0.93, top + 26),
                    (50 + half * 0.9, chin - 16),
                    (50 + half * 0.56, chin - 3.4),
                    (50, chin + 0.6),
                ]
            )
        )
        hole = self.mask(opening)
        shadow = ImageChops.multiply(ImageChops.invert(self.blurred(hole, 1.8)), hole)
        self.sheet.paste(Image.new("RGB", self.pixels, darker(self.skin, 0.55)), mask=shadow)
        cloth = ImageChops.multiply(outer, ImageChops.invert(hole))
        self.sheet.paste(Image.new("RGB", self.pixels, scarf), mask=cloth)
        self.fill(
            [(50 + half * 0.7, top), (96, top), (96, chin + 20), (50 + half * 0.4, chin + 16)],
            darker(scarf, 0.4),
            alpha=0.45,
            blur=4,
            within=cloth,
        )
        self.fill(self.oval(42, top - 2, 13, 6), lighter(scarf, 0.5), alpha=0.45, blur=3, within=cloth)
        self.stroke(arc(50, top + 26, half + 3.6, 26, 200, 320), darker(scarf, 0.3), 0.6, alpha=0.45)
        self.stroke(arc(50, top + 29, half + 1.2, 24, 196, 330), lighter(scarf, 0.4), 0.6, alpha=0.35)
