"""Faces of the drawn portraits, and the order in which everything is laid down."""

from __future__ import annotations

from PIL import Image

from scripts.portraits.canvas import SIZE, arc, darker, lighter, mirrored, mix, rgb, smooth
from scripts.portraits.clothes import Clothes
from scripts.portraits.hair import Hair


class Artist(Hair, Clothes):
    """Draws one person, from the back to the front."""

    def draw(self) -> Image.Image:
        """The finished portrait."""
        person = self.person
        if not person.scarf:
            self.hair_behind()
        self.shoulders()
        self.neck()
        self.collar()
        if person.scarf:
            self.scarf_behind()
        else:
            self.ears()
        self.head()
        self.eyes()
        self.nose()
        self.beard()
        self.mouth()
        if person.scarf:
            self.scarf_front()
        else:
            self.hair_front()
        if "glasses" in person.extras:
            self.glasses()
        return self.sheet.resize(SIZE, Image.Resampling.LANCZOS)

    def ears(self) -> None:
        """Two ears, hidden later by hair that falls over them."""
        y = self.eye_line + 4
        for side in self.both(self.oval(50 + self.half + 0.2, y, 3.4, 6.0)):
            self.fill(side, darker(self.skin, 0.12))
        for side in self.both(self.oval(50 + self.half + 0.9, y, 1.6, 3.6)):
            self.fill(side, darker(self.skin, 0.32), alpha=0.6, blur=0.5)
        if "earrings" in self.person.extras:
            for side in self.both(self.oval(50 + self.half + 1.2, y + 7.4, 1.3, 1.9)):
                self.fill(side, (226, 178, 72))

    def head(self) -> None:
        """The face: light from the upper left, warm cheeks."""
        outline = self.face_outline()
        inside = self.mask(outline)
        self.fill(outline, self.skin)
        half, chin = self.half, self.chin
        self.fill(
            [
                (50 + half * 0.62, 20),
                (90, 20),
                (90, 100),
                (50 + half * 0.3, chin + 2),
                (50 + half * 0.78, self.eye_line + 10),
            ],
            darker(self.skin, 0.3),
            alpha=0.5,
            blur=3.2,
            within=inside,
        )
        self.fill(
            self.oval(50 - half * 0.25, self.top + 13, half * 0.6, 8),
            lighter(self.skin, 0.35),
            alpha=0.4,
            blur=4,
            within=inside,
        )
        self.fill(
            self.oval(50, chin, half * 0.6, 3.4), darker(self.skin, 0.28), alpha=0.4, blur=2, within=inside
        )
        blush = mix(self.skin, (206, 84, 70), 0.42)
        for side in self.both(self.oval(50 + half * 0.56, self.eye_line + 12.5, 5.2, 3.8)):
            self.fill(side, blush, alpha=0.5 if self.person.lips else 0.3, blur=2.4, within=inside)

    def eyes(self) -> None:
        """Eyes that look at the reader, with lids and brows."""
        y, apart = self.eye_line, self.half * 0.45
        wide = 3.9 if not self.person.child else 4.2
        tall = 2.15 if not self.person.child else 2.7
        for sign in (-1, 1):
            x = 50 + sign * apart
            self.fill(
                self.oval(x, y + 0.2, wide + 1.8, tall + 2.2), darker(self.skin, 0.3), alpha=0.34, blur=1.2
            )
            lens = arc(x, y, wide, tall, 180, 360) + arc(x, y, wide, tall * 0.8, 0, 180)
            inside = self.mask(lens)
            self.fill(lens, (250, 247, 242))
            self.fill(self.oval(x, y - 0.1, 2.05, 2.15), rgb(self.person.eyes), within=inside)
            self.fill(self.oval(x, y - 0.1, 1.0, 1.05), (14, 9, 8), within=inside)
            self.fill(self.oval(x - 0.75, y - 0.95, 0.55, 0.55), (255, 255, 255))
            lash = arc(x, y, wide + 0.25, tall + 0.15, 184, 356)
            self.stroke(lash, (30, 18, 14), 0.95 if self.person.lips else 0.7)
            self.stroke(
                arc(x, y - 0.4, wide + 0.4, tall + 1.5, 205, 335), darker(self.skin, 0.4), 0.4, alpha=0.6
            )
            self._brow(x, y - 7.0, sign)

    def _brow(self, x: float, y: float, sign: int) -> None:
        thick = 1.25 * self.person.brow
        points = [
            (x - sign * 4.8, y + 0.5),
            (x - sign * 1.0, y - 0.8),
            (x + sign * 2.6, y - 0.7),
            (x + sign * 5.8, y + 1.7),
            (x + sign * 2.6, y - 0.5 + thick),
            (x - sign * 1.0, y - 0.7 + thick * 1.3),
            (x - sign * 4.6, y + 0.5 + thick * 1.2),
        ]
        colour = mix(self.hair, self.skin, 0.12)
        self.fill(smooth(points), colour, alpha=0.92, blur=0.12)

    def nose(self) -> None:
        """A nose by its shadow, no line around it."""
        y = self.eye_line + (13.2 if not self.person.child else 10.6)
        shade = darker(self.skin, 0.34)
        self.fill(
            [(51.2, self.eye_line - 2), (53, self.eye_line), (54.6, y - 2), (53.6, y + 0.4), (51.4, y)],
            shade,
            alpha=0.34,
            blur=0.9,
        )
        self.fill(self.oval(49.2, y - 3.6, 1.3, 4.8), lighter(self.skin, 0.5), alpha=0.45, blur=0.9)
        self.fill(self.oval(50.2, y + 1.5, 4.4, 1.3), shade, alpha=0.5, blur=0.7)
        for side in self.both(self.oval(52.0, y + 0.9, 1.05, 0.6)):
            self.fill(side, darker(self.skin, 0.55), alpha=0.75, blur=0.25)

    def mouth(self) -> None:
        """A closed mouth, hardly smiling, as passport offices want it."""
        y = self.chin - (self.chin - self.top) * 0.205
        wide = 7.0 if not self.person.child else 5.8
        lips = rgb(self.person.lips) if self.person.lips else mix(self.skin, (150, 60, 52), 0.48)
        upper = smooth(
            [
                (50 - wide, y),
                (50 - wide * 0.45, y - 1.5),
                (50, y - 1.0),
                (50 + wide * 0.45, y - 1.5),
                (50 + wide, y),
                (50, y + 0.7),
            ]
        )
        lower = smooth(
            [
                (50 - wide * 0.9, y + 0.2),
                (50, y + 0.7),
                (50 + wide * 0.9, y + 0.2),
                (50 + wide * 0.5, y + 2.4),
                (50, y + 3.0),
                (50 - wide * 0.5, y + 2.4),
            ]
        )
        self.fill(lower, lighter(lips, 0.1))
        self.fill(upper, darker(lips, 0.14))
        self.fill(self.oval(49, y + 1.7, 2.6, 0.6), lighter(lips, 0.5), alpha=0.4, blur=0.5)
        self.stroke(
            [
                (50 - wide, y - 0.3),
                (50 - wide * 0.5, y + 0.5),
                (50, y + 0.4),
                (50 + wide * 0.5, y + 0.5),
                (50 + wide, y - 0.3),
            ],
            darker(lips, 0.6),
            0.5,
            alpha=0.85,
        )
        self.fill(self.oval(50, y + 5.0, 4.6, 1.0), darker(self.skin, 0.34), alpha=0.35, blur=0.9)

    def beard(self) -> None:
        """Beard, goatee, stubble or moustache, as the person wears it."""
        extras, chin, half = self.person.extras, self.chin, self.half
        mouth = chin - (chin - self.top) * 0.205
        inside = self.mask(self.face_outline())
        if extras & {"beard", "stubble"}:
            side = [
                (50 + half + 0.2, self.eye_line + 2),
                (50 + half * 0.97, chin - 12),
                (50 + half * 0.7, chin - 2),
                (50 + half * 0.34, chin + 3.4),
                (50, chin + 4.4),
            ]
            back = [
                (50 + 4, mouth - 5.2),
                (50 + 9.5, mouth - 4.4),
                (50 + half * 0.72, mouth - 6),
                (50 + half - 1.6, self.eye_line + 10),
            ]
            left = [(100 - x, y) for x, y in [*back, *side]]
            outline = smooth([*side, *reversed(left[4:8]), *reversed(left[:4]), *back], 10)
            if "beard" in extras:
                self.fill(outline, self.hair, alpha=0.96, blur=0.35)
                self.fill(
                    self.oval(50 - half * 0.4, chin - 6, 4, 8), lighter(self.hair, 0.3), alpha=0.22, blur=2
                )
                self.fill(self.oval(50, mouth + 1, 7.8, 3.6), self.skin, alpha=0.92, blur=0.7)
            else:
                self.fill(outline, self.hair, alpha=0.26, blur=1.4, within=inside)
        if "goatee" in extras:
            self.fill(
                smooth(
                    mirrored(
                        [
                            (50, mouth + 4.6),
                            (55, mouth + 4.0),
                            (57.5, chin - 3),
                            (54, chin + 2),
                            (50, chin + 3),
                        ]
                    )
                ),
                self.hair,
                alpha=0.94,
                blur=0.5,
            )
        if extras & {"moustache", "goatee", "beard"}:
            self.fill(
                smooth(
                    [
                        (50, mouth - 4.0),
                        (54, mouth - 4.4),
                        (58, mouth - 1.8),
                        (59.2, mouth + 1.0),
                        (54, mouth - 1.2),
                        (50, mouth - 1.7),
                        (46, mouth - 1.2),
                        (40.8, mouth + 1.0),
                        (42, mouth - 1.8),
                        (46, mouth - 4.4),
                    ]
                ),
                self.hair,
                alpha=0.95,
                blur=0.25,
            )

    def glasses(self) -> None:
        """Thin glasses with a little light in them; the eyes stay free, as on a passport picture."""
        y, apart = self.eye_line + 0.8, self.half * 0.46
        frame = (44, 36, 34)
        for sign in (-1, 1):
            x = 50 + sign * apart
            lens = smooth(
                [
                    (x - 6.8, y - 4.2),
                    (x, y - 5.0),
                    (x + 6.8, y - 4.2),
                    (x + 6.4, y + 3.4),
                    (x, y + 5.2),
                    (x - 6.4, y + 3.4),
                ]
            )
            self.fill(lens, (255, 255, 255), alpha=0.1)
            self.stroke([*lens, lens[0]], frame, 0.85)
            self.stroke([(x + sign * 6.9, y - 2.6), (50 + sign * (self.half + 0.6), y - 1.6)], frame, 0.85)
        self.stroke(arc(50, y - 1.6, apart - 6.4, 1.8, 190, 350), frame, 0.85)
